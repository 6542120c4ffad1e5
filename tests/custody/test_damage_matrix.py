"""The damage matrix (PRESERVATION, section 6): every kind of damage to every kind of file is found, under its code.

What a stamp of time adds to it, and what a package does, is asked where those are tested.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint
from pipelines.outside import Outside
from pipelines.services import open_services

from .cases import said
from .erasures import ENVIRONMENT, begun, copied

Damage = Callable[[Path], None]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def extend(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def delete(path: Path) -> None:
    path.unlink()


def duplicate(path: Path) -> None:
    path.with_name(f"{path.name}.copy").write_bytes(path.read_bytes())


def rename(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.moved"))


def link(path: Path) -> None:
    elsewhere = path.with_name(f"{path.name}.kept")
    path.rename(elsewhere)
    path.symlink_to(elsewhere.name)


def exchange_with(other: str) -> Damage:
    def swap(path: Path) -> None:
        beside = next(one for one in sorted(path.parent.glob(other)) if one != path)
        mine, theirs = path.read_bytes(), beside.read_bytes()
        path.write_bytes(theirs)
        beside.write_bytes(mine)

    return swap


EVERY: Mapping[str, Damage] = {
    "flipped": flip,
    "truncated": truncate,
    "emptied": empty,
    "extended": extend,
    "deleted": delete,
    "renamed": rename,
    "twice": duplicate,
    "link": link,
}
PLACES: Mapping[str, str] = {
    "content": "vault/*/*/urn*/v1/content/files/0001",
    "record": "vault/*/*/urn*/v1/content/capture.json",
    "inventory": "vault/*/*/urn*/inventory.json",
    "inventory of the version": "vault/*/*/urn*/v1/inventory.json",
    "sidecar": "vault/*/*/urn*/inventory.json.sha512",
    "declaration": "vault/*/*/urn*/0=ocfl_object_1.1",
    "declaration of the vault": "vault/0=ocfl_1.1",
    "journal": "log/journal/0000",
    "parts": "log/private/0000",
    "newest head": "log/checkpoint",
    "earlier head": "log/checkpoints/*",
    "tile": "log/tile/0/000.p/*",
    "bundle": "log/tile/entries/000.p/*",
}
QUICK = [
    *((kind, "content") for kind in EVERY),
    *(("flipped", place) for place in PLACES if place != "content"),
    *(
        ("deleted", place)
        for place in ("inventory", "sidecar", "journal", "parts", "newest head", "earlier head", "tile")
    ),
    ("truncated", "journal"),
    ("extended", "journal"),
    ("emptied", "parts"),
    ("twice", "journal"),
]
CODES: Mapping[tuple[str, str], set[str]] = {
    ("flipped", "content"): {"P017"},
    ("truncated", "content"): {"P017"},
    ("emptied", "content"): {"P017"},
    ("extended", "content"): {"P017"},
    ("deleted", "content"): {"P015"},
    ("renamed", "content"): {"P015", "P016"},
    ("twice", "content"): {"P016"},
    ("link", "content"): {"P005", "P008", "P016"},
    ("flipped", "record"): {"P017"},
    ("flipped", "inventory of the version"): {"P014"},
    ("flipped", "sidecar"): {"P013"},
    ("flipped", "declaration"): {"P010"},
    ("flipped", "declaration of the vault"): {"P002"},
    ("deleted", "inventory"): {"P015"},
    ("deleted", "sidecar"): {"P015"},
    ("flipped", "tile"): {"P070"},
    ("flipped", "bundle"): {"P070"},
    ("deleted", "tile"): {"P071"},
    ("deleted", "newest head"): {"P077"},
    ("deleted", "earlier head"): {"P080"},
}
"""What is said of the damage, where that does not depend on which byte it was."""


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = begun(tmp_path_factory.mktemp("begun"))
    with open_services(root, ENVIRONMENT) as services:
        checkpoint(services)
        for _head in range(2):
            said(services)
            checkpoint(services)
    return root


@pytest.fixture(scope="module")
def shared(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that every case damages and mends."""
    return copied(untouched, tmp_path_factory.mktemp("shared") / "case")


def codes(root: Path, head: Path | None = None) -> set[str]:
    """What an audit says, but for the permissions that writing here has changed."""
    return {one.code for one in audit_workspace(root, ENVIRONMENT, outside=Outside(head)).problems} - {"P007"}


@pytest.fixture
def case(untouched: Path, shared: Path) -> Iterator[Path]:
    for folder in ("vault", "log"):
        for path in (shared / folder).rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
    yield shared
    for folder in ("vault", "log"):
        shutil.rmtree(shared / folder)
        shutil.copytree(untouched / folder, shared / folder)
    for name in ("casefile.db", "casefile.db-wal", "casefile.db-shm"):
        (shared / name).unlink(missing_ok=True)
    shutil.copy(untouched / "casefile.db", shared / "casefile.db")


def damaged(root: Path, kind: str, place: str) -> None:
    # One that is not alone in its folder: an empty folder is another finding.
    chosen = max(root.glob(PLACES[place]), key=lambda path: (len(list(path.parent.iterdir())), path))
    EVERY[kind](chosen)


def test_the_workspace_is_sound(untouched: Path) -> None:
    assert audit_workspace(untouched, ENVIRONMENT).problems == ()


@pytest.mark.parametrize(("kind", "place"), QUICK, ids=lambda one: one.replace(" ", "-"))
def test_damage_is_found_under_its_code(case: Path, kind: str, place: str) -> None:
    damaged(case, kind, place)
    found = codes(case)
    assert found
    assert found == CODES.get((kind, place), found)


def test_a_record_that_cannot_be_read_any_more_is_named_with_its_file(case: Path) -> None:
    journal = case / PLACES["journal"]
    journal.write_bytes(journal.read_bytes().replace(b'{"actor"', b'["actor"', 1))
    found = [(one.code, one.path) for one in audit_workspace(case, ENVIRONMENT).problems if one.code == "P051"]
    assert found == [("P051", "log/journal/0000")]


@pytest.mark.campaign
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", EVERY)
def test_every_damage_to_every_kind_of_file_is_found(case: Path, kind: str, place: str) -> None:
    damaged(case, kind, place)
    assert codes(case)


@pytest.mark.parametrize(
    ("place", "other", "code"),
    [
        ("inventory of the version", "inventory.json.sha512", "P014"),
        ("content", "0002", "P017"),
    ],
)
def test_two_files_that_changed_places_are_found(case: Path, place: str, other: str, code: str) -> None:
    path = next(one for one in sorted(case.glob(PLACES[place])) if (one.parent / other).exists())
    exchange_with(other)(path)
    assert code in codes(case)


def test_two_objects_that_changed_places_are_found(case: Path) -> None:
    one, other = sorted(case.glob("vault/*/*/urn*"))[-2:]
    aside = case / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    assert codes(case) == {"P012", "P022"}


def test_a_permission_that_changed_is_found(untouched: Path, tmp_path: Path) -> None:
    root = copied(untouched, tmp_path / "case")
    next(root.glob(PLACES["content"])).chmod(0o664)
    assert [one.code for one in audit_workspace(root, ENVIRONMENT).problems] == ["P007"]


def test_a_sidecar_that_was_not_brought_up_is_found(case: Path) -> None:
    one, other = sorted(case.glob(PLACES["sidecar"]))[-2:]
    shutil.copy(other, one)
    assert codes(case) == {"P013"}


def test_an_older_head_that_was_put_back_is_found(case: Path) -> None:
    shutil.copy(min((case / "log/checkpoints").iterdir()), case / "log/checkpoint")
    assert codes(case) == {"P077"}


def test_a_log_that_was_forked_and_signed_anew_is_found_by_a_head_that_was_held_outside(
    untouched: Path, tmp_path: Path
) -> None:
    """Whoever has the key signs what they like; nothing inside says so."""
    root, fork = copied(untouched, tmp_path / "case"), copied(untouched, tmp_path / "fork")
    for one, acts in ((root, 1), (fork, 2)):
        with open_services(one, ENVIRONMENT) as services:
            said(services, acts)
            checkpoint(services)
    assert codes(fork) == set()
    assert codes(fork, root / "log/checkpoint") == {"P081"}
    assert codes(fork, untouched / "log/checkpoint") == set()


def test_a_log_that_was_cut_back_with_all_that_follows_from_it_is_found_by_a_head_that_was_held_outside(
    untouched: Path, tmp_path: Path
) -> None:
    newer = copied(untouched, tmp_path / "newer")
    with open_services(newer, ENVIRONMENT) as services:
        said(services)
        checkpoint(services)
    assert codes(untouched) == set()
    assert codes(untouched, newer / "log/checkpoint") == {"P082"}

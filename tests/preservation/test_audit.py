"""The audit: every flipped byte, every missing, extra, moved or odd thing in the vault is named."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ocfl import StorageRoot

from casefile.digests import Digest, digest_file
from preservation.inventory import build_inventory, build_sidecar, inventory_digest
from preservation.object_audit import Checked
from preservation.problems import KINDS, Problem, printable
from preservation.sealing import seal, version_note
from preservation.vault_audit import Expected, Sample, Slice, VaultAudit

from .captures import RUN, Workspace, capture_id, circumstances

Damage = Callable[[Path], object]


class Case:
    """A vault with a few objects, open to writing, and what the log says of it."""

    def __init__(self, workspace: Workspace, count: int) -> None:
        self.vault = workspace.vault
        self.root = workspace.vault.root
        with workspace.staging.open_run(RUN) as run:
            for number in range(1, count + 1):
                finished, folder = workspace.worker_ends(run, number)
                seal(finished, folder, workspace.vault, workspace.log.record)
        self.sealed: dict[str, Digest] = {key: one.inventory for key, one in workspace.log.sealed.items()}
        self.first = self.vault.object_path(f"urn:uuid:{capture_id(1)}")

    def open_to_writing(self) -> None:
        for parent, _, _ in os.walk(self.root):
            os.chmod(parent, 0o755)

    def close_to_writing(self) -> None:
        for folder in self.vault.walk():
            for parent, _, names in os.walk(folder, topdown=False):
                for name in names:
                    if not (Path(parent) / name).is_symlink():
                        os.chmod(Path(parent) / name, 0o444)
                os.chmod(parent, 0o555)

    def problems(self, sealed: dict[str, Digest] | None = None) -> list[Problem]:
        expected = Expected(self.sealed if sealed is None else sealed)
        return list(VaultAudit(self.root, lambda: expected).problems())

    def after(self, damage: Damage) -> list[Problem]:
        """The findings after a damage that left all permissions as they have to be."""
        self.open_to_writing()
        damage(self.first)
        self.close_to_writing()
        return self.problems()


@pytest.fixture
def case(workspace: Workspace) -> Case:
    return Case(workspace, 2)


def test_a_whole_vault_has_no_problem_and_every_byte_of_content_was_read(case: Case) -> None:
    audit = VaultAudit(case.root, lambda: Expected(case.sealed))
    assert list(audit.problems()) == []
    content = sum(path.stat().st_size for path in case.root.glob("*/*/*/v1/content/**/*") if path.is_file())
    assert audit.checked == Checked(objects=2, files=2 * 9, bytes=content)


def every_file(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def flipped(case: Case, bits: tuple[int, ...], stride: int) -> list[str]:
    """Flips bytes of every file of the vault, one at a time; the places where the audit did not name the file."""
    missed = []
    for path in every_file(case.root):
        path.chmod(0o644)
        shown = f"vault/{path.relative_to(case.root)}"
        whole = path.read_bytes()
        with path.open("r+b", buffering=0) as stream:
            for at, byte in enumerate(whole):
                for bit in bits if at % stride == 0 or at == len(whole) - 1 else ():
                    os.pwrite(stream.fileno(), bytes([byte ^ 1 << bit]), at)
                    if shown not in {one.path for one in case.problems() if one.code != "P007"}:
                        missed.append(f"{shown} byte {at} bit {bit}")
                os.pwrite(stream.fileno(), bytes([byte]), at)
        path.chmod(0o444)
    return missed


def test_a_flipped_bit_anywhere_is_found_and_its_file_named(workspace: Workspace) -> None:
    assert flipped(Case(workspace, 1), (0,), stride=7) == []


@pytest.mark.campaign
def test_every_flipped_bit_is_found_and_its_file_named(workspace: Workspace) -> None:
    assert flipped(Case(workspace, 1), tuple(range(8)), stride=1) == []


def test_every_missing_file_is_named(case: Case) -> None:
    case.open_to_writing()
    for path in every_file(case.root):
        content = path.read_bytes()
        path.unlink()
        shown = f"vault/{path.relative_to(case.root)}"
        assert shown in {one.path for one in case.problems() if one.code in ("P001", "P015")}
        path.write_bytes(content)
        path.chmod(0o444)


def test_every_shortened_and_every_lengthened_file_is_named(case: Case) -> None:
    for path in every_file(case.root):
        content = path.read_bytes()
        for changed in (content[:-1], content + b"\n", b""):
            path.chmod(0o644)
            path.write_bytes(changed)
            path.chmod(0o444)
            shown = f"vault/{path.relative_to(case.root)}"
            assert shown in {one.path for one in case.problems()} or changed == content
        path.chmod(0o644)
        path.write_bytes(content)
        path.chmod(0o444)


def write(path: str, content: bytes = b"x") -> Damage:
    def damage(place: Path) -> None:
        (place / path).parent.mkdir(exist_ok=True, parents=True)
        (place / path).unlink(missing_ok=True)
        (place / path).write_bytes(content)

    return damage


def agreeing_with_itself(damage: Damage) -> Damage:
    """The damage, after which inventories and sidecars are made anew: what a forger with this program would do."""

    def forge(place: Path) -> None:
        damage(place)
        content = place / "v1/content"
        found = {str(path.relative_to(content)): digest_file(path) for path in every_file(content)}
        inventory = build_inventory(f"urn:uuid:{capture_id(1)}", found, version_note(circumstances(capture_id(1))))
        for folder in (place, place / "v1"):
            write("inventory.json", inventory)(folder)
            write("inventory.json.sha512", build_sidecar(inventory_digest(inventory)))(folder)

    return forge


def swap(place: Path) -> None:
    """Exchanges two files of one object."""
    one, other = place / "v1/content/files/0001", place / "v1/content/files/0002"
    contents = one.read_bytes(), other.read_bytes()
    write("0001", contents[1])(one.parent)
    write("0002", contents[0])(one.parent)


def trade_places(place: Path) -> None:
    """Exchanges two objects."""
    (other,) = (path for path in place.parents[2].glob("??/??/*") if path != place)
    away = place.with_name("away")
    place.rename(away)
    other.rename(place)
    away.rename(other)


DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "content exchanged": (swap, "P017", "/v1/content/files/0001"),
    "content forged": (agreeing_with_itself(write("v1/content/files/0001")), "P022", "/inventory.json"),
    "record forged": (
        agreeing_with_itself(write("v1/content/capture.json", b"{}")),
        "P018",
        "/v1/content/capture.json",
    ),
    "extra content": (write("v1/content/files/0003"), "P016", "/v1/content/files/0003"),
    "extra content, agreed": (agreeing_with_itself(write("v1/content/files/0003")), "P018", "/v1/content/capture.json"),
    "extra file beside the inventory": (write("README"), "P016", "/README"),
    "extra version": (write("v2/inventory.json"), "P016", "/v2/inventory.json"),
    "extra name of odd letters": (write("\u202egpj.exe\n"), "P016", "/\\u202egpj.exe\\n"),
    "declaration of another version": (write("0=ocfl_object_1.0", b"ocfl_object_1.0\n"), "P016", "/0=ocfl_object_1.0"),
    "empty folder": (lambda place: (place / "v1/content/empty").mkdir(), "P004", "/v1/content/empty"),
    "link": (lambda place: (place / "v1/link").symlink_to("inventory.json"), "P005", "/v1/link"),
    "link in a file's place": (
        lambda place: (
            (place / "v1/content/files/0001").unlink() or (place / "v1/content/files/0001").symlink_to("0002")
        ),
        "P005",
        "/v1/content/files/0001",
    ),
    "pipe in a file's place": (
        lambda place: (place / "inventory.json").unlink() or os.mkfifo(place / "inventory.json"),
        "P005",
        "/inventory.json",
    ),
    "folder in a file's place": (
        lambda place: (place / "v1/content/files/0001").unlink() or (place / "v1/content/files/0001").mkdir(),
        "P004",
        "/v1/content/files/0001",
    ),
    "inventory of another object": (trade_places, "P012", "/inventory.json"),
    "object gone": (shutil.rmtree, "P021", ""),
    "object empty": (lambda place: shutil.rmtree(place) or place.mkdir(), "P004", ""),
    "object is a file": (lambda place: shutil.rmtree(place) or place.write_bytes(b""), "P003", ""),
}


@pytest.mark.parametrize(("damage", "code", "path"), DAMAGES.values(), ids=DAMAGES.keys())
def test_every_damage_to_an_object_is_named(case: Case, damage: Damage, code: str, path: str) -> None:
    found = case.after(damage)
    shown = f"vault/{case.first.relative_to(case.root)}{path}"
    assert (code, shown) in {(one.code, one.path) for one in found}
    assert all(one.rule and one.text.isprintable() and one.path.isprintable() for one in found)


STRAYS: dict[str, tuple[Damage, str, str]] = {
    "file in the root": (write("notes.txt"), "P003", "notes.txt"),
    "hidden file in the root": (write(".DS_Store"), "P003", ".DS_Store"),
    "file between objects": (write("96/x"), "P003", "96/x"),
    "folder between objects": (write("96/2a2/x"), "P003", "96/2a2"),
    "file beside an object": (write("96/2a/x"), "P003", "96/2a/x"),
    "empty tuple": (lambda root: (root / "00/11").mkdir(parents=True), "P004", "00/11"),
    "link to a tuple": (lambda root: (root / "aa").symlink_to("96"), "P005", "aa"),
    "object at another place": (lambda root: next(root.glob("96/2a/*")).rename(root / "96/2a/x"), "P006", "96/2a/x"),
    "extension": (write("extensions/0001-digest-algorithms/config.json"), "P003", "extensions/0001-digest-algorithms"),
    "root declaration gone": (lambda root: (root / "0=ocfl_1.1").unlink(), "P001", "0=ocfl_1.1"),
    "layout changed": (write("ocfl_layout.json", b"{}"), "P002", "ocfl_layout.json"),
    "layout is a link": (
        lambda root: (root / "ocfl_layout.json").rename(root / "x") and (root / "ocfl_layout.json").symlink_to("x"),
        "P002",
        "ocfl_layout.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "code", "path"), STRAYS.values(), ids=STRAYS.keys())
def test_everything_that_belongs_to_no_object_is_named(case: Case, damage: Damage, code: str, path: str) -> None:
    found = case.after(lambda place: damage(case.root))
    assert (code, f"vault/{path}") in {(one.code, one.path) for one in found}


@pytest.mark.parametrize("path", ["", "v1", "v1/content/files", "v1/content/files/0001", "inventory.json"])
def test_permissions_that_allow_writing_are_named(case: Case, path: str) -> None:
    place = case.first / path
    place.chmod(0o755)
    (found,) = case.problems()
    assert (found.code, found.path) == ("P007", f"vault/{place.relative_to(case.root)}")


def test_an_object_that_no_event_names_is_named(case: Case) -> None:
    del case.sealed[f"urn:uuid:{capture_id(1)}"]
    (found,) = case.problems()
    assert (found.code, found.object) == ("P020", f"urn:uuid:{capture_id(1)}")


def test_an_empty_folder_on_the_way_to_an_object_under_way_is_no_finding(case: Case) -> None:
    identifier = f"urn:uuid:{capture_id(77)}"
    above = case.vault.object_path(identifier).parent
    above.mkdir(parents=True)
    expected = Expected(case.sealed, under_way={identifier})
    assert list(VaultAudit(case.root, lambda: expected).problems()) == []
    assert [one.code for one in case.problems()] == ["P004"]


def test_an_object_under_way_is_no_finding(case: Case) -> None:
    identifier = f"urn:uuid:{capture_id(1)}"
    del case.sealed[identifier]
    expected = Expected(case.sealed, under_way={identifier})
    assert list(VaultAudit(case.root, lambda: expected).problems()) == []


def test_an_object_that_is_sealed_during_the_audit_is_no_finding(case: Case, workspace: Workspace) -> None:
    def expect() -> Expected:
        with workspace.staging.open_run(RUN) as run:
            finished, folder = workspace.worker_ends(run, 9)
            sealed = seal(finished, folder, workspace.vault, workspace.log.record)
        return Expected({**case.sealed, sealed.object_id: sealed.inventory})

    assert list(VaultAudit(case.root, expect).problems()) == []


def test_a_sample_reads_so_many_objects_the_same_ones_for_a_seed_and_counts_all(workspace: Workspace) -> None:
    case = Case(workspace, 12)
    case.open_to_writing()
    for folder in case.vault.walk():
        write("v1/content/files/0001")(folder)
    case.close_to_writing()

    def named(seed: int) -> set[str]:
        audit = VaultAudit(case.root, lambda: Expected(case.sealed), Sample(5, seed))
        found = {one.object for one in audit.problems() if one.code == "P017"}
        assert audit.checked.objects == 5
        return found

    assert named(1) == named(1)
    assert len(named(1)) == 5
    assert set().union(*(named(seed) for seed in range(30))) == set(case.sealed)
    shutil.rmtree(next(case.vault.walk()))
    assert any(
        one.code == "P021" for one in VaultAudit(case.root, lambda: Expected(case.sealed), Sample(1, 1)).problems()
    )


def test_the_slices_of_a_round_read_every_object_once(workspace: Workspace) -> None:
    case = Case(workspace, 12)
    read = []
    for number in range(5):
        audit = VaultAudit(case.root, lambda: Expected(case.sealed), Slice(5, (number,)))
        assert list(audit.problems()) == []
        read.append(audit.checked.objects)
    assert sum(read) == 12
    assert max(read) < 12


FOUND_BY_OCFL_PY = ["content exchanged", "extra content", "extra version", "link in a file's place", "empty folder"]


@pytest.mark.parametrize("name", FOUND_BY_OCFL_PY)
def test_the_independent_validator_agrees_about_damage_of_the_format(case: Case, name: str) -> None:
    assert case.after(DAMAGES[name][0])
    root = StorageRoot(str(case.root))
    # It answers True for a root that is in order, whatever its objects are.
    root.validate(validate_objects=True, check_digests=True)
    assert root.good_objects < root.num_objects


def test_every_kind_of_finding_has_a_sentence_and_a_rule() -> None:
    for code, kind in KINDS.items():
        assert re.fullmatch(r"P[0-9]{3}", code)
        assert kind.text
        assert kind.rule


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain/é/ملف", "plain/é/ملف"),
        ("a\nb", "a\\nb"),
        ("\u202egpj", "\\u202egpj"),
        ("\udcff", "\\udcff"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_names_from_a_disk_are_safe_to_print(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_kind_of_finding_about_the_vault_is_in_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs/formats/vault.md").read_text("utf-8")
    named = set(re.findall(r"^\| (P[0-9]{3}) \|", page, re.MULTILINE))
    assert named == {code for code in KINDS if code < "P050" or "P100" <= code < "P120"}

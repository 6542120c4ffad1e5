"""Packages in volumes and encrypted ones: each volume is complete and checked by itself, all of them as one."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from unittest import mock

import pyrage
import pytest

from casefile.errors import StorageFailed, UsageError
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.workspace import Workspace
from disclosure.check_package import check, verdict
from disclosure.encryption import AgeRecipient, encrypt, recipients_of
from pipelines.exporting import Exported
from pipelines.package_audit import audit_package, is_package
from pipelines.received import receive
from pipelines.services import open_services
from pipelines.unfinished import unfinished
from preservation.keys import SigningKey
from tests.custody.witness_cases import STRANGER

from .test_damage import described, refuses, repacked, second, signer  # noqa: F401  (fixtures)
from .workspaces import ENVIRONMENT, exported, flipped

CAP = 140_000
ITEMS = ("I-0001", "I-0003")


@pytest.fixture(scope="module")
def volumes(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A package of two captures that is too long for one volume."""
    folder = tmp_path_factory.mktemp("volumes")
    root = Path(shutil.copytree(case, folder / "case", symlinks=True))
    lake = next((root / "vault").rglob("files/0001"))
    assert lake.is_file()
    return exported(root, folder / "all", *ITEMS, volume_bytes=smallest(root, folder))


def smallest(root: Path, folder: Path, *keys: str) -> int:
    """The least that a volume of these items can have, which the refusal names."""
    with pytest.raises(UsageError, match="--volume-size has to be at least") as refused:
        exported(root, folder / "never", *ITEMS, volume_bytes=1, encrypt_to=keys)
    return int(str(refused.value).split(" at least ")[1].split(" ")[0])


def codes(package: Path, **given: object) -> list[str]:
    return [line.code for line in check(str(package), **given).failures]  # type: ignore[arg-type]


def unpacked(volumes: Exported, to: Path) -> list[Path]:
    for one in volumes.packed:
        with zipfile.ZipFile(volumes.path / f"{one.name}.zip") as archive:
            archive.extractall(to / one.name)
    return [to / one.name for one in volumes.packed]


def test_each_volume_is_complete_and_all_are_one_package(
    volumes: Exported,
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
) -> None:
    names = sorted(path.name for path in volumes.path.iterdir())
    assert names == ["volume-001-of-002.zip", "volume-002-of-002.zip", "volumes.txt"]
    assert volumes.path.name == "all"
    listed = dict(reversed(line.split("  ")) for line in (volumes.path / "volumes.txt").read_text().splitlines())
    assert listed == {one: hashlib.sha256((volumes.path / one).read_bytes()).hexdigest() for one in names[:2]}
    for one in names[:2]:
        alone = check(str(volumes.path / one))
        assert alone.failures == []
        assert [line for line in alone.lines if line.verdict == "NOT CHECKED" and "other captures" in line.what]
    together = check(str(volumes.path))
    assert together.failures == []
    assert any(line.what == "2 volumes are here, and each holds the same record" for line in together.lines)
    assert is_package(volumes.path)
    assert audit_package(volumes.path).report.ok
    first, other = unpacked(volumes, tmp_path)
    second.check(first)
    second.check(first, None, [other])
    assert "Bag-Count: 1 of 2\n" in (first / "bag-info.txt").read_text()
    assert "VOLUME 1 OF 2" in (first / "README.txt").read_text()
    rows = (first / "index.csv").read_text("utf-8-sig").splitlines()
    assert [row.rsplit(",", 1)[1] for row in rows] == ["volume", "1", "2"]
    assert "in volume 2" in (first / "index.html").read_text("utf-8")
    md5 = [hashlib.md5(next(one.glob("viewing/*.jpg")).read_bytes()).hexdigest() for one in (first, other)]
    assert all(digest in row for digest, row in zip(md5, rows[1:], strict=True)), "also of what is elsewhere"


def lost(folder: Path) -> None:
    (folder / "volume-002-of-002.zip").unlink()


def added(folder: Path) -> None:
    shutil.copyfile(folder / "volume-002-of-002.zip", folder / "volume-003-of-003.zip")


def changed(folder: Path) -> None:
    flipped(folder / "volume-002-of-002.zip", 40_001)


def other_name(folder: Path) -> None:
    (folder / "volumes.txt").write_text("0" * 64 + "  ../volume-001-of-002.zip\n")


def linked(folder: Path) -> None:
    (folder / "volume-002-of-002.zip").rename(folder / "elsewhere")
    (folder / "volume-002-of-002.zip").symlink_to(folder / "elsewhere")


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "volumes.txt").write_text("")


def shortened(folder: Path) -> None:
    lost(folder)
    lines = (folder / "volumes.txt").read_text().splitlines(keepends=True)
    (folder / "volumes.txt").write_text(lines[0])


def accompanied(folder: Path) -> None:
    (folder / "statement.pdf").write_bytes(b"who is to blame")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lost, "P206"),
        (added, "P207"),
        (accompanied, "P207"),
        (changed, "P208"),
        (other_name, "P209"),
        (emptied, "P209"),
        (shortened, "P209"),
        (linked, "P202"),
    ],
)
def test_damage_to_volumes_and_their_list_is_found(
    volumes: Exported, tmp_path: Path, damage: Callable[[Path], None], found: str
) -> None:
    copy = Path(shutil.copytree(volumes.path, tmp_path / "copy"))
    damage(copy)
    assert found in codes(copy)


def test_a_volume_of_another_package_and_one_that_lies_about_its_place_are_refused(
    volumes: Exported,
    tmp_path: Path,
    made: Exported,
    second: ModuleType,  # noqa: F811
) -> None:
    first, other = unpacked(volumes, tmp_path)
    assert codes(first, volumes=[str(made.path)]) == ["P226"]
    key = SigningKey.read(volumes.path.parent / "case/keys/log.key")
    # What is in no volume at all cannot be passed off as lying in the other one.
    described(first, lambda said: [one.update(volume=2) for one in said["captures"]])
    for held in [one for one in (first / "data/objects").iterdir() if one.is_dir()]:
        shutil.rmtree(held)
    repacked(first, key)
    assert codes(first, volumes=[str(other)]) == ["P226"]
    with pytest.raises(second.Wrong):
        second.check(first, None, [other])
    described(other, lambda said: said["captures"][0].update(volume=7))
    repacked(other, key)
    assert codes(other) == ["P222"]
    assert refuses(second, other)


@pytest.mark.parametrize("cap", [0, 1])
def test_an_encrypted_package_opens_for_its_recipient_and_leaves_nothing_plain(
    own: Path, tmp_path: Path, cap: int
) -> None:
    identity, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# the court\n{identity.to_public()}\n")
    size = smallest(own, tmp_path, str(keys)) if cap else 0
    made = exported(own, tmp_path / "out" / "case", *ITEMS, encrypt_to=(str(keys),), volume_bytes=size)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != "volumes.txt"]
    assert {path.suffix for path in files} == {".age"}
    assert len(files) == (2 if cap else 1)
    assert not list((own / "work").glob("export-*"))
    assert unfinished(Workspace(own)) == []
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(files[0].read_bytes(), [stranger])
    sealed = check(str(made.path))
    assert sealed.failures == []
    assert verdict(sealed)[0] == (0 if cap else 2)
    assert "NOTHING WAS CHECKED" in verdict(sealed)[1]
    assert verdict(sealed, strict=True)[0] == 5
    for given in ({"log_key": "0" * 64}, {"root_key": "0" * 64}, {"witnesses": [STRANGER.verifier_key]}):
        assert codes(made.path, **given) == ["P212"], "what was given is not said to be compared"
    for path in files:
        path.with_suffix("").write_bytes(pyrage.decrypt(path.read_bytes(), [identity]))
    assert codes(made.path if cap else made.path.with_suffix("")) == []
    assert "age --decrypt" in str(sealed.lines)
    assert not cap or not any("encrypted" in line.what for line in check(str(made.path)).lines)
    with open_services(own, ENVIRONMENT) as services:
        with pytest.raises(UsageError, match="name each volume" if cap else "age --decrypt"):
            receive(services, made.path, "a partner")
        with pytest.raises(UsageError, match="age --decrypt"):
            receive(services, files[0], "a partner")
    with pytest.raises(UsageError, match="name each volume" if cap else "age --decrypt"):
        exported(own, tmp_path / "never", "I-0001", since=made.path)
    with pytest.raises(UsageError, match="age --decrypt"):
        audit_package(files[0])


def test_what_is_called_encrypted_is(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--encrypt-to"):
        exported(own, tmp_path / "secret.zip.age", "I-0001")
    assert list(tmp_path.glob("secret*")) == []


def test_a_file_may_be_called_like_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    public = str(pyrage.x25519.Identity.generate().to_public())
    for name in ("ssh-court.pub", "age1-court.txt"):
        (tmp_path / name).write_text(public + "\n")
        assert [one.text for one in recipients_of([name])] == [public]
    assert [one.text for one in recipients_of([public])] == [public]


def test_a_failing_write_is_one_of_the_storage(tmp_path: Path) -> None:
    (recipient,) = recipients_of([str(pyrage.x25519.Identity.generate().to_public())])
    (tmp_path / "plain").write_bytes(b"what was seen")
    failing = mock.patch("disclosure.encryption.pyrage.encrypt_io", side_effect=pyrage.EncryptError("disk full"))
    with failing, pytest.raises(StorageFailed, match="disk full"):
        encrypt(tmp_path / "plain", tmp_path / "sealed", [recipient])


@pytest.mark.campaign
def test_a_package_adds_to_a_volume_by_what_that_volume_has(volumes: Exported, tmp_path: Path) -> None:
    root = Path(shutil.copytree(volumes.path.parent / "case", tmp_path / "case", symlinks=True))
    for number, one in enumerate(volumes.packed, 1):
        earlier = volumes.path / f"{one.name}.zip"
        made = exported(root, tmp_path / f"delta{number}", *ITEMS, since=earlier)
        assert sum(capture.is_earlier for capture in made.contents.captures) == 1
        assert codes(made.path, since=str(earlier)) == []


@pytest.mark.parametrize("key", ["AGE-SECRET-KEY-1QQQ", "age1nothing", "no-such-file", "ssh-rsa x", "~nouser/k"])
def test_what_is_no_public_key_is_refused_before_anything_is_signed(own: Path, tmp_path: Path, key: str) -> None:
    before = (own / "log/checkpoint").read_bytes()
    with pytest.raises(UsageError) as refused:
        exported(own, tmp_path / "never", "I-0001", encrypt_to=(key,))
    assert "AGE-SECRET" not in str(refused.value)
    assert (own / "log/checkpoint").read_bytes() == before


def test_the_release_names_keys_and_volumes(volumes: Exported) -> None:
    with open_services(volumes.path.parent / "case", ENVIRONMENT) as services, reading(services.engine) as connection:
        bodies = [json.loads(act.body or "{}") for act in list_acts(connection, "package.released")]
    assert [one["package"] for one in bodies] == [one.contents.package for one in volumes.packed]
    assert {one["whole"] for one in bodies} == {volumes.contents.package}


def test_what_is_to_be_encrypted_is_never_plain_where_it_leaves_from(own: Path, tmp_path: Path) -> None:
    key, out, seen = str(pyrage.x25519.Identity.generate().to_public()), tmp_path / "out", list[Path]()

    def sealing(source: Path, target: Path, recipients: Sequence[AgeRecipient]) -> None:
        encrypt(source, target, recipients)
        seen.extend(path for path in out.rglob("*") if path.is_file())

    with mock.patch("pipelines.packing.encrypt", sealing):
        exported(own, out / "case", "I-0001", encrypt_to=(key,))
    assert [path.suffix for path in seen] == [".age"]

"""Another ExifTool for a workspace: tried before it is used, recorded, cited, with a way back."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from e2e.case import Case
from PIL import Image

from containment.perl_archives import ARCHIVE, work
from containment.tools import find_program
from verification.technical import canary

INSTALLED = find_program("exiftool")
VERSION = "99.01"
ROOT = f"Image-ExifTool-{VERSION}"
MODULE = b"package Image::ExifTool;\n$VERSION = '99.01';\n1;\n"

pytestmark = pytest.mark.skipif(
    INSTALLED is None or not (INSTALLED.parent / "lib").is_dir(), reason="no ExifTool beside its modules"
)


def installed() -> Path:
    assert INSTALLED is not None
    return INSTALLED.parent


def write_archive(path: Path, *, spoil: Callable[[str, bytes], bytes] = lambda _name, content: content) -> Path:
    """The installed ExifTool as an archive of another version; `spoil` changes what is in it."""
    home = installed()
    own = find_version(home)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for source in [home / "exiftool", *sorted((home / "lib").rglob("*.p[lm]"))]:
            name = str(source.relative_to(home))
            content = source.read_bytes()
            if name in ("exiftool", "lib/Image/ExifTool.pm"):
                content = content.replace(f"ersion = '{own}'".encode(), f"ersion = '{VERSION}'".encode())
                content = content.replace(f"ERSION = '{own}'".encode(), f"ERSION = '{VERSION}'".encode())
            add(archive, f"{ROOT}/{name}", spoil(name, content))
        add(archive, f"{ROOT}/config_files/example.config", b"`touch owned`; 1;")
    return path


def find_version(home: Path) -> str:
    text = (home / "lib/Image/ExifTool.pm").read_text("latin-1")
    return text.partition("$VERSION = '")[2].partition("'")[0]


def add(archive: tarfile.TarFile, name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, len(content) if kind == tarfile.REGTYPE else 0
    entry.linkname = "" if kind == tarfile.REGTYPE else "/etc/hostname"
    archive.addfile(entry, io.BytesIO(content))


def used(case: Case) -> dict[str, tuple[int, str]]:
    """Of each ExifTool in the register: how many events it had part in, and its digest."""
    found = [one for one in case.must("tools")["tools"] if one["name"] == "exiftool"]
    return {one["version"]: (one["uses"], one["sha256"]) for one in found}


@pytest.mark.campaign
def test_another_exiftool_is_tried_recorded_and_cited_and_there_is_a_way_back(case: Case, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")
    archive = write_archive(tmp_path / "new.tar.gz")
    digest = f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    done = case.must("tools", "upgrade", "exiftool", "--from", str(archive))
    assert (done["version"], done["sha256"], done["failed"]) == (VERSION, digest, [])
    assert [one["status"] for one in case.must("tools", "show", "exiftool")["tests"]] == ["passed"]
    case.must("import", str(tmp_path / "red.png"), "--from-person", "Bora")
    assert used(case) == {VERSION: (1, digest)}
    assert [one["number"] for one in case.must("items", "--made-by", f"exiftool={VERSION}")["items"]] == ["I-0001"]
    (module,) = case.root.glob("work/tools/exiftool/*/image-exiftool/lib/Image/ExifTool.pm")
    module.write_bytes(module.read_bytes() + b"#")
    assert case.run("examine", "I-0001").code == 5
    assert case.must("tools", "rollback", "exiftool")["version"] == "installed"
    case.must("examine", "I-0001")
    assert used(case)[find_version(installed())][0] == 1
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_an_exiftool_that_fails_its_trial_changes_nothing_and_is_recorded(case: Case, tmp_path: Path) -> None:
    def spoil(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"Name => 'Make'", b"Name => 'Maker'") if name == "lib/Image/ExifTool/Exif.pm" else content
        )

    archive = write_archive(tmp_path / "new.tar.gz", spoil=spoil)
    said = case.must("tools", "upgrade", "exiftool", "--from", str(archive), code=1)
    assert said["failed"] == ["Make of a known photograph"]
    assert [one["status"] for one in case.must("tools", "show", "exiftool")["tests"]] == ["failed"]
    assert not list(case.root.glob("work/tools/exiftool/*"))


@pytest.mark.parametrize(
    ("added", "kind"),
    [
        ({f"{ROOT}/lib/Image/ExifTool/Linked.pm": b""}, tarfile.SYMTYPE),
        ({f"{ROOT}/lib/Image/ExifTool/Hard.pm": b""}, tarfile.LNKTYPE),
        ({f"{ROOT}/lib/Image/ExifTool/Fifo.pm": b""}, tarfile.FIFOTYPE),
        ({f"{ROOT}/lib/Image/EXIFTOOL.pm": MODULE}, tarfile.REGTYPE),
        ({f"{ROOT}/lib/Image/ExifTool.pm": MODULE}, tarfile.REGTYPE),
    ],
)
def test_an_archive_with_what_is_no_file_of_its_own_is_refused(
    tmp_path: Path, added: Mapping[str, bytes], kind: bytes
) -> None:
    assert "refused" in taken_apart(tmp_path, added, kind)


def test_what_is_no_part_of_exiftool_is_left_in_the_archive(tmp_path: Path) -> None:
    others = (
        "../outside.pm",
        "/outside.pm",
        f"{ROOT}/../outside.pm",
        f"{ROOT}/lib/../../outside.pm",
        f"{ROOT}/lib/Image/.ExifTool_config",
        f"{ROOT}/config_files/example.config",
        f"{ROOT}/lib/auto/own.so",
        "elsewhere/lib/Image/ExifTool.pm",
    )
    answer = taken_apart(tmp_path, dict.fromkeys(others, b"x"), tarfile.REGTYPE)
    assert answer == {"version": VERSION, "files": ["exiftool", "lib/Image/ExifTool.pm"]}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0001", "0002"]


def taken_apart(folder: Path, added: Mapping[str, bytes], kind: bytes) -> Mapping[str, object]:
    for name in ("inputs", "out"):
        (folder / name).mkdir()
    with tarfile.open(folder / "inputs" / ARCHIVE, "w:gz") as archive:
        for name, content in {"exiftool": b"#!/usr/bin/env perl\n", "lib/Image/ExifTool.pm": MODULE}.items():
            add(archive, f"{ROOT}/{name}", content)
        for name, content in added.items():
            add(archive, name, content, kind)
    return work({}, folder / "inputs", folder / "out")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for name, content in {"text": b"no", "cut": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00", "empty": b""}.items():
        (tmp_path / name / "inputs").mkdir(parents=True)
        (tmp_path / name / "inputs" / ARCHIVE).write_bytes(content)
        assert "refused" in work({}, tmp_path / name / "inputs", tmp_path / name)


def test_the_trial_gives_what_is_known_and_sees_a_remark_that_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"version": find_version(installed()), "package": str(installed())}
    assert canary.work(asked, tmp_path, tmp_path)["failed"] == []
    (tmp_path / canary.REMAINS).touch()
    assert canary.work({**asked, "version": "1"}, tmp_path, tmp_path)["failed"] == [
        "version 1",
        "a remark that is a program is read and not run",
    ]

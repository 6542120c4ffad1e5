"""A package that somebody made to harm or to mislead: refused with a code, read in bounds, nothing written."""

from __future__ import annotations

import ast
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from disclosure import check_package
from disclosure.archive import write_archive
from disclosure.check_package import CODES, Folder, Refused, check, check_name, check_twins
from pipelines.exporting import Exported

from .workspaces import exported

NAMES = [
    "/etc/passwd", "../outside", "a/../../outside", "a//b", "./a", "C:/windows", "a\\b", "con.txt", "data/LPT1",
    "data/na\nme", "data/a\u0301", "data/\udc80", "trailing.", "trailing ", "data/" + "x" * 240, "a/" * 17 + "b",
    "50%25",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_some_file_system_takes_for_another_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        check_name(name)
    assert refused.value.code == "P201"


@pytest.mark.parametrize("pair", [("a/B", "a/b"), ("ﬁ", "fi"), ("Straße", "STRASSE"), ("a", "a/b"), ("A/x", "a/y")])
def test_twins_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        check_twins(pair)
    assert refused.value.code == "P203"


def codes(package: Path, **given: str) -> set[str]:
    return {line.code for line in check(str(package), **given).failures}


def link(package: Path) -> None:
    (package / "index.csv").unlink()
    (package / "index.csv").symlink_to("/etc/passwd")


def folder_link(package: Path) -> None:
    (package / "data/more").symlink_to("/etc")


def pipe(package: Path) -> None:
    os.mkfifo(package / "data/pipe")


def twin(package: Path) -> None:
    (package / "INDEX.csv").write_bytes(b"")


def sparse(package: Path) -> None:
    with (package / "data/premis.xml").open("ab") as stream:
        stream.truncate(10 << 30)


def sparse_aid(package: Path) -> None:
    with (package / "README.txt").open("ab") as stream:
        stream.truncate(10 << 30)


def sparse_label(package: Path) -> None:
    with (package / "bag-info.txt").open("ab") as stream:
        stream.truncate(10 << 30)


def sparse_manifest(package: Path) -> None:
    with (package / "tagmanifest-sha512.txt").open("ab") as stream:
        stream.truncate(10 << 30)


def missing(package: Path) -> None:
    (package / "data/package.json").unlink()


def stranger(package: Path) -> None:
    (package / "data/log/more").write_bytes(b"")


def empty_folder(package: Path) -> None:
    (package / "data/more").mkdir()


def unnamed(package: Path) -> None:
    os.rename(package / "README.txt", os.fsencode(package) + b"/\xff")


DAMAGE: dict[Callable[[Path], None], str] = {
    link: "P202",
    folder_link: "P202",
    pipe: "P202",
    twin: "P203",
    sparse: "P205",
    sparse_aid: "P205",
    sparse_label: "P209",
    sparse_manifest: "P209",
    missing: "P206",
    stranger: "P205",
    empty_folder: "P207",
    unnamed: "P201",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_a_folder_that_is_no_package_has_its_code(package: Path, damage: Callable[[Path], None]) -> None:
    damage(package)
    assert DAMAGE[damage] in codes(package)


@pytest.fixture(scope="module")
def archive(made: Exported, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("archive") / "package.zip"
    paths = [str(path.relative_to(made.path)) for path in made.path.rglob("*") if path.is_file()]
    write_archive(made.path, paths, target)
    return target.read_bytes()


def refused_archive(content: bytes, folder: Path) -> set[str]:
    path = folder / "package.zip"
    path.write_bytes(content)
    return codes(path)


def test_an_archive_is_a_package_too(own: Path, tmp_path: Path) -> None:
    made = exported(own, tmp_path / "package.zip", "I-0001")
    assert codes(made.path) == set()
    assert zipfile.ZipFile(made.path).testzip() is None
    zipfile.ZipFile(made.path).extractall(tmp_path / "out")
    assert codes(tmp_path / "out") == set()


def rezipped(archive: bytes, method: int) -> bytes:
    """The same members as another program would put them."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w", method) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return made.getvalue()


def with_name(archive: bytes, name: bytes) -> bytes:
    """An archive in which README.txt is called otherwise, everywhere."""
    return archive.replace(b"README.txt", name)


@pytest.mark.parametrize("name", [b"/EADME.txt", b"../ADM.txt", b"con.DM.txt", b"index.HTML"])
def test_an_archive_with_a_name_that_leads_elsewhere_is_refused(archive: bytes, tmp_path: Path, name: bytes) -> None:
    assert refused_archive(with_name(archive, name), tmp_path) & {"P201", "P203", "P204"}
    assert [path.name for path in tmp_path.iterdir()] == ["package.zip"]


def test_an_archive_in_any_other_form_is_refused(archive: bytes, tmp_path: Path) -> None:
    for other in (
        rezipped(archive, zipfile.ZIP_STORED),
        rezipped(archive, zipfile.ZIP_DEFLATED),
        archive + b"more",
        b"before" + archive,
        archive[:-40],
        archive[:5000],
        b"",
    ):
        assert "P204" in refused_archive(other, tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bagit.txt", b"\0" * (64 << 20))
    assert codes(path) == {"P204"}


def test_an_archive_that_states_ten_gigabytes_is_read_in_bounds(tmp_path: Path) -> None:
    path, name = tmp_path / "sparse.zip", b"bag-info.txt"
    size = 10 << 30
    head = check_package.local_header(name, 0, size)
    directory = check_package.central_header(name, 0, size, 0)
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + size)
        stream.seek(0, os.SEEK_END)
        stream.write(directory + check_package.end_records(1, len(directory), len(head) + size))
    assert codes(path) <= {"P206", "P209"}
    assert codes(path)


def test_every_flipped_bit_of_an_archives_own_bytes_is_found(archive: bytes, tmp_path: Path) -> None:
    """Between members: headers, directory and end, every 1009th bit of them."""
    own = [bit for at in own_bytes(archive) for bit in range(at * 8, at * 8 + 8)][::1009]
    path = tmp_path / "package.zip"
    for bit in own:
        changed = bytearray(archive)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert codes(path), bit


def own_bytes(archive: bytes) -> Iterator[int]:
    at = 0
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        for one in members.infolist():
            begin = one.header_offset + 30 + sum(struct.unpack("<2H", archive[one.header_offset + 26 :][:4]))
            yield from range(at, begin)
            at = begin + one.file_size
    yield from range(at, len(archive))


def test_the_checker_writes_nothing_and_asks_no_network(package: Path, tmp_path: Path) -> None:
    for path in [package, *package.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted((str(path), path.stat().st_mtime_ns) for path in package.rglob("*"))
    trace = tmp_path / "trace"
    tracer = shutil.which("strace")
    if tracer is None:
        pytest.skip("strace is needed to see what the checker asks of the kernel")
    calls = "trace=network,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat2,openat,open,execve"
    command = [tracer, "-f", "-e", calls, "-o", str(trace), sys.executable, "-I", "-S", "check_package.py"]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = trace.read_text()
    assert "O_WRONLY" not in said
    assert "O_RDWR" not in said.replace('"/dev/null", O_RDWR', "")
    assert "socket(" not in said
    assert said.count("execve(") == 1
    assert sorted((str(path), path.stat().st_mtime_ns) for path in package.rglob("*")) == before
    for path in [package, *package.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_every_code_has_its_rule() -> None:
    assert all(text and rule for text, rule in CODES.values())


def test_a_file_that_vanishes_while_it_is_checked_is_a_failure(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = Folder.sizes

    def then_gone(self: Folder) -> dict[str, int]:
        found = sizes(self)
        (package / "index.csv").unlink()
        return found

    monkeypatch.setattr(Folder, "sizes", then_gone)
    assert codes(package) == {"P200"}


NEWER = {"removeprefix", "removesuffix", "is_relative_to", "bit_count", "batched", "pairwise", "cache", "UTC"}
"""What is in the standard library since Python 3.9."""


def test_the_checker_needs_python_3_8_and_nothing_else() -> None:
    text = Path(check_package.__file__).read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    later = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert len(later) == 1  # no annotation is evaluated
    annotations = {id(part) for one in annotated(tree) for part in ast.walk(one)}
    for node in ast.walk(tree):
        if id(node) in annotations:
            continue
        if isinstance(node, ast.Import):
            assert {one.name for one in node.names} <= sys.stdlib_module_names
        assert not (isinstance(node, ast.Attribute) and node.attr in NEWER), ast.unparse(node)
        assert not (isinstance(node, ast.keyword) and node.arg == "strict"), ast.unparse(node)
        is_builtin = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
        assert not (is_builtin and node.value.id in {"dict", "list", "set", "tuple"}), ast.unparse(node)


def annotated(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation


def shapes(value: Any, chosen: random.Random) -> Any:
    """The value with one thing in it that is of another shape."""
    if isinstance(value, dict) and value and chosen.random() < 0.8:
        key = chosen.choice(sorted(value))
        return {**value, key: shapes(value[key], chosen)}
    if isinstance(value, list) and value and chosen.random() < 0.8:
        at = chosen.randrange(len(value))
        return [*value[:at], shapes(value[at], chosen), *value[at + 1 :]]
    return chosen.choice(["", "x", 7, -1, [], {}, True, ["x"], {"id": 7}, "\U0001f600", 2**52])


@pytest.mark.parametrize("document", ["data/package.json", "data/log/entries.jsonl", "data/log/parts.jsonl"])
def test_a_document_of_another_shape_is_a_failure_and_never_an_accident(
    package: Path, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if manifests and signatures were made anew over it: the shapes are what is tried."""
    monkeypatch.setattr(check_package, "check_bag", sizes_only)
    monkeypatch.setattr(check_package, "verifies", lambda *_given: True)
    monkeypatch.setattr(check_package, "is_included", lambda *_given: True)
    chosen, path = random.Random(document), package / document
    before = path.read_bytes().split(b"\n")
    for _ in range(60):
        at = chosen.randrange(len([line for line in before if line]))
        changed = check_package.canonical(shapes(json.loads(before[at]), chosen))
        path.write_bytes(b"\n".join([*before[:at], changed, *before[at + 1 :]]))
        report = check(str(package))
        assert isinstance(report.failures, list)
    path.write_bytes(b"\n".join(before))
    assert check(str(package)).lines


def sizes_only(package: check_package.Package) -> None:
    package.sizes = package.source.sizes()
    package.id = json.loads(package.read("data/package.json")).get("package", "")

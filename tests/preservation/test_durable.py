"""Durable writing: whole or not at all, never over something, and every refusal of the system typed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from casefile.errors import SpaceExhausted, StorageFailed, VaultConflict
from preservation import durable
from preservation.durable import Disk, is_there, storage_errors


def test_a_file_is_created_once_with_its_mode(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        Disk().create_exclusive(tmp_path / "one", b"first", 0o444)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o444
    with pytest.raises(VaultConflict):
        Disk().create_exclusive(tmp_path / "one", b"second")
    assert (tmp_path / "one").read_bytes() == b"first"


@pytest.mark.parametrize("there", ["file", "folder", "dangling link"])
def test_an_exclusive_rename_refuses_whatever_has_the_name(tmp_path: Path, there: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    {
        "file": lambda: target.write_bytes(b"kept"),
        "folder": target.mkdir,
        "dangling link": lambda: target.symlink_to("nowhere"),
    }[there]()
    before = target.lstat()
    with pytest.raises(VaultConflict):
        Disk().rename_exclusive(source, target)
    assert target.lstat().st_ino == before.st_ino
    assert source.is_dir()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_without_the_kernels_exclusive_rename_it_is_still_exclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    class NoSuchCall:
        renameat2 = None

    monkeypatch.setattr(durable, "_libc", NoSuchCall())
    for name in ("one", "two"):
        (tmp_path / name).mkdir() if kind == "folder" else (tmp_path / name).write_text(name)
    with pytest.raises(VaultConflict):
        Disk().rename_exclusive(tmp_path / "one", tmp_path / "two")
    Disk().rename_exclusive(tmp_path / "one", tmp_path / "three")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["three", "two"]


def test_replacing_leaves_the_new_bytes_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    (tmp_path / ".one.part").write_bytes(b"left by a crash")
    Disk().replace(tmp_path / "one", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert (tmp_path / "one").read_bytes() == b"new"


def test_permissions_behind_a_link_are_never_changed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(StorageFailed):
        Disk().restrict(tmp_path / "link", 0o777)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_folders_are_made_and_synced_from_the_outside_inwards(tmp_path: Path) -> None:
    steps: list[str] = []
    disk = Disk(steps.append)
    disk.make_directories(tmp_path / "a" / "b")
    parent = f"fsync {tmp_path.name}/"
    assert steps[-4:] == ["mkdir a/", parent, "mkdir b/", "fsync a/"]
    steps.clear()
    disk.make_directories(tmp_path / "a" / "b")
    assert steps == []


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    disk = Disk()
    disk.make_directories(tmp_path / "a" / "b")
    (tmp_path / "a" / "b").rmdir()
    (tmp_path / "a").rmdir()
    disk.make_directories(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_so(tmp_path: Path, number: int) -> None:
    with pytest.raises(SpaceExhausted) as raised, storage_errors("write", tmp_path / "x", 5):
        raise OSError(number, "full")
    assert (raised.value.what, raised.value.needed) == ("bytes", 5)
    assert isinstance(raised.value.__cause__, OSError)


def test_any_other_refusal_names_the_operation_and_the_path(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed) as raised:
        Disk().write_new(tmp_path / "missing" / "file", b"")
    assert (raised.value.operation, raised.value.path) == ("write", str(tmp_path / "missing" / "file"))


def test_a_name_that_cannot_be_looked_at_is_not_taken_for_absent(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        is_there(tmp_path / ("x" * 300))
    assert not is_there(tmp_path / "x")

"""What a worker leaves is believed only as far as it is read: anything but the named regular files is refused."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from casefile.errors import ContainmentError
from preservation import intake
from preservation.durable import Disk
from preservation.intake import OutputRefused, check_names, take_digests
from preservation.sealing import seal

from .captures import FILES, RUN, Workspace, lay


def in_place_of(path: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(worker: Path) -> None:
        (worker / path).unlink()
        make(worker / path)

    return change


HOSTILE: dict[str, Callable[[Path], object]] = {
    "named and missing": lambda worker: (worker / "files/0002").unlink(),
    "not named": lambda worker: (worker / "files/0003").write_bytes(b"x"),
    "not named, hidden": lambda worker: (worker / ".netrc").write_bytes(b"x"),
    "not named, odd letters": lambda worker: (worker / "files/\u202egpj.exe\n").write_bytes(b"x"),
    "not named, no letters": lambda worker: Path(os.fsdecode(bytes(worker) + b"/\xff\xfe")).write_bytes(b"x"),
    "in a folder not named": lambda worker: lay(worker, {"more/0001": b"x"}),
    "deep": lambda worker: (worker / "/".join(["d"] * 50)).mkdir(parents=True),
    "link to a file": in_place_of("files/0001", lambda path: path.symlink_to("/etc/passwd")),
    "link to its neighbour": in_place_of("files/0001", lambda path: path.symlink_to("0002")),
    "link that hangs": in_place_of("files/0001", lambda path: path.symlink_to("nowhere")),
    "pipe": in_place_of("files/0001", lambda path: os.mkfifo(path)),
    "socket": in_place_of("files/0001", lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)),
    "folder": in_place_of("files/0001", lambda path: path.mkdir()),
    "second name inside": in_place_of("files/0001", lambda path: os.link(path.with_name("0002"), path)),
    "link to a folder": lambda worker: (worker / "files").rename(worker / "f") and (worker / "files").symlink_to("f"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_output_that_is_not_as_it_was_said_is_refused_and_kept(
    workspace: Workspace, change: Callable[[Path], object]
) -> None:
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1)
        change(folder.worker)
        with pytest.raises(OutputRefused) as raised:
            seal(finished, folder, workspace.vault, workspace.log.record)
        assert isinstance(raised.value, ContainmentError)
        assert str(raised.value).isprintable()
        place = folder.set_aside(str(raised.value))
        assert place is not None
        assert (place / "object/v1/content/record/capture.warc.gz").read_bytes() == FILES["record/capture.warc.gz"]
    assert workspace.log.sealed == {}
    assert list(workspace.vault.walk()) == []
    assert list(workspace.staging.root.iterdir()) == []


@pytest.mark.parametrize("worker", ["missing", "file", "link"])
def test_a_worker_folder_that_is_none_is_refused(workspace: Workspace, tmp_path: Path, worker: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    lay(elsewhere, FILES)
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1)
        folder.worker.rename(tmp_path / "away")
        if worker == "file":
            folder.worker.write_bytes(b"")
        if worker == "link":
            folder.worker.symlink_to(elsewhere)
        with pytest.raises(OutputRefused):
            seal(finished, folder, workspace.vault, workspace.log.record)
        folder.set_aside("not a folder")
    assert {path: (elsewhere / path).read_bytes() for path in FILES} == FILES


def test_a_file_that_takes_the_records_name_is_refused(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1, {**FILES, "capture.json": b"{}"})
        with pytest.raises(OutputRefused):
            seal(finished, folder, workspace.vault, workspace.log.record)
        folder.set_aside("refused")


def test_empty_folders_are_no_loss(tmp_path: Path) -> None:
    lay(tmp_path, {"files/0001": b"x"})
    (tmp_path / "empty").mkdir()
    (tmp_path / "files" / "empty").mkdir()
    check_names(tmp_path, ["files/0001"])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0001", "files"]


def test_a_file_that_somebody_still_writes_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, {"0001": b"x"})
    with (tmp_path / "0001").open("ab"), pytest.raises(OutputRefused, match="open for writing"):
        take_digests(tmp_path, ["0001"], Disk())
    assert take_digests(tmp_path, ["0001"], Disk())["0001"].size == 1


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system grants no leases, the change itself is what is seen."""
    lay(tmp_path, {"0001": b"x" * (64 << 20)})
    monkeypatch.setattr(intake, "_has_writer", lambda descriptor: False)
    done = threading.Event()

    def keep_writing() -> None:
        with (tmp_path / "0001").open("ab", buffering=0) as stream:
            while not done.is_set():
                stream.write(b"y")

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        with pytest.raises(OutputRefused, match="changed while it was read"):
            take_digests(tmp_path, ["0001"], Disk())
    finally:
        done.set()
        writer.join()


def test_many_files_are_read_with_few_open_at_a_time(tmp_path: Path) -> None:
    named = [f"files/{number:04d}" for number in range(300)]
    lay(tmp_path, {path: path.encode() for path in named})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 80, hard))
    try:
        assert len(take_digests(tmp_path, named, Disk())) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

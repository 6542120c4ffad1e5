"""Handed-over files: every one a file of its own, names as data, what is not admitted on record."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.digests import digest_file
from casefile.errors import StorageFailed
from casefile.model import Received
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role
from collectors.handed_over import admission
from collectors.handed_over.admission import Batch, Entry, plan, receive
from collectors.handed_over.naming import locator_of, name_of, original_of

PNG = b"\x89PNG\r\n\x1a\n"


def admit(paths: Sequence[Path], out: Path) -> Received:
    (batch,) = plan(paths)
    received = receive(batch, out)
    received.canonical()
    named = {file.path for file in received.files}
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == named
    return received


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "leak"
    made.mkdir()
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_files_and_folders_come_in_byte_for_byte_in_the_order_of_their_names(folder: Path, out: Path) -> None:
    (folder / "sub").mkdir()
    contents = {"b.txt": b"second", "a.png": PNG + b"1", "sub/c.bin": bytes(3_000_000)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    received = admit([folder], out)
    assert received.outcome is Outcome.CAPTURED
    assert received.cause is None
    assert [item.locator for item in received.items] == [
        "handed-over:leak/a.png",
        "handed-over:leak/b.txt",
        "handed-over:leak/sub/c.bin",
    ]
    assert [item.name for item in received.items] == ["a.png", "b.txt", "c.bin"]
    assert [item.role for item in received.items] == [Role.PICTURE, Role.DOCUMENT, Role.OTHER]
    for item in received.items:
        (path,) = item.files
        original = folder.parent / item.locator.removeprefix("handed-over:")
        assert digest_file(out / path) == digest_file(original)
    assert {file.fidelity for file in received.files} == {Fidelity.RECEIVED}


def test_two_files_of_one_name_are_two_items(folder: Path, out: Path) -> None:
    for number, where in enumerate(("a", "b")):
        (folder / where).mkdir()
        (folder / where / "photo.png").write_bytes(PNG + bytes([number]))
    received = admit([folder], out)
    assert [item.name for item in received.items] == ["photo.png", "photo.png"]
    assert [(out / item.files[0]).read_bytes()[-1] for item in received.items] == [0, 1]
    assert len({item.locator for item in received.items}) == 2


def test_the_same_file_named_twice_is_two_items(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"x")
    assert len(admit([folder / "a", folder / "a"], out).items) == 2


HOSTILE_NAMES = [
    b"-ver",
    b"--exec=touch pwned",
    b"@args",
    b"a.jpg\n-if\nsystem('touch pwned')||1\nok.jpg",
    b"ls|",
    b"|id",
    b"`id`$(id);id",
    b"..\\..\\x",
    b"%d%(title)s{}",
    b"CON",
    b"trailing. ",
    b".htaccess",
    b"x.lnk",
    b"\xff\xfe broken",
    b"%FF",
    b"\\xff",
    "cod\u202egpj.exe".encode(),
    "\u200bzero".encode(),
    "e\u0301 decomposed".encode(),
    "\u00e9 composed".encode(),
    "صورة من الهاتف.jpg".encode(),
    ("ن" * 127).encode(),
    b"x" * 255,
    b"\x1b[2J",
]


def test_hostile_names_are_data_and_come_back_exactly(folder: Path, out: Path) -> None:
    for number, name in enumerate(HOSTILE_NAMES):
        (Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))).write_bytes(b"%d" % number)
    received = admit([folder], out)
    assert {original_of(item.locator) for item in received.items} == {b"leak/" + name for name in HOSTILE_NAMES}
    for item in received.items:
        assert (out / item.files[0]).read_bytes() == b"%d" % HOSTILE_NAMES.index(original_of(item.locator)[5:])
        assert item.locator.isprintable()
    assert received.outcome is Outcome.CAPTURED


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name))
def test_a_locator_gives_any_original_name_back(name: bytes) -> None:
    locator = locator_of(os.fsdecode(name))
    assert original_of(locator) == name
    assert locator.isprintable()
    locator.encode("utf-8")
    name_of(os.fsdecode(name)).encode("utf-8")


def test_a_name_that_is_no_utf_8_is_readable(folder: Path) -> None:
    assert name_of(os.fsdecode(b"dir/caf\xe9.jpg")) == "caf\\xe9.jpg"


def test_links_pipes_sockets_and_devices_are_refused_and_recorded(folder: Path, out: Path) -> None:
    (folder / "real").write_bytes(b"x")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "sock"))
        received = admit([folder], out)
    assert (received.outcome, received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert [item.name for item in received.items] == ["real"]
    (record,) = (file for file in received.files if file.kind is FileKind.RECORD)
    refused = {one["locator"]: one["reason"] for one in json.loads((out / record.path).read_text())}
    assert set(refused) == {f"handed-over:leak/{name}" for name in ("link", "dangling", "loop", "pipe", "sock")}
    assert "symbolic link" in refused["handed-over:leak/link"]
    assert "pipe" in refused["handed-over:leak/pipe"]
    assert "handed-over:leak/link" in received.detail


def test_a_link_that_takes_the_place_of_a_file_is_not_followed(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"x")
    (batch,) = plan([folder])
    (folder / "a").unlink()
    (folder / "a").symlink_to("/etc/passwd")
    received = receive(batch, out)
    assert received.items == ()
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.UNSUPPORTED)


def test_a_pipe_that_takes_the_place_of_a_file_does_not_hold_us(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"x")
    (batch,) = plan([folder])
    (folder / "a").unlink()
    os.mkfifo(folder / "a")
    assert receive(batch, out).outcome is Outcome.REFUSED


def test_what_is_not_there_is_refused_by_name(tmp_path: Path, out: Path) -> None:
    received = admit([tmp_path / "nowhere"], out)
    assert received.outcome is Outcome.REFUSED
    assert received.detail == "handed-over:nowhere: it cannot be read: No such file or directory"
    assert received.advice


def test_a_folder_without_files_is_refused_by_name(tmp_path: Path, out: Path) -> None:
    (tmp_path / "stick" / "empty").mkdir(parents=True)
    (batch,) = plan([tmp_path / "stick"])
    received = receive(batch, out)
    assert received.outcome is Outcome.REFUSED
    assert received.detail == "handed-over:stick: it holds no files"


def test_a_file_that_vanishes_is_a_missing_part(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"x")
    (folder / "b").write_bytes(b"y")
    (batch,) = plan([folder])
    (folder / "a").unlink()
    received = receive(batch, out)
    assert (received.outcome, received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert [item.name for item in received.items] == ["b"]


def test_what_may_not_be_read_is_refused(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so that the refusal comes from the system call here."""
    (folder / "a").write_bytes(b"x")

    def denied(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    (batch,) = plan([folder])
    with monkeypatch.context() as patched:
        patched.setattr(admission.os, "open", denied)
        received = receive(batch, out)
    assert received.detail == "handed-over:leak/a: it cannot be read: Permission denied"


def test_a_file_that_grows_while_it_is_read_is_doubtful(folder: Path, out: Path) -> None:
    growing = folder / "growing"
    growing.write_bytes(bytes(40 << 20))
    stop = threading.Event()

    def grow() -> None:
        with growing.open("ab") as stream:
            while not stop.is_set():
                stream.write(bytes(65_536))
                stream.flush()
                time.sleep(0.001)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        received = admit([growing], out)
    finally:
        stop.set()
        thread.join()
    (item,) = received.items
    assert item.content is Content.DOUBTFUL
    assert item.content_reason.startswith("changed-while-read")
    assert received.outcome is Outcome.PARTIAL
    assert (out / item.files[0]).stat().st_size <= growing.stat().st_size


def test_a_file_changed_since_the_walk_is_taken_as_it_is_now(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"before")
    (batch,) = plan([folder])
    (folder / "a").write_bytes(b"now and longer")
    received = receive(batch, out)
    assert received.outcome is Outcome.CAPTURED
    assert (out / "files/0001").read_bytes() == b"now and longer"


class Failing:
    """A disk that gives so many bytes and then an error, as a dying one does."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int) -> bytes:
        if not self._content:
            raise OSError(5, "Input/output error")
        block, self._content = self._content[:size], self._content[size:]
        return block


def test_a_dying_disk_gives_what_it_gave(out: Path) -> None:
    out.mkdir()
    copied = admission._copy(Failing(PNG), out / "copy", 1 << 20)  # type: ignore[arg-type]
    assert (copied.size, copied.failed) == (len(PNG), "Input/output error")
    found = os.stat(out / "copy")
    content, reason = admission._judge(copied, found, found)
    assert content is Content.DOUBTFUL
    assert reason == "cut: it could be read up to byte 8 only (Input/output error)"


def test_an_empty_file_is_kept_and_said_to_be_empty(folder: Path, out: Path) -> None:
    (folder / "empty").write_bytes(b"")
    received = admit([folder], out)
    assert received.outcome is Outcome.CAPTURED
    assert received.items[0].content is Content.ABSENT


@pytest.mark.parametrize(
    ("seconds", "claim"),
    [
        (0, "1970-01-01T00:00:00.000000Z (file modification time)"),
        (-86_400, "1969-12-31T00:00:00.000000Z (file modification time)"),
        (1_714_975_689, "2024-05-06T06:08:09.000000Z (file modification time)"),
        (4_000_000_000, "2096-10-02T07:06:40.000000Z (file modification time)"),
    ],
)
def test_the_time_of_change_is_a_claim_with_its_origin(folder: Path, out: Path, seconds: int, claim: str) -> None:
    (folder / "a").write_bytes(b"x")
    os.utime(folder / "a", (seconds, seconds))
    assert admit([folder], out).items[0].claimed_time == claim


def test_a_time_beyond_every_calendar_is_still_a_claim() -> None:
    assert admission._modified(10**21) == "1000000000000 s since 1970 (file modification time)"
    assert datetime.now(UTC).year < 9999


def test_archives_come_in_as_one_file(folder: Path, out: Path) -> None:
    (folder / "a.wacz").write_bytes(b"PK\x03\x04rest")
    (folder / "b.warc").write_bytes(b"WARC/1.1\r\n")
    assert [item.role for item in admit([folder], out).items] == [Role.ARCHIVE, Role.ARCHIVE]


def test_batches_hold_500_files_or_a_gibibyte(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1_001):
        (folder / f"{number:05}").touch()
    batches = list(plan([folder]))
    assert [len(batch.entries) for batch in batches] == [500, 500, 1]
    assert [batch.number for batch in batches] == [1, 2, 3]
    assert batches[1].locator == "handed-over:leak/00500"
    sparse = folder.parent / "big"
    sparse.mkdir()
    for number in range(5):
        with (sparse / str(number)).open("wb") as stream:
            stream.truncate(400 << 20)
    with (sparse / "9").open("wb") as stream:
        stream.truncate(3 << 30)
    assert [len(batch.entries) for batch in plan([sparse])] == [2, 2, 1, 1]


def test_refusals_fill_batches_too(folder: Path) -> None:
    for number in range(600):
        (folder / f"{number:05}").symlink_to("x")
    batches = list(plan([folder]))
    assert [len(batch.refusals) for batch in batches] == [500, 100]


def test_many_refusals_are_counted_in_the_detail_and_listed_in_the_record(folder: Path, out: Path) -> None:
    for number in range(50):
        (folder / f"{number:05}").symlink_to("x")
    (folder / "real").write_bytes(b"x")
    received = admit([folder], out)
    assert received.detail.endswith("and 30 more")
    assert len(json.loads((out / "record/refused.json").read_text())) == 50


def test_the_same_folder_gives_the_same_batches(folder: Path) -> None:
    for name in ("z", "a", "m"):
        (folder / name).write_bytes(b"x")
    assert list(plan([folder])) == list(plan([folder]))


def test_the_workspace_itself_is_not_admitted(folder: Path, out: Path) -> None:
    workspace = folder / "case"
    workspace.mkdir()
    (workspace / "casefile.db").write_bytes(b"x")
    (folder / "a").write_bytes(b"x")
    alias = folder.parent / "alias"
    alias.symlink_to(workspace)
    (batch,) = plan([folder], barred=[alias])
    assert [entry.relative for entry in batch.entries] == ["leak/a"]
    assert [refusal.relative for refusal in batch.refusals] == ["leak/case"]


def test_a_folder_as_deep_as_the_system_allows_is_walked(folder: Path, out: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(2_100):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    (folder / "top").write_bytes(b"x")
    started = time.process_time()
    try:
        received = admit([folder], out)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    assert time.process_time() - started < 5
    assert [item.name for item in received.items] == ["top"]
    assert "File name too long" in received.detail


def test_a_full_disk_of_ours_is_an_error_and_no_refusal(folder: Path, out: Path) -> None:
    (folder / "a").write_bytes(b"x")
    (batch,) = plan([folder])
    out.mkdir()
    (out / "files").write_bytes(b"in the way")
    with pytest.raises(StorageFailed):
        receive(batch, out)
    entry = Entry(str(folder / "a"), "leak/a", 1)
    (out / "files").unlink()
    (out / "files").mkdir()
    (out / "files/0001").write_bytes(b"in the way")
    with (folder / "a").open("rb", buffering=0) as source, pytest.raises(StorageFailed):
        admission._copy(source, out / "files/0001", 1)  # type: ignore[arg-type]
    assert Batch(1, (entry,), ()).locator == "handed-over:leak/a"

"""What archives of other tools say is told claim by claim, with what bytes here say to it."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from archives import handed_over as made
from archives.samples import CREATED, PAGE, PICTURE, make_wacz, make_warc

from casefile.archives import ArchiveContent, ArchiveEntry, ArchiveKind, Bearing, ClaimField, EntryKind
from collectors.archives.answer import Beside, may_be_archive
from collectors.archives.beside import Files
from collectors.archives.reading import read_archive

F = ClaimField


def read(path: Path, beside: Mapping[str, bytes] | None = None, at: str = "leak/archive") -> ArchiveContent:
    listed = [
        Beside(path=name, sha256=f"sha256:{hashlib.sha256(one).hexdigest()}", bytes=len(one))
        for name, one in (beside or {}).items()
    ]
    assert may_be_archive(path.read_bytes()[:8192])
    telling = read_archive(path, Files(at, listed))
    assert telling is not None
    content = telling.content()
    content.canonical()
    return content


def said(entry: ArchiveEntry, field: ClaimField) -> list[tuple[str, Bearing | None]]:
    return [(one.value, one.bears) for one in entry.claims if one.field is field]


def values(content: ArchiveContent, field: ClaimField) -> list[str]:
    return [one.value for one in content.claims if one.field is field]


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_a_warc_tells_each_record(tmp_path: Path, packed: bool) -> None:
    path = make_warc(tmp_path / "wire.warc.gz").path
    if not packed:
        path = written(tmp_path / "plain.warc", gzip.decompress(path.read_bytes()))
    content = read(path)
    assert content.kind is ArchiveKind.WARC
    assert values(content, F.TOOL) == ["tests/1"]
    assert [said(one, F.LOCATOR)[0][0] for one in content.entries] == [PAGE, PICTURE, "https://site.example/api"]
    assert {said(one, F.CAPTURED)[0] for one in content.entries} == {(CREATED, None)}
    assert all(bears is Bearing.MATCHES for one in content.entries for _, bears in said(one, F.DIGEST))
    assert (content.summary.entries, content.summary.matches, content.summary.differs) == (3, 6, 0)


def test_a_record_that_was_changed_differs(tmp_path: Path) -> None:
    plain = gzip.decompress(make_warc(tmp_path / "wire.warc.gz").path.read_bytes())
    content = read(written(tmp_path / "x.warc", plain.replace(b"raining", b"snowing")))
    assert {bears for _, bears in said(content.entries[0], F.DIGEST)} == {Bearing.DIFFERS}
    assert content.summary.differs == 2


def test_what_stands_before_the_damage_is_told(tmp_path: Path) -> None:
    whole = make_warc(tmp_path / "wire.warc.gz").path.read_bytes()
    content = read(written(tmp_path / "cut.warc.gz", whole[:-40]))
    assert content.summary.entries == 2
    (problem,) = content.problems
    assert (problem.code, problem.text) == ("record-damaged", "a gzip member is cut")


def test_a_wacz_tells_its_pages_records_and_problems(tmp_path: Path) -> None:
    path, _ = make_wacz(tmp_path)
    content = read(path)
    assert content.kind is ArchiveKind.WACZ
    assert content.problems == ()
    pages = [one for one in content.entries if one.kind is EntryKind.PAGE]
    assert [said(one, F.TITLE) for one in pages] == [[("A report", None)]]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("logs/more.txt", "x")
    assert [one.code for one in read(path).problems] == ["resource-unlisted"]


def test_mhtml_tells_its_page_and_parts(tmp_path: Path) -> None:
    content = read(written(tmp_path / "a", made.MHTML))
    assert content.kind is ArchiveKind.MHTML
    assert values(content, F.LOCATOR) == ["https://site.example/page"]
    assert values(content, F.TITLE) == ["Bericht über Regen"]
    assert values(content, F.CAPTURED) == ["Sun, 22 Nov 2026 01:02:03 -0000"]
    assert [one.kind for one in content.entries] == [EntryKind.PAGE, EntryKind.RESOURCE]
    assert said(content.entries[1], F.LOCATOR) == [("https://site.example/a.png", None)]


def test_har_tells_each_exchange(tmp_path: Path) -> None:
    content = read(written(tmp_path / "a", json.dumps(made.HAR)))
    assert content.kind is ArchiveKind.HAR
    assert values(content, F.TOOL) == ["Firefox 145"]
    page, whole, cut = content.entries
    assert said(page, F.TITLE) == [("A report", None)]
    assert said(whole, F.BYTES) == [("9", Bearing.MATCHES)]
    assert said(cut, F.BYTES) == [("10", Bearing.DIFFERS)]
    assert said(cut, F.PEER) == [("192.0.2.7", None)]


def test_singlefile_tells_the_page(tmp_path: Path) -> None:
    content = read(written(tmp_path / "a", made.SINGLEFILE))
    assert content.kind is ArchiveKind.SINGLEFILE
    (page,) = content.entries
    assert said(page, F.LOCATOR) == [("https://site.example/page", None)]
    assert said(page, F.CAPTURED) == [("Sun Nov 22 2026 01:02:03 GMT+0000 (UTC)", None)]


def test_telegram_tells_messages_and_their_media(tmp_path: Path) -> None:
    beside = {"export/photos/photo_1.jpg": made.PHOTO}
    content = read(written(tmp_path / "a", json.dumps(made.CHAT)), beside, "export/result.json")
    assert content.kind is ArchiveKind.TELEGRAM
    assert values(content, F.TITLE) == ["Weather"]
    first, second, third = content.entries
    assert said(first, F.TEXT) == [("It was raining.", None)]
    assert [value for value, _ in said(first, F.POSTED)] == ["2026-11-22T01:02:03.000000Z", "2026-11-22T03:02:03"]
    assert said(first, F.FILE) == [("photos/photo_1.jpg", Bearing.MATCHES)]
    assert said(first, F.BYTES) == [(str(len(made.PHOTO)), Bearing.MATCHES)]
    assert said(second, F.FILE)[0][1] is Bearing.ABSENT
    assert said(second, F.REPLY_TO) == [("7", None)]
    assert said(third, F.FILE) == [("../../etc/passwd", Bearing.ABSENT)]
    assert [one.code for one in content.problems] == ["media-left-out"]
    whole = {"about": "x", "chats": {"list": [made.CHAT]}}
    assert read(written(tmp_path / "b", json.dumps(whole))).summary.entries == 3


def test_hunchly_tells_pages_notes_and_photographs(tmp_path: Path) -> None:
    content = read(made.zipped(tmp_path / "a", dict(made.HUNCHLY)))
    assert content.kind is ArchiveKind.HUNCHLY
    page, note, *photographs = content.entries
    assert said(page, F.DIGEST) == [("00" * 32, None)]
    assert said(note, F.TEXT) == [("Look at the sky.", None)]
    assert [said(one, F.DIGEST)[0][1] for one in photographs] == [Bearing.MATCHES, Bearing.DIFFERS, None]
    assert said(photographs[2], F.FILE) == [("3.jpg", Bearing.ABSENT)]


def test_atlos_tells_incidents_and_material(tmp_path: Path) -> None:
    content = read(made.zipped(tmp_path / "a", dict(made.ATLOS)))
    assert content.kind is ArchiveKind.ATLOS
    by_kind = {one.kind: one for one in content.entries}
    assert said(by_kind[EntryKind.INCIDENT], F.IDENTIFIER) == [("RAIN-1", None)]
    assert said(by_kind[EntryKind.NOTE], F.AUTHOR) == [("ana", None)]
    assert said(by_kind[EntryKind.RECORD], F.LOCATOR) == [("https://site.example/video", None)]
    files = [one for one in content.entries if one.kind is EntryKind.FILE]
    assert [said(one, F.DIGEST)[0][1] for one in files] == [Bearing.MATCHES, Bearing.DIFFERS]


def test_sheets_tell_their_rows(tmp_path: Path) -> None:
    beside = {"leak/files/a.jpg": made.PHOTO, "leak/b.jpg": made.OTHER}
    atlos = read(written(tmp_path / "a", made.ATLOS_SHEET))
    assert atlos.kind is ArchiveKind.ATLOS
    assert [value for value, _ in said(atlos.entries[0], F.LOCATOR)] == ["https://a.example/1", "https://a.example/2"]
    sheet = read(written(tmp_path / "b", made.ARCHIVER_SHEET), beside, "leak/sheet.csv")
    assert sheet.kind is ArchiveKind.AUTO_ARCHIVER
    first, second = sheet.entries
    assert said(first, F.FILE) == [("files/a.jpg", Bearing.MATCHES)]
    assert said(first, F.DIGEST)[0][1] is Bearing.MATCHES
    assert said(second, F.DIGEST)[0][1] is Bearing.ABSENT
    (row,) = read(written(tmp_path / "c", made.ARCHIVER_OWN), beside, "leak/db.csv").entries
    assert said(row, F.CAPTURED) == [("2026-11-22T01:02:03Z", None)]
    assert said(row, F.FILE) == [("/tmp/x/a.jpg", Bearing.MATCHES), ("b.jpg", Bearing.MATCHES)]
    assert [bears for _, bears in said(row, F.DIGEST)] == [Bearing.MATCHES, Bearing.DIFFERS]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b'{"a": 1}', b"[1]", b"<p>plain", b"", b"\x1f\x8bno gzip", b"PK"])
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    assert read_archive(written(tmp_path / "a", content), Files("a", ())) is None


def _with_link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("archive/x.warc")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return path


def _twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("datapackage.json", "{}")
        archive.writestr("DataPackage.json", "{}")
    return path


def _named(name: str) -> Callable[[Path], Path]:
    return lambda path: made.zipped(path, {name: b"x"})


def _cut_zip(path: Path) -> Path:
    return written(path, made.zipped(path, dict(made.HUNCHLY)).read_bytes()[:-30])


def _one_head(path: Path) -> Path:
    return written(path, gzip.compress(b"WARC/1.1\r\n" + b"X-A: b\r\n" * 2_000_000))


def _endless_line(path: Path) -> Path:
    return written(path, gzip.compress(b"WARC/1.1\r\nX: " + bytes(50_000_000)))


def _lying(path: Path) -> Path:
    return written(path, b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 99999999999999\r\n\r\nshort")


def _deep(path: Path) -> Path:
    return written(path, b'{"messages": ' + b"[" * 200_000)


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "link": (_with_link, "zip-link"),
    "two members of one name": (_twice, "zip-name-twice"),
    "parent folder": (_named("../archive/x.warc"), "zip-name-unsafe"),
    "root folder": (_named("/etc/x.warc"), "zip-name-unsafe"),
    "backslash": (_named("archive\\..\\x"), "zip-name-unsafe"),
    "cut zip": (_cut_zip, "zip-damaged"),
    "head without end": (_one_head, "record-damaged"),
    "line without end": (_endless_line, "record-damaged"),
    "length that lies": (_lying, "record-damaged"),
    "deep JSON": (_deep, "json-damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_told_as_one(tmp_path: Path, name: str) -> None:
    make, code = HOSTILE[name]
    content = read(make(tmp_path / "a"))
    assert code in {problem.code for problem in content.problems}


def test_a_chat_of_many_messages_is_counted_and_listed_in_part(tmp_path: Path) -> None:
    chat = {**made.CHAT, "messages": [{"id": n, "type": "message", "text": "x" * 5_000} for n in range(5_000)]}
    content = read(written(tmp_path / "a", json.dumps(chat)))
    assert content.summary.entries == 5_000
    assert 0 < content.summary.listed < 1_000
    assert len(content.canonical()) < 3_000_000

"""A WACZ of ours is valid and always the same; each thing that is done to one is named."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from archives.samples import (
    CREATED,
    HTML,
    PAGE,
    Damage,
    again,
    answer,
    exchange,
    make_wacz,
    make_warc,
    members,
    pack,
)

from casefile.vocabulary import Fidelity
from collectors.http.warc import FIELDS, Record, WarcWriter, warc_fields
from collectors.wacz.reading import read_wacz
from collectors.wacz.writing import NotArchivable, Page, WarcFile, write_wacz

WARC, INDEX, PAGES = "archive/wire.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
PACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wacz(tmp_path_factory.mktemp("wacz"))[0]


def test_what_we_write_holds(sample: Path) -> None:
    found = read_wacz(sample)
    assert found.ok, found.problems
    assert found.records == 7
    assert found.fidelity == {"wire.warc.gz": "wire"}
    (page,) = found.pages
    assert (page.locator, page.time, page.title, page.text) == (PAGE, CREATED, "A report", "It was raining.")
    assert found.package["mainPageUrl"] == PAGE
    assert found.package["wacz_version"] == "1.1.1"
    assert found.package["created"] == "2026-11-22T01:02:03Z"


def test_the_same_input_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    path, made = make_wacz(tmp_path)
    assert path.read_bytes() == sample.read_bytes()
    assert made.bytes == path.stat().st_size
    assert read_wacz(path, expected=made.package_sha256).ok


def test_every_file_is_stored_and_dated_alike(sample: Path) -> None:
    with zipfile.ZipFile(sample) as archive:
        listed = archive.infolist()
    assert [one.filename for one in listed] == sorted((WARC, DIGEST, PACKAGE, INDEX, PAGES))
    assert {(one.compress_type, one.date_time) for one in listed} == {(0, (1980, 1, 1, 0, 0, 0))}


def test_the_index_leads_to_each_record_by_itself(sample: Path) -> None:
    content = members(sample)
    lines = content[INDEX].decode().splitlines()
    keys = [line.split(" ")[0] for line in lines]
    assert keys == [
        "example,site)/api?__wb_method=post&id=7",
        "example,site)/picture.png",
        "example,site)/report?a=1&b=2",
    ]
    for line in lines:
        told = json.loads(line.split(" ", 2)[2])
        start = int(told["offset"])
        record = gzip.decompress(content[WARC][start : start + int(told["length"])])
        assert f"WARC-Target-URI: {told['url']}\r\n".encode() in record
        assert record.startswith(b"WARC/1.1\r\nWARC-Type: response")


def test_a_warc_has_to_say_what_its_records_are(tmp_path: Path) -> None:
    page = Page(PAGE, CREATED)
    silent = WarcWriter(tmp_path / "silent.warc.gz")
    silent.write(Record("warcinfo", CREATED, FIELDS, (warc_fields({"software": "tests/1"}),)))
    exchange(silent, PAGE, answer(HTML, "text/html"))
    silent.close()
    lying = make_warc(tmp_path / "lying.warc.gz", Fidelity.RECONSTRUCTED, told=Fidelity.WIRE)
    for warc in (WarcFile(tmp_path / "silent.warc.gz", Fidelity.RECONSTRUCTED), lying):
        with pytest.raises(NotArchivable, match="of how its records came about"):
            write_wacz(tmp_path / "no.wacz", [warc], [page], created=CREATED)
    honest = make_warc(tmp_path / "built.warc.gz", Fidelity.RECONSTRUCTED)
    write_wacz(tmp_path / "yes.wacz", [honest], [page], created=CREATED)
    assert read_wacz(tmp_path / "yes.wacz").fidelity == {"built.warc.gz": "reconstructed"}


def test_two_warcs_of_one_capture_lie_side_by_side(tmp_path: Path) -> None:
    wire = make_warc(tmp_path / "wire.warc.gz")
    built = make_warc(tmp_path / "built.warc.gz", Fidelity.RECONSTRUCTED)
    write_wacz(tmp_path / "page.wacz", [wire, built], [Page(PAGE, CREATED)], created=CREATED)
    found = read_wacz(tmp_path / "page.wacz")
    assert found.ok
    assert found.fidelity == {"built.warc.gz": "reconstructed", "wire.warc.gz": "wire"}


@pytest.mark.parametrize(
    ("pages", "problem"),
    [((), "no page"), ((Page("https://site.example/elsewhere", CREATED),), "no record holds")],
)
def test_what_has_no_page_is_no_wacz(tmp_path: Path, pages: tuple[Page, ...], problem: str) -> None:
    with pytest.raises(NotArchivable, match=problem):
        write_wacz(tmp_path / "no.wacz", [make_warc(tmp_path / "wire.warc.gz")], pages, created=CREATED)
    assert not (tmp_path / "no.wacz").exists()


def test_a_damaged_warc_is_not_archived(tmp_path: Path) -> None:
    warc = make_warc(tmp_path / "wire.warc.gz")
    content = warc.path.read_bytes()
    warc.path.write_bytes(content[:-9])
    with pytest.raises(NotArchivable, match="cut"):
        write_wacz(tmp_path / "no.wacz", [warc], [Page(PAGE, CREATED)], created=CREATED)
    warc.path.write_bytes(gzip.compress(gzip.decompress(content)))
    with pytest.raises(NotArchivable, match="one by one"):
        write_wacz(tmp_path / "no.wacz", [warc], [Page(PAGE, CREATED)], created=CREATED)


def _without(name: str) -> Damage:
    return lambda content: {key: one for key, one in content.items() if key != name}


def _with(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda content: {**content, name: change(content.get(name, b""))}


def _swap(name: str, old: bytes, new: bytes) -> Damage:
    return _with(name, lambda one: one.replace(old, new))


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda one: one[:at] + bytes((one[at] ^ 1,)) + one[at + 1 :]


def _also(*changes: Damage) -> Damage:
    def damage(content: dict[str, bytes]) -> dict[str, bytes]:
        for change in changes:
            content = change(content)
        return content

    return damage


def _other_body(content: bytes) -> bytes:
    """The page with another word in it, compressed again record by record, its digests left as they were."""
    made = b""
    while content:
        inflate = zlib.decompressobj(31)
        made += gzip.compress(inflate.decompress(content).replace(b"raining", b"snowing"), mtime=0)
        content = inflate.unused_data
    return made


def _reversed_lines(content: bytes) -> bytes:
    return b"".join(reversed(content.splitlines(keepends=True)))


EDITS: dict[str, tuple[Damage, str]] = {
    "digest of the package taken out": (_without(DIGEST), "digest-missing"),
    "digest of the package of another": (_swap(DIGEST, b"sha256:", b"sha256:0"), "digest-differs"),
    "digest of something else": (_swap(DIGEST, b"datapackage.json", b"a.json"), "digest-damaged"),
    "package taken out": (_without(PACKAGE), "package-missing"),
    "package edited": (_swap(PACKAGE, b"A report", b"A repose"), "digest-differs"),
    "package no object": (_with(PACKAGE, lambda one: b"[]"), "package-damaged"),
    "version of another": (_swap(PACKAGE, b"1.1.1", b"9.9.9"), "version-unknown"),
    "a byte of the WARC": (_with(WARC, _flip(100)), "resource-differs"),
    "WARC taken out": (_without(WARC), "resource-missing"),
    "WARC taken out and unlisted": (_also(_without(WARC), again), "archive-missing"),
    "WARC cut": (_also(_with(WARC, lambda one: one[:-30]), again), "record-damaged"),
    "WARC with another body": (_also(_with(WARC, _other_body), again), "record-differs"),
    "WARC with more behind it": (_also(_with(WARC, lambda one: one + b"more"), again), "record-damaged"),
    "a stranger in archive": (_also(_with("archive/x.txt", lambda one: b"x"), again), "archive-strange"),
    "a file more": (_with("logs/x.txt", lambda one: b"x"), "resource-unlisted"),
    "index taken out": (_also(_without(INDEX), again), "index-missing"),
    "index emptied": (_also(_with(INDEX, lambda one: b""), again), "record-unindexed"),
    "index shuffled": (_also(_with(INDEX, _reversed_lines), again), "index-unsorted"),
    "index elsewhere": (_also(_swap(INDEX, b'"offset":"', b'"offset":"1'), again), "index-differs"),
    "index of another address": (_also(_swap(INDEX, b"/report?", b"/repose?"), again), "index-differs"),
    "index in another key": (_also(_swap(INDEX, b"a=1&b=2 ", b"a=1 "), again), "index-differs"),
    "index at another time": (_also(_swap(INDEX, b" 2026", b" 2025"), again), "index-differs"),
    "index no JSON": (_also(_swap(INDEX, b"{", b"["), again), "index-damaged"),
    "pages taken out": (_also(_without(PAGES), again), "pages-missing"),
    "pages emptied": (_also(_with(PAGES, lambda one: one.splitlines(keepends=True)[0]), again), "pages-missing"),
    "page elsewhere": (_also(_swap(PAGES, b"/report", b"/other"), again), "page-not-held"),
    "pages no JSON": (_also(_with(PAGES, lambda one: one + b"{"), again), "pages-damaged"),
    "length of a file": (_also(again, _swap(PACKAGE, b'"bytes": ', b'"bytes": 1')), "resource-size-differs"),
    "digest in another way": (_swap(PACKAGE, b'"hash":"sha256:', b'"hash":"crc:'), "resource-hash-unknown"),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_is_named(sample: Path, tmp_path: Path, name: str) -> None:
    damage, code = EDITS[name]
    path = pack(tmp_path / "edited.wacz", damage(members(sample)))
    assert code in {problem.code for problem in read_wacz(path).problems}


def test_a_deflated_archive_is_named(sample: Path, tmp_path: Path) -> None:
    path = pack(tmp_path / "deflated.wacz", members(sample), deflated=[WARC])
    assert [problem.code for problem in read_wacz(path).problems] == ["archive-deflated"]


def test_a_forgery_that_fits_within_is_known_from_outside_only(sample: Path, tmp_path: Path) -> None:
    _, made = make_wacz(tmp_path)
    path = pack(tmp_path / "forged.wacz", again(_swap(PAGES, b"rain", b"snow")(members(sample))))
    assert read_wacz(path).ok
    assert [one.code for one in read_wacz(path, expected=made.package_sha256).problems] == ["not-the-one"]


def test_any_flipped_byte_is_seen(sample: Path, tmp_path: Path) -> None:
    content = sample.read_bytes()
    made = hashlib.sha256(members(sample)[PACKAGE]).hexdigest()
    path = tmp_path / "flipped.wacz"
    unseen = []
    for at in range(0, len(content), 101):
        path.write_bytes(_flip(at)(content))
        if read_wacz(path, expected=f"sha256:{made}").ok:
            unseen.append(at)
    # What a zip says of dates, versions and rights is no part of what the package vouches for.
    assert len(unseen) <= len(content) // 101 // 20

"""What the recorder kept of a page becomes a WACZ, and of anything else a WARC."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.http.recorded import work
from collectors.http.recorded_answer import WACZ_FILE, WARC_FILE, RecordedPage, WarcMade, WarcRequest
from collectors.wacz.reading import read_wacz
from containment.spool import Kind, Spool

OPENED = {"scheme": "http", "host": "site.example", "port": 80, "address": "93.184.216.34"}
GET = b"GET /a HTTP/1.1\r\nHost: site.example\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nbody"


def record(folder: Path, *pages: RecordedPage, more: bytes = b"") -> WarcMade:
    inputs, out = folder / "in", folder / "out"
    inputs.mkdir()
    out.mkdir()
    spool = Spool(inputs / "spool", 1 << 30)
    strand = spool.open(OPENED)
    strand.put(Kind.UP, GET)
    strand.put(Kind.DOWN, OK + more)
    strand.end({"client": "closed", "server": "closed", "broken": ""})
    spool.close()
    return WarcMade.model_validate(work(WarcRequest(spool="spool", pages=pages).plain(), inputs, out))


def test_a_page_is_kept_in_a_wacz_and_nowhere_else(tmp_path: Path) -> None:
    page = RecordedPage(locator="http://site.example/a#below", title="A page", text="body")
    made = record(tmp_path, page, more=b"unread")
    assert made.is_wacz
    assert {path.name for path in (tmp_path / "out/record").iterdir()} == {"wire.wacz"}
    found = read_wacz(tmp_path / "out" / WACZ_FILE)
    assert found.ok, found.problems
    (held,) = found.pages
    assert (held.locator, held.title, held.time[:2]) == (page.locator, "A page", "20")
    assert found.fidelity == {"wire.warc.gz": "wire"}


@pytest.mark.parametrize("pages", [(), (RecordedPage(locator="http://site.example/elsewhere"),)])
def test_without_a_page_in_it_it_stays_a_warc(tmp_path: Path, pages: tuple[RecordedPage, ...]) -> None:
    assert not record(tmp_path, *pages).is_wacz
    assert {path.name for path in (tmp_path / "out/record").iterdir()} == {Path(WARC_FILE).name}

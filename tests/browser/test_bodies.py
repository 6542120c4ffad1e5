"""Bodies out of the record of what passed, and what becomes of an answer that waits for them. No browser is started."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sites.pages import document

from casefile.digests import sha256
from casefile.model import Contact, Exchange, Received, ReceivedFile, ReceivedItem, Wanted
from casefile.vocabulary import Cause, Fidelity, FileKind, Outcome, Role
from collectors.browser.causes import cause_of
from collectors.browser.difference import difference
from collectors.browser.hints import languages, metadata_of
from collectors.http.recorded import work
from collectors.http.recorded_answer import Body, WarcMade, WarcRequest
from containment.spool import Kind, Spool
from pipelines.recorded import explained, with_record
from pipelines.recording import Recorded

PAGE = "http://site.example/page"
OPENED = {"scheme": "http", "host": "site.example", "port": 80, "address": "93.184.216.34"}
ASKED = b"GET /page HTTP/1.1\r\nHost: site.example\r\n\r\n"
MOMENT = "2026-11-30T12:00:00.000000Z"


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def recorded(folder: Path, answers: list[bytes], *wanted: Wanted, most: int = 1 << 20) -> WarcMade:
    inputs, out = folder / "in", folder / "out"
    inputs.mkdir()
    out.mkdir()
    spool = Spool(inputs / "spool", 1 << 30)
    for one in answers:
        strand = spool.open(OPENED)
        strand.put(Kind.UP, ASKED)
        strand.put(Kind.DOWN, one)
        strand.end({"client": "closed", "server": "closed", "broken": ""})
    spool.close()
    return WarcMade.model_validate(
        work(WarcRequest(spool="spool", wanted=wanted, max_body_bytes=most).plain(), inputs, out)
    )


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        (Wanted(path="files/0001", locator=PAGE, status=200), b"the first"),
        (Wanted(path="files/0001", locator=PAGE, status=200, nth=1), b"the second"),
        (Wanted(path="files/0001", locator=PAGE + "#part", status=503), b"not now"),
    ],
)
def test_a_body_is_of_the_answer_that_was_shown_and_of_no_other(wanted: Wanted, body: bytes, tmp_path: Path) -> None:
    answers = [answer(b"not now", "503 Later"), answer(b"the first"), answer(b"the second")]
    (found,) = recorded(tmp_path, answers, wanted).bodies
    assert (tmp_path / "out/files/0001").read_bytes() == body
    assert (found.wire_sha256, found.wire_bytes, found.cause) == (sha256(body), len(body), None)


def test_framing_and_codings_are_taken_off_and_the_digest_is_of_what_was_sent(tmp_path: Path) -> None:
    packed = gzip.compress(b"a page " * 100, mtime=0)
    chunks = [f"{len(one):x}\r\n".encode() + one for one in (packed[:20], packed[20:], b"")]
    chunked = b"\r\n".join((*chunks, b""))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    wanted = Wanted(path="files/0001", locator=PAGE, status=200)
    (found,) = recorded(tmp_path, [head + chunked], wanted).bodies
    assert (tmp_path / "out/files/0001").read_bytes() == b"a page " * 100
    assert (found.wire_sha256, found.wire_bytes, found.reconstructed) == (sha256(packed), len(packed), True)


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (answer(b"x" * 50)[:-20], Cause.TRUNCATED),
        (answer(gzip.compress(b"y" * 500)[:-9], "200 OK", "Content-Encoding: gzip"), Cause.ENCODING_DAMAGED),
        (answer(gzip.compress(b"z" * 5000), "200 OK", "Content-Encoding: gzip"), Cause.TOO_LARGE),
        (answer(b"?", "200 OK", "Content-Encoding: own"), Cause.ENCODING_DAMAGED),
    ],
)
def test_what_is_wrong_with_a_body_is_said_and_what_came_is_kept(sent: bytes, cause: Cause, tmp_path: Path) -> None:
    wanted = Wanted(path="files/0001", locator=PAGE, status=200)
    (found,) = recorded(tmp_path, [sent], wanted, most=1000).bodies
    assert found.cause is cause
    assert 0 < (tmp_path / "out/files/0001").stat().st_size <= 1000


def received(*paths: str) -> Received:
    rendered = ReceivedFile(
        path="page/dom.html",
        kind=FileKind.DERIVATIVE,
        fidelity=Fidelity.RECONSTRUCTED,
        media_type="text/html",
        derived_from=("files/0001",),
        command=("x",),
    )
    items = tuple(ReceivedItem(locator=PAGE, role=Role.PAGE, files=(path,)) for path in paths)
    wanted = tuple(Wanted(path=path, locator=PAGE, status=200) for path in paths)
    return Received(outcome=Outcome.CAPTURED, files=(rendered,), items=items, wanted=wanted)


def body(path: str, cause: Cause | None = None) -> Body:
    return Body(
        path=path, media_type="text/html", reconstructed=False, wire_sha256="sha256:0", wire_bytes=1, cause=cause
    )


def test_a_body_that_is_not_in_the_record_is_never_passed_over() -> None:
    whole = with_record(received("files/0001", "files/0002"), Recorded(None, (body("files/0001"), body("files/0002"))))
    assert (whole.outcome, len(whole.items), whole.wanted) == (Outcome.CAPTURED, 2, ())
    lacking = with_record(received("files/0001", "files/0002"), Recorded(None, (body("files/0001"),)))
    assert (lacking.outcome, lacking.cause, len(lacking.items)) == (Outcome.PARTIAL, Cause.PARTS_MISSING, 1)
    rendered = with_record(received("files/0001"), Recorded(None))
    assert (rendered.outcome, rendered.items[0].files) == (Outcome.PARTIAL, ("page/dom.html",))
    assert rendered.files[0].kind is FileKind.CONTENT
    cut = with_record(received("files/0001"), Recorded(None, (body("files/0001", Cause.TRUNCATED),)))
    assert (cut.outcome, cut.cause) == (Outcome.PARTIAL, Cause.TRUNCATED)


@pytest.mark.parametrize(
    ("told", "ending"),
    [
        ({"refused": "not-public 10.0.0.1 private"}, (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)),
        ({"refused": "certificate: expired"}, (Outcome.FAILED, Cause.TLS)),
        ({"failed": "dns"}, (Outcome.FAILED, Cause.DNS)),
        ({}, (Outcome.FAILED, Cause.RESET)),
    ],
)
def test_why_a_tunnel_did_not_come_about_is_the_brokers_to_say(
    told: dict[str, str], ending: tuple[Outcome, Cause]
) -> None:
    asked = Exchange(method="GET", locator="https://site.example/", started_at=MOMENT, ended_at=MOMENT)
    failed = Received(outcome=Outcome.FAILED, cause=Cause.RESET, exchanges=(asked,))
    contact = Contact(host="site.example", port=443, started_at=MOMENT, ended_at=MOMENT, **told)  # type: ignore[arg-type]
    said = explained(failed, (contact,))
    assert (said.outcome, said.cause) == ending


def test_what_scripts_added_and_took_away_is_told_and_what_they_moved_is_not() -> None:
    sent = document("<p>one<p>two<p>three")
    shown = document("<p>three<p>one<p>new")
    assert difference(sent, shown).splitlines() == ["- <p>two", "+ <p>new"]
    assert difference(sent, sent) == ""


def test_a_browser_says_the_same_of_itself_in_every_place() -> None:
    hints = metadata_of(
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.1.2 Safari/1"
    )
    assert {one["version"] for one in hints["brands"]} == {"139", "99"}
    assert hints["platform"] == "Windows"
    assert metadata_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0") == {}
    assert languages("my, ar;q=0.8,*;q=0.1") == "my,ar,*"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("net::ERR_NAME_NOT_RESOLVED", Cause.DNS),
        ("net::ERR_CERT_DATE_INVALID", Cause.TLS),
        ("net::ERR_CONNECTION_RESET", Cause.RESET),
        ("net::ERR_HTTP2_PROTOCOL_ERROR", Cause.RESET),
        ("net::ERR_CONTENT_LENGTH_MISMATCH", Cause.TRUNCATED),
        ("net::ERR_SOMETHING_NEW", Cause.TOOL_FAILED),
    ],
)
def test_the_browsers_names_for_failures_have_their_causes(said: str, cause: Cause) -> None:
    assert cause_of(said) is cause

"""The files of a post, asked for through a broker that a test stands in for: one that goes wrong costs no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from casefile.settings import CaptureSettings
from casefile.vocabulary import Cause, Outcome
from collectors.gallery import capture as gallery
from collectors.gallery.receiving import Came, Receiver
from collectors.interface import CaptureRequest
from pipelines.fetching import capture_request

PICTURE = b"\xff\xd8\xff a picture"
SITE = "http://site.example"


class Broker(BaseHTTPRequestHandler):
    """Answers in the place of every site, as a proxy is asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        length = {"/drip.jpg": 1 << 20, "/short.jpg": 100}.get(self.path.removeprefix(SITE), len(PICTURE))
        away = self.path.endswith("/away.jpg")
        self.send_response(302 if away else 200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(length))
        if away:
            self.send_header("Location", "ftp://127.0.0.1/x.jpg")
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(PICTURE)
            while self.path.endswith("/drip.jpg"):
                time.sleep(0.02)
                self.wfile.write(b"x")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def asked() -> Iterator[tuple[CaptureRequest, list[str]]]:
    """A request that goes through the broker, and what it was asked for."""
    seen: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Seeing", (Broker,), {"asked": seen})) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        request = capture_request(f"{SITE}/post", CaptureSettings())
        yield request.model_copy(update={"proxy": f"http://127.0.0.1:{server.server_address[1]}"}), seen
        server.shutdown()


def received(request: CaptureRequest, *paths: str, seconds: float = 20, **limits: int) -> list[Came]:
    request = request.model_copy(update={"limits": request.limits.model_copy(update=limits)})
    return list(Receiver.of(request, time.monotonic() + seconds).each([SITE + path for path in paths]))


def test_a_picture_that_drips_is_left_and_the_others_come(asked: tuple[CaptureRequest, list[str]]) -> None:
    request, _ = asked
    slow = {"minimum_rate_bytes_s": 1 << 20, "minimum_rate_window_s": 0}
    came = received(request, "/drip.jpg", "/b.jpg", **slow)
    assert [bool(one.wanted) for one in came] == [True, True], "what came of the first is in the record too"
    assert came[0].problem == "fewer than 1048576 bytes a second, and left"
    assert came[1].exchange is not None
    assert came[1].exchange.wire_bytes == len(PICTURE)


def test_what_is_not_asked_for_any_more_is_listed(asked: tuple[CaptureRequest, list[str]]) -> None:
    request, seen = asked
    came = received(request, "/a.jpg", "/drip.jpg", "/b.jpg", "/c.jpg", seconds=0.4)
    assert [one.problem for one in came] == [
        "",
        "the limit of bytes or of time was reached",
        *["not asked for: the limit of bytes or of time was reached before it"] * 2,
    ]
    assert seen == [f"{SITE}/a.jpg", f"{SITE}/drip.jpg"]
    assert [one.locator for one in came if one.exchange is None] == [f"{SITE}/b.jpg", f"{SITE}/c.jpg"]


def test_addresses_with_blanks_and_other_letters_are_asked_for(asked: tuple[CaptureRequest, list[str]]) -> None:
    request, seen = asked
    came = received(request, "/a b.jpg", "/\u043c\u043e\u0441\u0442.jpg", "/\x00.jpg")
    assert seen == [f"{SITE}/a%20b.jpg", f"{SITE}/%D0%BC%D0%BE%D1%81%D1%82.jpg"]
    assert [one.wanted.locator for one in came if one.wanted] == seen
    assert [bool(one.problem) for one in came] == [False, False, True]


def test_no_redirect_leads_to_another_scheme_and_what_breaks_off_is_said(
    asked: tuple[CaptureRequest, list[str]],
) -> None:
    request, _ = asked
    away, short = received(request, "/away.jpg", "/short.jpg")
    assert away.wanted is None
    assert away.problem
    assert short.problem == f"broke off, {100 - len(PICTURE)} bytes before its end"
    opener = Receiver.of(request, 0).opener
    for address in ("file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"):
        with pytest.raises(OSError, match="unknown url type"):
            opener.open(address)


def test_where_nothing_records_nothing_is_asked_for(
    asked: tuple[CaptureRequest, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request, seen = asked
    monkeypatch.setattr(gallery, "find", lambda *_: pytest.fail("gallery-dl was started"))
    told = gallery.capture(request, tmp_path)
    assert (told.outcome, told.cause) == (Outcome.FAILED, Cause.TOOL_MISSING)
    assert "bubblewrap" in told.advice
    assert seen == []

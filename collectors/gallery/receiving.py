"""The files that gallery-dl named, asked for one by one through the broker, which keeps what passes.

Each has its own end: one that drips, breaks off or is refused costs itself and no other. What is not asked for any
more, since the time or the bytes of the capture are used up, is listed as such.
"""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from urllib.parse import unquote, urlsplit

import certifi

from casefile.clock import rfc3339
from casefile.model import Exchange, ReceivedItem, Wanted, readable
from casefile.vocabulary import Content, Role
from collectors.interface import CaptureLimits, CaptureRequest
from collectors.locators import RefusedLocator, parse_locator

FIRST = 2
"""The number of the first file; what gallery-dl says of the post is the one before."""
BLOCK_BYTES = 1 << 16
PAGE_FOR_A_FILE = "a page came in the place of a file"


@dataclass(frozen=True, slots=True)
class Came:
    """One file that was named, and what became of it: `wanted` where its bytes are in the record."""

    locator: str
    problem: str = ""
    exchange: Exchange | None = None
    wanted: Wanted | None = None
    item: ReceivedItem | None = None


@dataclass(slots=True)
class Receiver:
    """What all files of a post share: the way out, and what may still be spent. `deadline` is monotonic time."""

    asked: CaptureRequest
    deadline: float
    left_bytes: int
    opener: urllib.request.OpenerDirector

    @classmethod
    def of(cls, asked: CaptureRequest, deadline: float) -> Receiver:
        return cls(asked, deadline, asked.limits.max_bytes, opener_for(asked))

    def each(self, files: Sequence[str]) -> Iterator[Came]:
        """Every file in its order, asked for or not."""
        for number, locator in enumerate(files, FIRST):
            place = parse_locator(locator)
            if isinstance(place, RefusedLocator):
                yield Came(readable(locator, 65_536), f"not asked for: {place.reason}")
            elif time.monotonic() >= self.deadline or self.left_bytes <= 0:
                yield Came(place.text, "not asked for: the limit of bytes or of time was reached before it")
            else:
                yield self._ask(place.text, f"files/{number:04d}")

    def _ask(self, locator: str, path: str) -> Came:
        began = _now()
        came = _Answer(locator)
        headers = {"User-Agent": self.asked.user_agent, "Accept-Language": self.asked.accept_language}
        try:
            request = urllib.request.Request(locator, headers=headers)  # noqa: S310  (http and https alone come here)
            wait_s = min(self.asked.limits.connect_timeout_s, max(self.deadline - time.monotonic(), 0.1))
            with self.opener.open(request, timeout=wait_s) as answer:
                came.take(answer, self.asked.limits, (self.left_bytes, self.deadline))
        except urllib.error.HTTPError as error:
            came.status, came.problem = error.code, f"status {error.code}"
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            came.problem = f"failed: {type(error).__name__}: {error}"
        self.left_bytes -= came.received
        return came.told(began, path)


@dataclass(slots=True)
class _Answer:
    """An answer as far as it came; `locator` is where redirects led."""

    locator: str
    status: int = 0
    declared: str = ""
    received: int = 0
    problem: str = ""

    def take(self, answer: HTTPResponse, limits: CaptureLimits, bounds: tuple[int, float]) -> None:
        """Take the bytes, which the broker records; more than the bounds allow is left."""
        most_bytes, deadline = bounds
        self.status, self.locator = int(answer.status), str(answer.url)
        self.declared = str(answer.headers.get("Content-Type", ""))
        began = time.monotonic()
        # What is there is taken at once: to wait for a full block is to wait for as long as a drip likes.
        while block := answer.read1(BLOCK_BYTES):
            self.received += len(block)
            now = time.monotonic()
            slow_s = now - began
            if self.received > most_bytes or now > deadline:
                self.problem = "the limit of bytes or of time was reached"
                return
            if slow_s > limits.minimum_rate_window_s and self.received < limits.minimum_rate_bytes_s * slow_s:
                self.problem = f"fewer than {limits.minimum_rate_bytes_s} bytes a second, and left"
                return
        if answer.length:
            self.problem = f"broke off, {answer.length} bytes before its end"

    def told(self, began: str, path: str) -> Came:
        """What became of it."""
        exchange = Exchange(
            method="GET",
            locator=readable(self.locator, 65_536),
            status=self.status,
            redirect_to="",
            declared_media_type=readable(self.declared, 255),
            content_encoding="",
            wire_bytes=self.received,
            started_at=began,
            ended_at=_now(),
            error=readable(self.problem, 300),
        )
        place = exchange.locator
        if self.status != 200 or not self.received:
            problem = self.problem or (f"status {self.status}" if self.status != 200 else "nothing came")
            return Came(place, problem, exchange)
        is_page = self.declared.strip().lower().startswith(("text/html", "application/xhtml"))
        item = ReceivedItem(
            locator=place,
            role=Role.OTHER if is_page else _role(self.declared),
            files=(path,),
            name=readable(unquote(urlsplit(self.locator).path.rpartition("/")[2], errors="replace"), 255),
            content=Content.DOUBTFUL if is_page else Content.PRESENT,
            content_reason=PAGE_FOR_A_FILE if is_page else "",
        )
        problem = self.problem or (PAGE_FOR_A_FILE if is_page else "")
        return Came(place, problem, exchange, Wanted(path=path, locator=self.locator, status=200), item)


def opener_for(asked: CaptureRequest) -> urllib.request.OpenerDirector:
    """What asks through the broker, by http and https and no other scheme, wherever a redirect leads."""
    redirects = urllib.request.HTTPRedirectHandler()
    redirects.max_redirections = asked.limits.max_redirects  # type: ignore[misc]  # urllib reads it so
    secured = ssl.create_default_context(cafile=certifi.where())
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({"http": asked.proxy, "https": asked.proxy}),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=secured),
        redirects,
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _role(declared: str) -> Role:
    kind = declared.partition("/")[0].strip().lower()
    return {"video": Role.VIDEO, "audio": Role.AUDIO, "image": Role.PICTURE}.get(kind, Role.OTHER)


def _now() -> str:
    return rfc3339(datetime.now(UTC))

"""The worker of the method `gallerydl`: one post to its pictures, each received here, kept out of the broker's record.

gallery-dl finds the addresses. The bytes of each answer are taken out of the record of what passed, like those of a
page that a browser shows, so that no tool's file is believed.
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi

from casefile.canonical import Json
from casefile.clock import rfc3339
from casefile.model import Exchange, Received, ReceivedFile, ReceivedItem, ToolUse, Wanted, readable
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role
from collectors.gallery.finding import Found, find
from collectors.interface import CaptureRequest
from collectors.locators import Locator, RefusedLocator, parse_locator
from collectors.outcomes import advice, outcomes_of
from containment.programs import ToolFailed

ANSWER = "files/0001"
"""What gallery-dl says of the post."""
FIRST = 2
BLOCK_BYTES = 1 << 20
PAGE_FOR_A_FILE = "a page came in the place of a file"
POST_TEXTS = ("content", "description", "text", "caption", "title")


@dataclass(frozen=True, slots=True)
class Came:
    """One file that was named, and what became of it: `wanted` where its bytes are in the record."""

    exchange: Exchange
    problem: str = ""
    wanted: Wanted | None = None
    item: ReceivedItem | None = None


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture `request` (CaptureRequest) below `out`; the answer is a Received. Nothing is read from `inputs`."""
    return capture(CaptureRequest.model_validate(request), out).plain()


def capture(asked: CaptureRequest, out: Path) -> Received:
    """The same as values. Whatever the tool or a site does ends in a Received with a cause."""
    place = parse_locator(asked.locator)
    if isinstance(place, RefusedLocator):
        return _without(asked, place.cause, place.reason)
    if not asked.proxy:
        return _without(asked, Cause.TOOL_FAILED, "there is no egress broker to go through")
    deadline = time.monotonic() + asked.limits.deadline_s
    try:
        found = find(asked, place.text, out)
    except ToolFailed as failed:
        cause = Cause.TIMEOUT if failed.end == "timeout" else Cause.TOOL_FAILED
        return _without(asked, cause, str(failed))
    if not found.told:
        return _without(asked, found.cause or Cause.EXTRACTOR_STALE, found.detail or "gallery-dl found nothing there")
    return _result(asked, place, out, found, list(_receive_each(asked, found.files, deadline)))


def _receive_each(asked: CaptureRequest, files: Sequence[str], deadline: float) -> Iterator[Came]:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": asked.proxy, "https": asked.proxy}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certifi.where())),
    )
    left = asked.limits.max_bytes
    for number, locator in enumerate(files, FIRST):
        came = _receive(opener, asked, locator, f"files/{number:04d}", (left, deadline))
        left -= came.exchange.wire_bytes
        yield came


def _receive(
    opener: urllib.request.OpenerDirector, asked: CaptureRequest, locator: str, path: str, bounds: tuple[int, float]
) -> Came:
    """Ask for one file and take its bytes, which the broker records; more than the bounds allow is left."""
    most_bytes, deadline = bounds
    began, status, final, declared, received, problem = _now(), 0, locator, "", 0, ""
    headers = {"User-Agent": asked.user_agent, "Accept-Language": asked.accept_language}
    try:
        request = urllib.request.Request(locator, headers=headers)  # noqa: S310  (http and https alone come here)
        with opener.open(request, timeout=asked.limits.connect_timeout_s) as answer:
            status, final = int(answer.status), str(answer.url)
            declared = str(answer.headers.get("Content-Type", ""))
            while block := answer.read(BLOCK_BYTES):
                received += len(block)
                if received > most_bytes or time.monotonic() > deadline:
                    problem = "the limit of bytes or of time was reached"
                    break
    except urllib.error.HTTPError as error:
        status, problem = error.code, f"status {error.code}"
        error.close()
    except (OSError, HTTPException, ValueError) as error:
        problem = f"failed: {type(error).__name__}: {error}"
    exchange = Exchange(
        method="GET",
        locator=readable(final, 65_536),
        status=status,
        redirect_to="",
        declared_media_type=readable(declared, 255),
        content_encoding="",
        wire_bytes=received,
        started_at=began,
        ended_at=_now(),
        error=readable(problem, 300),
    )
    if status != 200 or not received:
        return Came(exchange, problem or (f"status {status}" if status != 200 else "nothing came"))
    is_page = declared.strip().lower().startswith(("text/html", "application/xhtml"))
    item = ReceivedItem(
        locator=readable(final, 65_536),
        role=Role.OTHER if is_page else _role(declared),
        files=(path,),
        name=readable(unquote(urlsplit(final).path.rpartition("/")[2], errors="replace"), 255),
        content=Content.DOUBTFUL if is_page else Content.PRESENT,
        content_reason=PAGE_FOR_A_FILE if is_page else "",
    )
    problem = problem or (PAGE_FOR_A_FILE if is_page else "")
    return Came(exchange, problem, Wanted(path=path, locator=final, status=200), item)


def _result(asked: CaptureRequest, place: Locator, out: Path, found: Found, came: Sequence[Came]) -> Received:
    answer = json.dumps(found.messages, ensure_ascii=False, indent=1)
    (out / ANSWER).parent.mkdir(exist_ok=True)
    (out / ANSWER).write_text(answer, "utf-8", errors="replace")
    file = ReceivedFile(
        path=ANSWER, kind=FileKind.CONTENT, fidelity=Fidelity.RECONSTRUCTED, media_type="application/json"
    )
    told = found.told[0]
    post = ReceivedItem(
        locator=place.text,
        role=Role.POST,
        files=(ANSWER,),
        media_type="application/json",
        title=readable(str(told.get("title") or ""), 1000),
        text=readable(next((str(told[name]) for name in POST_TEXTS if isinstance(told.get(name), str)), ""), 60_000),
        content=Content.PRESENT,
    )
    problems = [f"{one.exchange.locator}: {one.problem}" for one in came if one.problem]
    problems += [f"{found.beyond} files beyond the first {len(found.files)}"] if found.beyond else []
    problems += [f"not asked for, since no address of a file: {one[:200]}" for one in found.elsewhere]
    problems += [found.detail] if found.cause else []
    return Received(
        outcome=Outcome.PARTIAL if problems else Outcome.CAPTURED,
        cause=Cause.PARTS_MISSING if problems else None,
        advice=advice(Cause.PARTS_MISSING) if problems else "",
        detail=readable("; ".join(problems)),
        suggests="ytdlp" if any(one.startswith("ytdl:") for one in found.elsewhere) else "",
        files=(file,),
        items=(post, *(one.item for one in came if one.item is not None)),
        exchanges=tuple(one.exchange for one in came),
        tools=(_tool(),),
        wanted=tuple(one.wanted for one in came if one.wanted is not None),
    )


def _without(asked: CaptureRequest, cause: Cause, detail: str) -> Received:
    outcome = Outcome.REFUSED if Outcome.REFUSED in outcomes_of(cause) else Outcome.FAILED
    # What the broker refused or could not reach it says itself, of the last place that was asked for.
    moment = _now()
    asked_for = Exchange(
        method="GET", locator=readable(asked.locator, 65_536), status=0, started_at=moment, ended_at=moment
    )
    return Received(
        outcome=outcome,
        cause=cause,
        detail=readable(detail),
        advice=advice(cause),
        exchanges=(asked_for,) if cause is Cause.RESET else (),
        tools=(_tool(),),
    )


def _tool() -> ToolUse:
    return ToolUse(name="gallery-dl", version=version("gallery-dl"))


def _role(declared: str) -> Role:
    kind = declared.partition("/")[0].strip().lower()
    return {"video": Role.VIDEO, "audio": Role.AUDIO, "image": Role.PICTURE}.get(kind, Role.OTHER)


def _now() -> str:
    return rfc3339(datetime.now(UTC))

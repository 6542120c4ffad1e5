"""The worker of the method `gallerydl`: one post to its pictures, each received here, kept out of the broker's record.

gallery-dl finds the addresses. The bytes of each answer are taken out of the record of what passed, like those of a
page that a browser shows, so that no tool's file is believed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from casefile.canonical import Json
from casefile.clock import rfc3339
from casefile.model import Exchange, Received, ReceivedFile, ReceivedItem, ToolUse, readable
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role
from collectors.gallery.finding import Found, find
from collectors.gallery.receiving import Came, Receiver
from collectors.interface import CaptureRequest
from collectors.locators import Locator, RefusedLocator, parse_locator
from collectors.outcomes import advice, outcomes_of
from containment.chains import recorder_key
from containment.programs import ToolFailed

ANSWER = "files/0001"
"""What gallery-dl says of the post."""
NO_RECORD = "this method needs full containment: without it nothing records what passes, and there are no files to keep"
NO_CONTAINMENT = (
    "Install bubblewrap (see `casefile doctor`): the pictures of a post are taken in full containment only."
)
POST_TEXTS = ("content", "description", "text", "caption", "title")


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture `request` (CaptureRequest) below `out`; the answer is a Received. Nothing is read from `inputs`."""
    return capture(CaptureRequest.model_validate(request), out).plain()


def capture(asked: CaptureRequest, out: Path) -> Received:
    """The same as values. Whatever the tool or a site does ends in a Received with a cause."""
    place = parse_locator(asked.locator)
    if isinstance(place, RefusedLocator):
        return _without(asked, place.cause, place.reason)
    if not asked.proxy or not recorder_key():
        return _without(asked, Cause.TOOL_MISSING, NO_RECORD)
    deadline = time.monotonic() + asked.limits.deadline_s
    try:
        found = find(asked, place.text, out)
    except ToolFailed as failed:
        cause = Cause.TIMEOUT if failed.end == "timeout" else Cause.TOOL_FAILED
        return _without(asked, cause, str(failed))
    if not found.told:
        return _without(asked, found.cause or Cause.EXTRACTOR_STALE, found.detail or "gallery-dl found nothing there")
    return _result(asked, place, out, found, list(Receiver.of(asked, deadline).each(found.files)))


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
    problems = [f"{one.locator}: {one.problem}" for one in came if one.problem]
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
        exchanges=tuple(one.exchange for one in came if one.exchange is not None),
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
        advice=NO_CONTAINMENT if detail == NO_RECORD else advice(cause),
        exchanges=(asked_for,) if cause is Cause.RESET else (),
        tools=(_tool(),),
    )


def _tool() -> ToolUse:
    return ToolUse(name="gallery-dl", version=version("gallery-dl"))


def _now() -> str:
    return rfc3339(datetime.now(UTC))

"""The worker that looks at an identity's canary: a page that shows a text to whoever is logged in, and to nobody else.

Nothing of the page is kept: it is the account's own, and names it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

from casefile.canonical import Json
from casefile.model import Received
from casefile.vocabulary import Cause, Outcome
from collectors.content import Signs, judge_content
from collectors.http.canary_answer import CanaryAnswer, CanaryRequest, Session
from collectors.http.capture import CONTENT_FILE, capture
from collectors.http.judging import read_body
from collectors.locators import Locator, parse_locator
from collectors.outcomes import outcomes_of
from collectors.page import decode_text

TOO_MANY_REQUESTS = 429
"""RFC 6585 section 4."""
SERVER_FAILED = 500


def work(request: Mapping[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Ask for the canary of `request` (a CanaryRequest); the answer is a CanaryAnswer, and `out` is left empty."""
    asked = CanaryRequest.model_validate(request)
    seen = out / "seen"
    seen.mkdir()
    received = capture(asked.capture.model_copy(update={"proxy": asked.proxy}), seen)
    answer = judge(asked, received, seen)
    _clear(seen)
    return answer.plain()


def judge(asked: CanaryRequest, received: Received, seen: Path) -> CanaryAnswer:
    """What an answer shows: the text outranks everything, a challenge its absence, and only then is a login missing."""
    status = next((one.status for one in reversed(received.exchanges) if one.status), 0)
    if not received.items:
        cause = received.cause or Cause.TOOL_FAILED
        known = cause if Outcome.FAILED in outcomes_of(cause) else Cause.TOOL_FAILED
        return CanaryAnswer(session=Session.UNANSWERED, cause=known, detail=f"the canary gave no answer: {cause}")
    item = received.items[0]
    content = (seen / CONTENT_FILE).read_bytes()
    shown = decode_text(content, item.declared_media_type)
    if asked.text in shown or asked.text in html.unescape(shown) or asked.text in item.text:
        return CanaryAnswer(session=Session.GOOD)
    if status == TOO_MANY_REQUESTS or _is_challenge(received, seen):
        return CanaryAnswer(session=Session.CHALLENGED, detail=f"the canary answered with a challenge, status {status}")
    if status >= SERVER_FAILED or received.outcome is Outcome.PARTIAL:
        said = f"the canary's answer tells nothing, status {status}"
        return CanaryAnswer(session=Session.UNANSWERED, cause=Cause.TOOL_FAILED, detail=said)
    return CanaryAnswer(session=Session.EXPIRED, detail=f"the canary does not show its text, status {status}")


def _is_challenge(received: Received, seen: Path) -> bool:
    """Whether it is a challenge, whatever its status says."""
    item = received.items[0]
    place = parse_locator(item.locator)
    if item.content_reason.startswith("challenge") or not isinstance(place, Locator):
        return item.content_reason.startswith("challenge")
    reading = read_body(seen / CONTENT_FILE, item.declared_media_type)
    signs = Signs(
        asked=place,
        final=place,
        decoded_bytes=(seen / CONTENT_FILE).stat().st_size,
        media_type=reading.media_type,
        title=reading.page.title,
        text=reading.page.text,
        media=reading.page.media,
        marks=reading.page.marks,
    )
    return judge_content(signs).reason.startswith("challenge")


def _clear(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()

"""The worker of the method `browser`: one page, one navigation, one browser that ends with it.

The page's own bytes and those of its pictures are not taken from the browser but from the broker's record of what
passed: this worker only says which of them are what it showed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from casefile.canonical import Json
from casefile.errors import ToolMissing
from casefile.model import Received, ReceivedFile, ToolUse
from casefile.vocabulary import Cause, Fidelity, FileKind
from collectors.browser.answer import Ended, failure, result_of
from collectors.browser.chromium import Started, started
from collectors.browser.driving import BY_PERSON, Driven, Driving
from collectors.browser.embedded import Medium, embedded
from collectors.browser.evidence import Evidence, Wishes, whole_text
from collectors.browser.protocol import BrowserGone, CallFailed, OutOfTime
from collectors.browser.visit import NotShown, Visit, open_visit
from collectors.interface import CaptureRequest
from collectors.locators import RefusedLocator, parse_locator
from collectors.withheld import secrets_of, withhold
from containment.chains import recorder_key
from containment.channel import Channel

PAGE_S = 150
"""For one page from start to end, at most."""
WINDOW = (1280, 800)
RECORD = "record/browser.json"
REQUESTS = "record/requests.jsonl"
INPUT = "record/input.jsonl"


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture `request` (CaptureRequest) below `out`; the answer is a Received. Nothing is read from `inputs`."""
    return capture(CaptureRequest.model_validate(request), out).plain()


def capture(asked: CaptureRequest, out: Path, channel: Channel | None = None) -> Received:
    """The same as values. Whatever the page or the browser does ends in a Received with a cause.

    With a `channel` a person drives the page before it is taken.
    """
    locator = parse_locator(asked.locator)
    if isinstance(locator, RefusedLocator):
        return failure(NotShown(locator.cause, locator.reason), None)
    if not asked.proxy or not recorder_key():
        said = "this method needs full containment: without it nothing records what passes, and nothing holds the page"
        return failure(NotShown(Cause.TOOL_MISSING, said), None)
    deadline = time.monotonic() + min(asked.limits.deadline_s, PAGE_S) + asked.driven_s
    profile = Path(os.environ.get("TMPDIR", "/scratch"), "profile")
    visit: Visit | None = None
    try:
        with started(asked, profile, window_of(asked.viewport), deadline) as browser:
            visit = open_visit(browser.protocol, asked, window_of(asked.viewport))
            wishes, secrets = Wishes(mhtml=asked.mhtml, consent=asked.consent), secrets_of(asked.cookies)
            evidence = Evidence(visit, out, locator.text, wishes, keep=lambda text: withhold(text, secrets))
            return _taken(asked, browser, evidence, channel)
    except NotShown as reason:
        return failure(reason, visit)
    except ToolMissing as error:
        return failure(NotShown(Cause.TOOL_MISSING, str(error)), visit)
    except (BrowserGone, CallFailed) as error:
        return failure(NotShown(Cause.TOOL_FAILED, f"the browser failed: {error}"), visit)
    except OutOfTime as error:
        return failure(NotShown(Cause.TIMEOUT, f"{error} took too long"), visit)


def window_of(viewport: str) -> tuple[int, int]:
    """The size of a viewport written as 1280x800; our own where it is not."""
    width, _, height = viewport.partition("x")
    if width.isdigit() and height.isdigit() and 200 <= int(width) <= 4000 and 200 <= int(height) <= 4000:
        return int(width), int(height)
    return WINDOW


def _taken(asked: CaptureRequest, browser: Started, evidence: Evidence, channel: Channel | None) -> Received:
    visit, still, gone = evidence.visit, True, ""
    driven: Driven | None = None
    try:
        with evidence.step("navigation"):
            visit.navigate(evidence.locator)
        if channel is not None:
            driven = _driven(asked, evidence, channel)
        with evidence.step("loading"):
            visit.load()
        # A page that has loaded is waited for all the same.
        evidence.calibrate()
        with evidence.step("waiting for the page to be still"):
            still = visit.settle()
        evidence.take()
    except BrowserGone as error:
        if not evidence.files:
            raise NotShown(Cause.TOOL_FAILED, f"the browser failed: {error}{_unfinished(driven)}") from error
        gone = str(error)
    except NotShown as reason:
        # An error without a body is an answer all the same; the browser shows a page of its own instead.
        if reason.cause is not Cause.HTTP_STATUS:
            raise
    media = embedded(evidence)
    described = _described(asked, browser, evidence, media, still)
    described |= {"assisted": driven.plain()} if driven else {}
    records = [
        _record(evidence, RECORD, described, "application/json"),
        _record(evidence, REQUESTS, [one.plain() for one in visit.traffic.requests], "application/jsonl"),
    ]
    if driven is not None:
        records.append(_recorded(INPUT, "application/jsonl"))
    remark = f"taken as it stood: {driven.ended_by}" if driven and driven.ended_by != BY_PERSON else ""
    return result_of(asked, evidence, media, tuple(records), Ended(_tool(browser), still, gone, remark))


def _driven(asked: CaptureRequest, evidence: Evidence, channel: Channel) -> Driven | None:
    """What a person did to the page; None where that broke off."""
    driven: Driven | None = None
    place = evidence.out / INPUT
    place.parent.mkdir(exist_ok=True)
    with (
        evidence.step("driven by a person") as step,
        place.open("w", encoding="utf-8", errors="replace", buffering=1) as stream,
    ):
        driving = Driving(
            evidence.visit,
            channel,
            window_of(asked.viewport),
            asked.driven_s,
            lambda event: stream.write(evidence.keep(_line(event))),
        )
        driven = driving.until_finished()
        step.facts |= driven.plain()
    return driven


def _unfinished(driven: Driven | None) -> str:
    """What becomes of a person's part where there is no page to go with it."""
    if driven is None:
        return ""
    return f"; what a person had done to the page until {driven.ended_by} ({len(driven.events)} events) is set aside"


def _tool(browser: Started) -> ToolUse:
    return ToolUse(name="chromium", version=browser.product.rpartition("/")[2][:64], path=browser.program)


def _described(
    asked: CaptureRequest, browser: Started, evidence: Evidence, media: Sequence[Medium], still: bool
) -> dict[str, Any]:
    visit = evidence.visit
    document = visit.document(evidence.loader)
    return {
        "browser": browser.product,
        "program": browser.program,
        "flags": list(browser.flags),
        "sandbox": {
            "browser's own": "off: it needs name spaces that no worker may make",
            "around it": "bubblewrap without capabilities, seccomp, no network but the broker",
            "user": os.getuid(),
        },
        "seen by sites": {
            "user_agent": asked.user_agent,
            "accept_language": asked.accept_language,
            "time_zone": asked.time_zone or "UTC",
            "viewport": list(window_of(asked.viewport)),
            "cookies": len(asked.cookies),
            "own_account_visible": _is_visible(asked, evidence),
        },
        "steps": [one.plain() for one in evidence.steps],
        "answer": {"status": document.status, "headers": dict(document.headers)} if document is not None else {},
        "media": [one.plain() for one in media],
        "became_still": still,
        "answered": dict(visit.notes),
        "websockets_refused": visit.traffic.websockets[:100],
        "requests": len(visit.traffic.requests) + visit.traffic.beyond,
        "requests_unlisted": visit.traffic.beyond,
        "page": {name: value for name, value in evidence.facts.items() if name not in ("text", "framed", "marks")},
    }


def _is_visible(asked: CaptureRequest, evidence: Evidence) -> str:
    """Whether the collector's own account can be read on the page."""
    if not asked.cookies:
        return "no account was used"
    names = [one.casefold() for one in asked.account if len(one) > 2]
    text = whole_text(evidence.facts).casefold()
    if any(one in text for one in names):
        return "yes: its name stands on the page"
    return "its name was not found in the text" if names else "not known: the identity has no name to look for"


def _record(evidence: Evidence, path: str, content: Any, media_type: str) -> ReceivedFile:
    if isinstance(content, Mapping):
        text = json.dumps(content, ensure_ascii=False, indent=1)
    else:
        text = "".join(_line(one) for one in content)
    place = evidence.out / path
    place.parent.mkdir(exist_ok=True)
    place.write_text(evidence.keep(text), "utf-8", errors="replace")
    return _recorded(path, media_type)


def _recorded(path: str, media_type: str) -> ReceivedFile:
    return ReceivedFile(path=path, kind=FileKind.RECORD, fidelity=Fidelity.RECONSTRUCTED, media_type=media_type)


def _line(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False) + "\n"

"""From a visit and its evidence to the answer of the worker: items, what is wanted from the record, and the outcome."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from casefile.model import Received, ReceivedFile, ReceivedItem, ToolUse, Wanted, readable
from casefile.vocabulary import Cause, Content, Outcome
from collectors.altered import Altered
from collectors.browser.causes import cause_of
from collectors.browser.embedded import Medium
from collectors.browser.evidence import RAW, Evidence, whole_text
from collectors.browser.traffic import Request
from collectors.browser.visit import NotShown, Visit
from collectors.content import ContentFinding, Signs, judge_content
from collectors.interface import CaptureRequest
from collectors.locators import Locator, RefusedLocator, parse_locator
from collectors.media_types import declared, role_of
from collectors.named_media import GALLERY_METHOD, MEDIA_METHOD, is_image_post, names_media
from collectors.outcomes import advice, outcomes_of, retry_after_s
from collectors.posts.endpoints import endpoint_of

TEXT_CHARACTERS = 60_000
AUTHORS = ("author", "article:author", "og:article:author", "dc.creator", "twitter:creator")
TIMES = ("article:published_time", "og:article:published_time", "datepublished", "dc.date", "date")
TITLES = ("og:title", "twitter:title")
PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{4,60})"')
HELD = {
    "leaving": ("refused", "navigation", "the page is held where it is once its picture is to be taken"),
    "window": ("refused", "new window", "what a page opens is not followed"),
    "download": ("refused", "download", "files are collected by another method"),
    "service worker": ("refused", "service worker", "it could answer in the site's place"),
}
FILE_METHOD = "http"
MIXED = "mixed-content"
"""Chromium's word for what it does not load."""
NOT_FOR_A_BROWSER = frozenset({Cause.UNSUPPORTED, Cause.TOOL_FAILED, Cause.TOOL_MISSING})
"""Why there is no page: what is there is none, or it was the browser that failed."""
ADVICE = "Collect it with --method http, which keeps files as they are."
NO_CONTAINMENT = "Install bubblewrap (see `casefile doctor`): pages are shown in full containment only."


@dataclass(frozen=True, slots=True)
class Ended:
    """How the visit ended: whether the page became still, and why the browser, which is `tool`, was gone, if it was.

    `remark` is on how the part of a person ended, where it was not they who ended it.
    """

    tool: ToolUse
    still: bool
    gone: str
    remark: str = ""


def result_of(
    asked: CaptureRequest, evidence: Evidence, media: Sequence[Medium], records: tuple[ReceivedFile, ...], ended: Ended
) -> Received:
    """The answer for a page that was shown. Raises NotShown where nothing of it could be taken."""
    visit = evidence.visit
    document = visit.document(evidence.loader) or visit.document()
    if document is None or not (evidence.files or document.status >= 400):
        raise NotShown(Cause.TOOL_FAILED, ended.gone or "nothing of the page could be taken")
    finding = _judge(asked, document, evidence)
    outcome, cause, detail = _ending(document, evidence, finding, ended)
    page = ReceivedItem(
        locator=readable(document.locator, 65_536),
        role=role_of(_media_type(document)),
        files=(RAW,),
        name=readable(unquote(urlsplit(document.locator).path.rpartition("/")[2], errors="replace"), 255),
        media_type=_media_type(document),
        title=readable(evidence.title or _meta(evidence.facts, TITLES), 1000),
        author=readable(_meta(evidence.facts, AUTHORS), 1000),
        claimed_time=readable(_claimed_time(evidence.facts), 1000),
        text=readable(whole_text(evidence.facts), TEXT_CHARACTERS),
        content=finding.content,
        content_reason=readable(finding.reason),
    )
    shown = [one for one in media if one.item is not None]
    wanted = (Wanted(path=RAW, locator=document.locator, status=document.status, nth=document.nth),)
    chain = list(visit.traffic.documents(visit.frame))
    requests = [*chain, *(one.request for one in shown if one.request is not None)]
    return Received(
        outcome=outcome,
        cause=cause,
        detail=readable(detail),
        advice=_advice(cause, document),
        retry_after_s=retry_after_s(document.header("retry-after"), datetime.now(UTC)),
        suggests=_left_behind(asked, document, evidence) if finding.content is Content.PRESENT else "",
        files=(*evidence.files, *records),
        items=(page, *(one.item for one in shown if one.item is not None)),
        exchanges=tuple(one.exchange() for one in requests),
        tools=(ended.tool,),
        alterations=_altered(visit, document),
        wanted=(*wanted, *(one.wanted for one in shown if one.wanted is not None)),
    )


def failure(reason: NotShown, visit: Visit | None) -> Received:
    """The answer where there is no page: the browser's own error page is evidence of nothing and is not kept."""
    outcomes = outcomes_of(reason.cause)
    refused = Outcome.REFUSED in outcomes
    cause = reason.cause
    if not refused and Outcome.FAILED not in outcomes:
        cause = Cause.RESET if cause is Cause.TRUNCATED else Cause.TOOL_FAILED
    told = advice(cause)
    if cause is Cause.UNSUPPORTED and visit is not None:
        told = ADVICE
    elif cause is Cause.TOOL_MISSING and "containment" in reason.detail:
        told = NO_CONTAINMENT
    chain = list(visit.traffic.documents(visit.frame)) if visit is not None else []
    # A page that answers and then holds the browser up has bytes that another method keeps.
    answered = any(one.status for one in chain)
    return Received(
        outcome=Outcome.REFUSED if refused else Outcome.FAILED,
        cause=cause,
        detail=readable(reason.detail),
        advice=told,
        suggests=FILE_METHOD if cause in NOT_FOR_A_BROWSER or (cause is Cause.TIMEOUT and answered) else "",
        exchanges=tuple(one.exchange() for one in chain),
        alterations=_altered(visit, chain[-1] if chain else None) if visit is not None else (),
    )


def _ending(
    document: Request, evidence: Evidence, finding: ContentFinding, ended: Ended
) -> tuple[Outcome, Cause | None, str]:
    """Outcome, cause and detail; an error that the site answers with outranks what is missing, and that the rest."""
    said = [one for one in (ended.remark, evidence.cut) if one]
    if ended.gone or evidence.visit.crashed:
        said.append(f"the browser ended: {ended.gone or 'the page crashed'}")
    if evidence.missing:
        said.append(f"not taken: {', '.join(dict.fromkeys(evidence.missing))}")
    if not ended.still:
        waiting = len(evidence.visit.traffic.waiting)
        said.append(f"still loading when it was taken, {waiting} requests under way")
    if document.failed:
        said.append(f"the page's own bytes: {document.failed.removeprefix('net::')}")
    detail = "; ".join(said)
    if document.status >= 400:
        return Outcome.CAPTURED, Cause.HTTP_STATUS, "; ".join((f"status {document.status}", *said))
    if document.failed:
        cause = cause_of(document.failed)
        return Outcome.PARTIAL, cause if Outcome.PARTIAL in outcomes_of(cause) else Cause.TRUNCATED, detail
    if evidence.cut:
        return Outcome.PARTIAL, Cause.TOO_LARGE, detail
    if evidence.missing or ended.gone or evidence.visit.crashed:
        return Outcome.PARTIAL, Cause.PARTS_MISSING, detail
    if not evidence.visit.loaded:
        return Outcome.PARTIAL, Cause.TIMEOUT, detail
    if finding.content is not Content.PRESENT:
        return Outcome.CAPTURED, Cause.NOT_THE_CONTENT, "; ".join((finding.reason, *said))
    return Outcome.CAPTURED, None, detail


def _judge(asked: CaptureRequest, document: Request, evidence: Evidence) -> ContentFinding:
    if document.status >= 400:
        return ContentFinding(Content.ABSENT, f"http-status: the server answered {document.status}")
    facts = evidence.facts
    counts: Mapping[str, Any] = facts.get("counts", {})
    wanted, final = _place(asked.locator), _place(document.locator)
    if wanted is None or final is None or not facts:
        return ContentFinding(Content.DOUBTFUL, "unread: what the page says could not be read")
    found = judge_content(
        Signs(
            asked=wanted,
            final=final,
            decoded_bytes=max(document.received_bytes, len(page_text(facts))),
            media_type=_media_type(document),
            declared_media_type=readable(declared(document.header("content-type")), 255),
            title=readable(evidence.title),
            text=readable(page_text(facts), TEXT_CHARACTERS),
            marks=frozenset(str(one) for one in facts.get("marks", ())),
            challenged=document.header("cf-mitigated").strip().lower() == "challenge",
            heading=readable(str(facts.get("heading", "")), 1000),
            published=bool(_claimed_time(facts)),
            password_fields=int(counts.get("password_fields", 0)),
            pictures=int(counts.get("pictures", 0)),
            media=int(counts.get("media", 0)),
            scripts=0,  # what they draw has been drawn
            frames=int(counts.get("frames", 0)),
        )
    )
    if found.content is Content.PRESENT and not page_text(facts).strip() and not any(counts.get(one) for one in SHOWN):
        return ContentFinding(Content.DOUBTFUL, "empty-shell: nothing is shown, though the page's scripts have run")
    return found


def _left_behind(asked: CaptureRequest, document: Request, evidence: Evidence) -> str:
    """The method that brings what a picture of the page is not: its video, the post in it as data, its pictures."""
    if evidence.facts.get("counts", {}).get("media") or names_media(evidence.rendered):
        return MEDIA_METHOD
    place, marks = _place(document.locator), {str(one) for one in evidence.facts.get("marks", ())}
    if place is not None and endpoint_of(place, marks, asked.post_endpoints) is not None:
        return FILE_METHOD
    return GALLERY_METHOD if is_image_post(document.locator) else ""


def page_text(facts: Mapping[str, Any]) -> str:
    """What a visitor reads in the page itself, its frames apart."""
    return str(facts.get("text", ""))


SHOWN = ("pictures", "media", "frames")


def _place(locator: str) -> Locator | None:
    found = parse_locator(locator)
    return None if isinstance(found, RefusedLocator) else found


def _media_type(document: Request) -> str:
    return document.media_type or "application/octet-stream"


def _meta(facts: Mapping[str, Any], names: Sequence[str]) -> str:
    said = {str(one.get("name")): str(one.get("content")) for one in reversed(facts.get("meta", []))}
    return next((said[name] for name in names if said.get(name)), "")


def _claimed_time(facts: Mapping[str, Any]) -> str:
    if stated := _meta(facts, TIMES):
        return stated
    found = next((found for one in facts.get("linked_data", []) if (found := PUBLISHED.search(str(one)))), None)
    return str(json.loads(f'"{found.group(1)}"')) if found and "\\" not in found.group(1) else ""


def _advice(cause: Cause | None, document: Request) -> str:
    return "" if cause is None else advice(cause, document.status)


def _altered(visit: Visit, document: Request | None) -> tuple[Any, ...]:
    altered = Altered()
    place = _place(document.locator) if document is not None else None
    for note, count in visit.notes.items():
        if note in HELD:
            kind, what, why = HELD[note]
            for _ in range(min(count, 100)):
                altered.note(kind, what, place.place if place else "", why)  # type: ignore[arg-type]
    for one in visit.traffic.requests:
        if one.failed == MIXED and (blocked := _place(one.locator)):
            altered.note("refused", "mixed content", blocked.place, "no such part gets into a page over TLS")
    return altered.told()

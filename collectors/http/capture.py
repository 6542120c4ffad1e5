"""The worker of the method `http`: one locator, its redirects, the record of them and the one item they lead to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

from casefile.canonical import Json
from casefile.model import Exchange, Received, ReceivedFile, ReceivedItem, ToolUse, readable
from casefile.posts import Post
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome
from collectors.altered import Altered
from collectors.http.exchange import Answer, Getter, Unanswered
from collectors.http.judging import Judgement, Reading, failed_without_body, judge_answer, read_body
from collectors.http.posts import Beside, ask_endpoint, file_of, item_of, may_withhold, posts_in, withheld
from collectors.http.recording import write_answer, write_info
from collectors.http.warc import WarcWriter
from collectors.http.wire import Pace, trusted_roots
from collectors.interface import CaptureRequest
from collectors.jars import within
from collectors.locators import Locator, RefusedLocator, follow, holds_credentials, parse_locator
from collectors.media_types import declared, role_of
from collectors.named_media import GALLERY_METHOD, MEDIA_METHOD, is_image_post
from collectors.outcomes import advice, retry_after_s
from collectors.page import TEXT_CHARACTERS
from collectors.wacz.wrapping import with_wacz

CONTENT_FILE, POST_FILE = "files/0001", "files/0002"
DISPOSITION_NAME = re.compile(r"filename\s*=\s*(?:\"([^\"]{1,255})\"|([^;\"\s]{1,255}))", re.IGNORECASE)
"""RFC 6266, the plain form."""
WARC_FILE = "record/capture.warc.gz"
WACZ_FILE = "record/capture.wacz"
"""In its place where a page was captured."""
CREDENTIALS, NO_CREDENTIALS = "user name and password", "those of a locator are never sent"
UNSENT = "; the user name and password in the locator were not sent"
TOOLS = tuple(ToolUse(name=name, version=version(name)) for name in ("h11", "brotli", "zstandard"))
"""Read once for all captures of a sandbox."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a chain of redirects ended without an answer to keep."""

    outcome: Outcome
    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class Came:
    """The answer that is kept, what it is, and what was asked for beside it."""

    answer: Answer
    reading: Reading
    beside: Beside | None


def work(request: Mapping[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture one locator. `request` is a CaptureRequest, the answer a Received; files are written below `out`."""
    received = capture(CaptureRequest.model_validate(request), out)
    return with_wacz(received, out, WARC_FILE, WACZ_FILE).plain()


def capture(asked: CaptureRequest, out: Path) -> Received:
    """The same as values. Whatever a site does becomes a cause and no exception; only a failing disk raises."""
    locator = parse_locator(asked.locator)
    if isinstance(locator, RefusedLocator):
        return _without_item(Ending(Outcome.REFUSED, locator.cause, locator.reason), ())
    spool = out / "spool"
    for folder in (spool, out / "files", out / "record"):
        folder.mkdir(parents=True)
    altered = Altered()
    warc = WarcWriter(out / WARC_FILE)
    try:
        write_info(warc, asked.user_agent)
        getter = Getter(asked, Pace(asked.limits), trusted_roots, spool)
        exchanges, end = _follow(getter, locator, warc, asked, altered)
        came = _take(getter, asked, end, warc) if isinstance(end, Answer) else end
    finally:
        warc.close()
    received = _with_item(locator, came, exchanges, out) if isinstance(came, Came) else _without_item(came, exchanges)
    if holds_credentials(asked.locator):
        altered.note("withheld", CREDENTIALS, locator.place, NO_CREDENTIALS)
        received = received.model_copy(update={"detail": readable(f"{received.detail}{UNSENT}".removeprefix("; "))})
    received = received.model_copy(update={"alterations": altered.told()})
    shutil.rmtree(spool)
    if not received.files:
        shutil.rmtree(out / "record")
    return received


def _take(getter: Getter, asked: CaptureRequest, answer: Answer, warc: WarcWriter) -> Came | Ending:
    """Look at the body and, where it is the page of a post, ask for what its endpoint says."""
    failed = failed_without_body(answer)
    if failed is not None:
        return Ending(Outcome.FAILED, *failed)
    reading = read_body(answer.body, answer.head.value("content-type"))
    return Came(answer, reading, ask_endpoint(getter, asked, answer, reading, warc))


def _follow(
    getter: Getter, locator: Locator, warc: WarcWriter, asked: CaptureRequest, altered: Altered
) -> tuple[tuple[Exchange, ...], Answer | Ending]:
    exchanges: list[Exchange] = []
    seen = {locator.text}
    setting: set[str] = set()
    while True:
        answer = getter.get(locator, len(exchanges) + 1)
        exchanges.append(answer.exchange)
        if isinstance(answer, Unanswered):
            outcome = Outcome.REFUSED if answer.refused else Outcome.FAILED
            return tuple(exchanges), Ending(outcome, answer.cause, answer.detail)
        write_answer(warc, answer)
        if not answer.location:
            return tuple(exchanges), answer
        target = _next(locator, answer.location, seen, asked.limits.max_redirects)
        if isinstance(target, Ending):
            altered.note("refused", "redirect", locator.place, target.detail)
            return tuple(exchanges), target
        if answer.head.value("set-cookie"):
            setting.add(locator.host)
        _note_withheld(altered, asked, answer.location, target, setting)
        seen.add(target.text)
        locator = target


def _next(base: Locator, reference: str, seen: Collection[str], most_redirects: int) -> Locator | Ending:
    target = follow(base, reference)
    if isinstance(target, RefusedLocator):
        return Ending(Outcome.REFUSED, target.cause, target.reason)
    if target.text in seen:
        return Ending(Outcome.FAILED, Cause.MALFORMED, "the redirects lead in a circle")
    if len(seen) > most_redirects:
        return Ending(Outcome.FAILED, Cause.MALFORMED, f"more than {most_redirects} redirects")
    return target


def _note_withheld(
    altered: Altered, asked: CaptureRequest, reference: str, target: Locator, setting: Collection[str]
) -> None:
    """List what a browser would take along on a redirect and this method does not."""
    if holds_credentials(reference):
        altered.note("withheld", CREDENTIALS, target.place, NO_CREDENTIALS)
    if target.host in setting:
        altered.note("withheld", "cookies that the site set", target.place, "what a site sets is not sent back")
    if asked.cookies and not within(target.host, asked.hosts):
        altered.note("withheld", "cookies of the identity", target.place, "they go to its platform only")


def _with_item(asked: Locator, came: Came, exchanges: tuple[Exchange, ...], out: Path) -> Received:
    answer, reading, beside = came.answer, came.reading, came.beside
    answer.body.rename(out / CONTENT_FILE)
    judgement = _with_post(came, judge_answer(asked, answer, reading), out / CONTENT_FILE)
    fidelity = Fidelity.RECONSTRUCTED if answer.reconstructed else Fidelity.WIRE
    page = ReceivedFile(path=CONTENT_FILE, kind=FileKind.CONTENT, fidelity=fidelity, media_type=reading.media_type)
    files, items = [page], [_item(answer, reading, judgement)]
    if beside is not None and beside.answer is not None and beside.reading is not None:
        beside.answer.body.rename(out / POST_FILE)
        files.append(file_of(POST_FILE, beside.answer, beside.reading))
        items.append(item_of(POST_FILE, beside.answer, beside.reading, beside.posts))
    record = ReceivedFile(path=WARC_FILE, kind=FileKind.RECORD, fidelity=Fidelity.WIRE, media_type="application/warc")
    return Received(
        outcome=judgement.outcome,
        cause=judgement.cause,
        detail=readable(judgement.detail),
        advice=_advise(judgement.cause, answer, reading),
        retry_after_s=retry_after_s(answer.head.value("retry-after"), datetime.now(UTC)),
        suggests=_left_behind(answer, reading, judgement.finding.content),
        files=(*files, record),
        items=tuple(items),
        exchanges=(*exchanges, beside.exchange) if beside is not None else exchanges,
        tools=TOOLS,
    )


def _left_behind(answer: Answer, reading: Reading, content: Content) -> str:
    """The method that brings what the page shows and plain HTTP does not."""
    if reading.names_media and content is Content.PRESENT:
        return MEDIA_METHOD
    return GALLERY_METHOD if content is not Content.ABSENT and is_image_post(answer.locator.text) else ""


def _item(answer: Answer, reading: Reading, judgement: Judgement) -> ReceivedItem:
    return ReceivedItem(
        locator=answer.locator.text,
        role=role_of(reading.media_type),
        files=(CONTENT_FILE,),
        name=readable(name_of(answer), 255),
        media_type=reading.media_type,
        declared_media_type=readable(declared(answer.head.value("content-type")), 255),
        title=readable(reading.page.title),
        author=readable(reading.page.author),
        claimed_time=readable(reading.page.claimed_time),
        text=readable(reading.page.text, TEXT_CHARACTERS),
        content=judgement.finding.content,
        content_reason=readable(judgement.finding.reason),
        wire_sha256=answer.payload_sha256,
        wire_bytes=answer.exchange.wire_bytes,
    )


def _with_post(came: Came, judgement: Judgement, body: Path) -> Judgement:
    """The judgement with what the endpoint of a post brought, and with what the site withholds of the post."""
    if judgement.outcome is not Outcome.CAPTURED or judgement.cause not in (None, Cause.NOT_THE_CONTENT):
        return judgement
    beside, posts = came.beside, list[Post]()
    if beside is not None:
        posts += beside.posts
        if beside.posts and judgement.finding.content is Content.DOUBTFUL:
            judgement = replace(judgement, cause=None, detail=f"{judgement.detail}; the post came from its endpoint")
        elif beside.remark:
            judgement = replace(judgement, detail="; ".join(filter(None, (judgement.detail, beside.remark))))
    if not posts and may_withhold(came.reading):
        posts += posts_in(body, came.answer.locator)
    missing = withheld(posts)
    if missing and judgement.cause is None:
        return replace(judgement, outcome=Outcome.PARTIAL, cause=Cause.PARTS_MISSING, detail=missing)
    return judgement


def name_of(answer: Answer) -> str:
    """What the server calls the file, else the last part of its address. A claim, and never a path of ours."""
    given = DISPOSITION_NAME.search(answer.head.value("content-disposition"))
    if given is not None:
        return (given.group(1) or given.group(2)).strip()
    return unquote(answer.locator.path.rpartition("/")[2], errors="replace")


def _without_item(ending: Ending, exchanges: tuple[Exchange, ...]) -> Received:
    return Received(
        outcome=ending.outcome,
        cause=ending.cause,
        detail=readable(ending.detail),
        advice=advice(ending.cause),
        exchanges=exchanges,
        tools=TOOLS,
    )


def _advise(cause: Cause | None, answer: Answer, reading: Reading) -> str:
    if cause is not None:
        return advice(cause, answer.head.status)
    if reading.names_media:
        return "The page shows video or sound, which this method does not fetch: collect it with --method ytdlp."
    return ""

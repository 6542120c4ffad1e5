"""The worker of the method `http`: one locator, its redirects, the record of them and the one item they lead to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

from casefile.canonical import Json
from casefile.model import Exchange, Received, ReceivedFile, ReceivedItem, ToolUse, readable
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome
from collectors.http.exchange import Answer, Getter, Unanswered
from collectors.http.judging import Reading, failed_without_body, judge_answer, read_body
from collectors.http.page import TEXT_CHARACTERS
from collectors.http.recording import write_answer, write_info
from collectors.http.warc import WarcWriter
from collectors.http.wire import Pace, trusted_roots
from collectors.interface import CaptureRequest
from collectors.locators import Locator, RefusedLocator, follow, holds_credentials, parse_locator
from collectors.media_types import declared, role_of
from collectors.named_media import MEDIA_METHOD
from collectors.outcomes import advice, retry_after_s

CONTENT_FILE = "files/0001"
DISPOSITION_NAME = re.compile(r"filename\s*=\s*(?:\"([^\"]{1,255})\"|([^;\"\s]{1,255}))", re.IGNORECASE)
"""RFC 6266, the plain form."""
WARC_FILE = "record/capture.warc.gz"
UNSENT = "; the user name and password in the locator were not sent"
TOOLS = tuple(ToolUse(name=name, version=version(name)) for name in ("h11", "brotli", "zstandard"))
"""Read once for all captures of a sandbox."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a chain of redirects ended without an answer to keep."""

    outcome: Outcome
    cause: Cause
    detail: str


def work(request: Mapping[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture one locator. `request` is a CaptureRequest, the answer a Received; files are written below `out`."""
    return capture(CaptureRequest.model_validate(request), out).plain()


def capture(asked: CaptureRequest, out: Path) -> Received:
    """The same as values. Whatever a site does becomes a cause and no exception; only a failing disk raises."""
    locator = parse_locator(asked.locator)
    if isinstance(locator, RefusedLocator):
        return _without_item(Ending(Outcome.REFUSED, locator.cause, locator.reason), ())
    spool = out / "spool"
    for folder in (spool, out / "files", out / "record"):
        folder.mkdir(parents=True)
    warc = WarcWriter(out / WARC_FILE)
    try:
        write_info(warc, asked.user_agent)
        getter = Getter(asked, Pace(asked.limits), trusted_roots, spool)
        exchanges, end = _follow(getter, locator, warc, asked.limits.max_redirects)
    finally:
        warc.close()
    received = _with_item(locator, end, exchanges, out) if isinstance(end, Answer) else _without_item(end, exchanges)
    if holds_credentials(asked.locator):
        received = received.model_copy(update={"detail": readable(f"{received.detail}{UNSENT}".removeprefix("; "))})
    shutil.rmtree(spool)
    if not received.files:
        shutil.rmtree(out / "record")
    return received


def _follow(
    getter: Getter, locator: Locator, warc: WarcWriter, most_redirects: int
) -> tuple[tuple[Exchange, ...], Answer | Ending]:
    exchanges: list[Exchange] = []
    seen = {locator.text}
    while True:
        answer = getter.get(locator, len(exchanges) + 1)
        exchanges.append(answer.exchange)
        if isinstance(answer, Unanswered):
            outcome = Outcome.REFUSED if answer.refused else Outcome.FAILED
            return tuple(exchanges), Ending(outcome, answer.cause, answer.detail)
        write_answer(warc, answer)
        if not answer.location:
            return tuple(exchanges), answer
        target = follow(locator, answer.location)
        if isinstance(target, RefusedLocator):
            return tuple(exchanges), Ending(Outcome.REFUSED, target.cause, target.reason)
        if target.text in seen:
            return tuple(exchanges), Ending(Outcome.FAILED, Cause.MALFORMED, "the redirects lead in a circle")
        if len(exchanges) > most_redirects:
            return tuple(exchanges), Ending(Outcome.FAILED, Cause.MALFORMED, f"more than {most_redirects} redirects")
        seen.add(target.text)
        locator = target


def _with_item(asked: Locator, answer: Answer, exchanges: tuple[Exchange, ...], out: Path) -> Received:
    failed = failed_without_body(answer)
    if failed is not None:
        return _without_item(Ending(Outcome.FAILED, *failed), exchanges)
    answer.body.rename(out / CONTENT_FILE)
    reading = read_body(out / CONTENT_FILE, answer.head.value("content-type"))
    judgement = judge_answer(asked, answer, reading)
    fidelity = Fidelity.RECONSTRUCTED if answer.reconstructed else Fidelity.WIRE
    return Received(
        outcome=judgement.outcome,
        cause=judgement.cause,
        detail=readable(judgement.detail),
        advice=_advise(judgement.cause, answer, reading),
        retry_after_s=retry_after_s(answer.head.value("retry-after"), datetime.now(UTC)),
        suggests=MEDIA_METHOD if reading.names_media and judgement.finding.content is Content.PRESENT else "",
        files=(
            ReceivedFile(path=CONTENT_FILE, kind=FileKind.CONTENT, fidelity=fidelity, media_type=reading.media_type),
            ReceivedFile(path=WARC_FILE, kind=FileKind.RECORD, fidelity=Fidelity.WIRE, media_type="application/warc"),
        ),
        items=(
            ReceivedItem(
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
            ),
        ),
        exchanges=exchanges,
        tools=TOOLS,
    )


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

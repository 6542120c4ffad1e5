"""From an answer to what is said about it: what the body is, what it claims, whether it is what was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from casefile.model import readable
from casefile.vocabulary import Cause, Content, Outcome
from collectors.content import ContentFinding, Signs, judge_content, signs_of
from collectors.http.exchange import Answer
from collectors.locators import Locator
from collectors.media_types import declared, sniff
from collectors.named_media import names_media
from collectors.page import PARSED_BYTES, TEXT_CHARACTERS, Page, decode_text, read_page, squeeze

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.ASCII | re.IGNORECASE)
PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the attempt ended, and what the item says of its content."""

    outcome: Outcome
    cause: Cause | None
    detail: str
    finding: ContentFinding


@dataclass(frozen=True, slots=True)
class Reading:
    """The sniffed media type, and the page when it is one; `page.text` also holds the text of plain text.

    `names_media`: the page shows video or audio that lies elsewhere.
    """

    media_type: str
    page: Page
    names_media: bool = False


def read_body(path: Path, content_type: str) -> Reading:
    """Look at the first megabyte of a body."""
    with path.open("rb") as stream:
        beginning = stream.read(PARSED_BYTES)
    media_type = sniff(beginning)
    if media_type == "text/plain" and declared(content_type) in PAGES:
        # Fragments without any of the usual first tags are pages to every browser when they are declared so.
        media_type = "text/html"
    if media_type in PAGES:
        return Reading(
            media_type, read_page(beginning, content_type), names_media(decode_text(beginning, content_type))
        )
    if media_type == "text/plain":
        text = squeeze(decode_text(beginning, content_type)[:TEXT_CHARACTERS])
        return Reading(media_type, Page(text=text))
    return Reading(media_type, Page())


def judge_answer(asked: Locator, answer: Answer, reading: Reading) -> Judgement:
    """The outcome of an answer with an item: a status of 400 or more outranks a damaged body, and that the rest."""
    status, problem = answer.head.status, answer.problem
    detail = problem.detail if problem is not None else ""
    if status >= 400:
        finding = ContentFinding(Content.ABSENT, f"http-status: the server answered {status}")
        told = f"status {status}; {detail}" if detail else f"status {status}"
        return Judgement(Outcome.CAPTURED, Cause.HTTP_STATUS, told, finding)
    finding = judge_content(_signs(asked, answer, reading))
    if problem is not None:
        return Judgement(Outcome.PARTIAL, problem.cause, detail, finding)
    if status == 206 and not _whole_range(answer.head.value("content-range"), answer.exchange.wire_bytes):
        return Judgement(Outcome.PARTIAL, Cause.TRUNCATED, "a part (206) came though the whole was asked for", finding)
    if status >= 300 or status in (204, 205):
        said = f"empty: status {status} has no content" if status < 300 else f"redirect-without-target: status {status}"
        finding = ContentFinding(Content.ABSENT, said)
    cause = None if finding.content is Content.PRESENT else Cause.NOT_THE_CONTENT
    return Judgement(Outcome.CAPTURED, cause, finding.reason, finding)


def failed_without_body(answer: Answer) -> tuple[Cause, str] | None:
    """The cause when a good head was followed by nothing to keep, or by a body that cannot be delimited."""
    problem, status = answer.problem, answer.head.status
    if problem is None or not problem.warc_reason or status >= 400:
        return None
    if problem.cause is Cause.MALFORMED:
        return Cause.MALFORMED, problem.detail
    if answer.exchange.wire_bytes or problem.cause is Cause.TOO_LARGE:
        return None
    cause = Cause.RESET if problem.cause is Cause.TRUNCATED else problem.cause
    return cause, f"status {status}, then no body: {problem.detail}"


def _signs(asked: Locator, answer: Answer, reading: Reading) -> Signs:
    return signs_of(
        asked,
        answer.locator,
        reading.page,
        decoded_bytes=answer.exchange.decoded_bytes,
        media_type=reading.media_type,
        declared_media_type=readable(declared(answer.head.value("content-type")), 255),
        challenged=answer.head.value("cf-mitigated").strip().lower() == "challenge",
    )


def _whole_range(content_range: str, received: int) -> bool:
    match = CONTENT_RANGE.fullmatch(content_range.strip())
    if match is None or match.group(3) == "*":
        return False
    first, last, total = (int(match.group(number)) for number in (1, 2, 3))
    return first == 0 and last + 1 == total == received

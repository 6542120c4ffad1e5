"""What a capture of a post has beside its page: the answer of its own endpoint, and what the site withholds of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.model import Exchange, ReceivedFile, ReceivedItem, readable
from casefile.posts import Post, PostField
from casefile.vocabulary import Content, Fidelity, FileKind, Role
from collectors.http.exchange import Answer, Getter, Unanswered
from collectors.http.judging import Reading, read_body
from collectors.http.recording import write_answer
from collectors.http.warc import WarcWriter
from collectors.interface import CaptureRequest
from collectors.locators import Locator
from collectors.media_types import declared
from collectors.posts.endpoints import endpoint_of
from collectors.posts.reading import READ_BYTES, read_posts

PREVIEW_MARK = "tgme_widget_message"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Beside:
    """The exchange with an endpoint, and what came of it: `answer` where it told of posts, else `remark`."""

    exchange: Exchange
    answer: Answer | None = None
    reading: Reading | None = None
    posts: tuple[Post, ...] = ()
    remark: str = ""


def ask_endpoint(
    getter: Getter, asked: CaptureRequest, page: Answer, reading: Reading, warc: WarcWriter
) -> Beside | None:
    """Ask the endpoint of the post that a page shows, once and without following redirects; None where there is none.

    A page that answered with an error is not asked about again.
    """
    locator = endpoint_of(page.locator, reading.page.marks, asked.post_endpoints) if page.head.status < 400 else None
    if locator is None:
        return None
    answer = getter.get(locator, ENDPOINT_NUMBER)
    if isinstance(answer, Unanswered):
        return Beside(answer.exchange, remark=f"the post's endpoint {locator.text} gave nothing: {answer.detail}")
    write_answer(warc, answer)
    if answer.head.status != 200 or answer.problem is not None:
        told = answer.problem.detail if answer.problem is not None else f"status {answer.head.status}"
        return Beside(answer.exchange, remark=f"the post's endpoint {locator.text} answered: {told}")
    posts = posts_in(answer.body, page.locator)
    if not posts:
        return Beside(answer.exchange, remark=f"the post's endpoint {locator.text} answered with no post")
    return Beside(answer.exchange, answer, read_body(answer.body, answer.head.value("content-type")), posts)


ENDPOINT_NUMBER = 9_999
"""What the files of its exchange are called by in the spool; redirects end long before."""


def posts_in(body: Path, locator: Locator) -> tuple[Post, ...]:
    """The posts that a body tells of."""
    with body.open("rb") as stream:
        return read_posts(stream.read(READ_BYTES + 1), locator.text)


def may_withhold(reading: Reading) -> bool:
    """Whether a body is of a kind that names media which it does not give."""
    return reading.media_type == JSON or any(PREVIEW_MARK in mark for mark in reading.page.marks)


def withheld(posts: Sequence[Post]) -> str:
    """What the site names and does not give of the post that was asked for, else of any; empty where it gives all."""
    meant = [post for post in posts if post.asked] or posts
    missing = [one for post in meant for one in post.withheld]
    if not missing:
        return ""
    named = ", ".join(one.description or one.kind for one in missing[:5])
    media = sum(len(post.media) for post in meant)
    return readable(f"withheld by the site: {len(missing)} of {media} media ({named}): {missing[0].why}", 500)


def file_of(path: str, answer: Answer, reading: Reading) -> ReceivedFile:
    """The endpoint's answer as a file of the capture."""
    fidelity = Fidelity.RECONSTRUCTED if answer.reconstructed else Fidelity.WIRE
    return ReceivedFile(path=path, kind=FileKind.CONTENT, fidelity=fidelity, media_type=reading.media_type)


def item_of(path: str, answer: Answer, reading: Reading, posts: Sequence[Post]) -> ReceivedItem:
    """The post as an item of its own."""
    post = posts[0]
    return ReceivedItem(
        locator=answer.locator.text,
        role=Role.POST,
        files=(path,),
        name="",
        media_type=reading.media_type,
        declared_media_type=readable(declared(answer.head.value("content-type")), 255),
        title=readable(post.first(PostField.TITLE)),
        author=readable(post.first(PostField.AUTHOR) or post.first(PostField.HANDLE)),
        claimed_time=readable(post.first(PostField.POSTED)),
        text=readable("\n".join(_texts(posts)), 60_000),
        content=Content.PRESENT,
        wire_sha256=answer.payload_sha256,
        wire_bytes=answer.exchange.wire_bytes,
    )


def _texts(posts: Sequence[Post]) -> Iterator[str]:
    return (post.first(PostField.TEXT) for post in posts if post.first(PostField.TEXT))

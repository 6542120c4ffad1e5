"""What the worker that makes a WARC of recorded traffic is asked, and what it answers. Light."""

from __future__ import annotations

from pydantic import Field

from casefile.model import SafePath, Text, Value, Wanted
from casefile.vocabulary import Cause

WARC_FILE = "record/wire.warc.gz"
WORTH_REFERRING_BYTES = 1 << 20
"""Shorter bodies are kept in the WARC too, so that pages can be replayed from it alone."""


WACZ_FILE = "record/wire.wacz"
"""In which a WARC goes on as the only one, where its pages are known."""


class ArchivedPage(Value):
    """A page by which the record is entered: its address, when it was taken (RFC 3339), what it is called and says."""

    locator: Text
    time: str
    title: Text = ""
    text: Text = ""


class HeldFile(Value):
    """A file of the same capture, by its path there."""

    path: SafePath
    sha256: str
    bytes: int


class WarcRequest(Value):
    """`spool` is a file in the worker's inputs; `held` are files that a record may refer to for its body.

    With `withhold` the values of cookies are left out of requests, and those of `secrets` wherever a request has them.
    `wanted` are bodies to be taken out as files of their own, of at most `max_body_bytes` each, decoded. With a `page`
    the WARC is put into a WACZ.
    """

    spool: SafePath
    held: tuple[HeldFile, ...] = ()
    withhold: bool = False
    secrets: tuple[str, ...] = Field(default=(), repr=False)
    wanted: tuple[Wanted, ...] = ()
    max_body_bytes: int = 1 << 30
    page: ArchivedPage | None = None


class Body(Value):
    """A body that was taken out of the record. Digest and length of the payload as it was sent; the file is decoded.

    `reconstructed` when a content coding was taken off; `problem` says with which cause it is not whole, and why.
    """

    path: SafePath
    media_type: str
    declared_media_type: Text = ""
    reconstructed: bool
    wire_sha256: str
    wire_bytes: int
    cause: Cause | None = None
    problem: Text = ""


class WarcMade(Value):
    """What the WARC holds. `cut` counts messages whose end was not seen, `referred` bodies that are in a file instead.

    `unread_bytes` passed as well and are no message of HTTP/1.1. `file` is where the record is.
    """

    connections: int = 0
    exchanges: int = 0
    cut: int = 0
    referred: int = 0
    unread_bytes: int = 0
    bodies: tuple[Body, ...] = ()
    file: SafePath = WARC_FILE

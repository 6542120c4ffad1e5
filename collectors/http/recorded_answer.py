"""What the worker that makes a WARC of recorded traffic is asked, and what it answers. Light."""

from __future__ import annotations

from pydantic import Field

from casefile.model import SafePath, Text, Value, Wanted
from casefile.vocabulary import Cause

WARC_FILE = "record/wire.warc.gz"
WACZ_FILE = "record/wire.wacz"
"""In its place where a page was captured."""
WORTH_REFERRING_BYTES = 1 << 20
"""Shorter bodies are kept in the WARC too, so that pages can be replayed from it alone."""


class HeldFile(Value):
    """A file of the same capture, by its path there."""

    path: SafePath
    sha256: str
    bytes: int


class RecordedPage(Value):
    """A page of the capture: its locator, and what people look for it by."""

    locator: Text
    title: Text = ""
    text: Text = ""


class WarcRequest(Value):
    """`spool` is a file in the worker's inputs; `held` are files that a record may refer to for its body.

    With `pages` that it holds, the WARC is put into a WACZ.
    With `withhold` the values of cookies are left out of requests, and those of `secrets` wherever a request has them.
    `wanted` are bodies to be taken out as files of their own, of at most `max_body_bytes` each, decoded.
    """

    spool: SafePath
    held: tuple[HeldFile, ...] = ()
    pages: tuple[RecordedPage, ...] = ()
    withhold: bool = False
    secrets: tuple[str, ...] = Field(default=(), repr=False)
    wanted: tuple[Wanted, ...] = ()
    max_body_bytes: int = 1 << 30


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

    `unread_bytes` passed as well and are no message of HTTP/1.1. `is_wacz` says that it is in a WACZ.
    """

    connections: int = 0
    exchanges: int = 0
    cut: int = 0
    referred: int = 0
    unread_bytes: int = 0
    bodies: tuple[Body, ...] = ()
    is_wacz: bool = False

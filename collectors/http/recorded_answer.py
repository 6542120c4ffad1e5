"""What the worker that makes a WARC of recorded traffic is asked, and what it answers. Light."""

from __future__ import annotations

from pydantic import Field

from casefile.model import SafePath, Value

WARC_FILE = "record/wire.warc.gz"
WORTH_REFERRING_BYTES = 1 << 20
"""Shorter bodies are kept in the WARC too, so that pages can be replayed from it alone."""


class HeldFile(Value):
    """A file of the same capture, by its path there."""

    path: SafePath
    sha256: str
    bytes: int


class WarcRequest(Value):
    """`spool` is a file in the worker's inputs; `held` are files that a record may refer to for its body.

    With `withhold` the values of cookies are left out of requests, and those of `secrets` wherever a request has them.
    """

    spool: SafePath
    held: tuple[HeldFile, ...] = ()
    withhold: bool = False
    secrets: tuple[str, ...] = Field(default=(), repr=False)


class WarcMade(Value):
    """What the WARC holds. `cut` counts messages whose end was not seen, `referred` bodies that are in a file instead.

    `unread_bytes` passed as well and are no message of HTTP/1.1.
    """

    connections: int = 0
    exchanges: int = 0
    cut: int = 0
    referred: int = 0
    unread_bytes: int = 0

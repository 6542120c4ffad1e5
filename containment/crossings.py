"""What the broker and the recorder say to each other. Light: the recorder itself is only loaded where one is wanted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Unrecorded = Literal["refuse", "pass"]


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """How a worker's traffic is recorded.

    `most_bytes` bounds what is kept of one call; the traffic goes on beyond it. `unrecorded` is what becomes of a
    site or a program that refuses the recorder; `pass_through` names those, as host:port, that are never recorded.
    `roots` are files of PEM with authorities that are trusted besides the public ones.
    """

    most_bytes: int
    unrecorded: Unrecorded = "refuse"
    pass_through: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """One connection that the broker has judged and made.

    `forward` is to be sent first: the head of a plain request with what has come of its body, or what a client said
    before it was answered. `see` is given everything that is to be sent before it is; it raises RequestRefused.
    `limit` is how much of a plain request's body is still to come. `moved` is told the totals
    (up, down) beyond `forward`. `again` connects to the same place once more, instead of before.
    """

    client: socket.socket
    server: socket.socket
    host: str
    port: int
    address: str
    idle_s: float
    moved: Callable[[int, int], None]
    again: Callable[[], socket.socket]
    forward: bytes = b""
    limit: int | None = None
    see: Callable[[bytes], None] = lambda block: None


class NotRecorded(Exception):
    """The recorder did not let the connection come about; the text says why."""


class Carrier(Protocol):
    """Carries a connection to its end and says how it was kept.

    Raises NotRecorded, RequestRefused, RelayIdle, OSError.
    """

    def carry(self, crossing: Crossing) -> str: ...

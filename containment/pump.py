"""Bytes between two connections that are looked at as they pass; either may be TLS. One thread moves both ways."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from containment.relay import RelayIdle

BLOCK_BYTES = 1 << 18
CLOSED, CUT = "closed", "cut"
"""How a side ended: as its protocol closes, or with the connection only."""


@dataclass(slots=True)
class Direction:
    """What is read from `source`, told to `keep`, and then written to `target`.

    `limit` bytes are moved at most; after them the source is no longer read, and the target is not closed.
    """

    source: socket.socket
    target: socket.socket
    keep: Callable[[bytes], None]
    limit: int | None = None
    moved: int = 0
    ended: bool = False
    how: str = ""
    wanted: dict[socket.socket, int] = field(default_factory=dict)
    _held: memoryview = field(default_factory=lambda: memoryview(b""))
    _buffer: bytearray = field(default_factory=lambda: bytearray(BLOCK_BYTES))

    def __post_init__(self) -> None:
        self.ended = self.limit == 0

    def step(self) -> bool:
        """Move what can be moved now; False when nothing could, and `wanted` says what to wait for."""
        self.wanted.clear()
        if self.ended:
            return False
        if self._held:
            return self._write()
        block = self._read()
        if block:
            self.keep(block)
            self.moved += len(block)
            self._held = memoryview(block)
            self._write()
            return True
        if self.how:
            self._close()
            return True
        return False

    def _read(self) -> bytes:
        """What the source has, up to a block; empty when it has nothing now, or (then `how` says so) any more."""
        size = BLOCK_BYTES if self.limit is None else min(BLOCK_BYTES, self.limit - self.moved)
        if not size:
            self.how = CLOSED
        view, filled = memoryview(self._buffer), 0
        try:
            while filled < size and not self.how:
                count = self.source.recv_into(view[filled:size])
                filled += count
                self.how = "" if count else CLOSED
        except (BlockingIOError, ssl.SSLWantReadError):
            self.wanted[self.source] = select.POLLIN
        except ssl.SSLWantWriteError:
            self.wanted[self.source] = select.POLLOUT
        except (ssl.SSLEOFError, ConnectionResetError):
            self.how = CUT
        return bytes(view[:filled])

    def _write(self) -> bool:
        try:
            sent = self.target.send(self._held)
        except (BlockingIOError, ssl.SSLWantWriteError):
            self.wanted[self.target] = select.POLLOUT
            return False
        except ssl.SSLWantReadError:
            self.wanted[self.target] = select.POLLIN
            return False
        self._held = self._held[sent:]
        return True

    def _close(self) -> None:
        self.ended = True
        if self.limit is not None:
            return
        if isinstance(self.target, ssl.SSLSocket) and self.how == CLOSED:
            # It tells the other side and then waits for its answer, which nobody needs. A source that was cut off
            # is passed on as one: a client that knows the difference is to see it.
            with contextlib.suppress(OSError, ValueError):
                self.target.unwrap()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.target, socket.SHUT_WR)


def pump(up: Direction, down: Direction, *, idle_s: float, moved: Callable[[int, int], None]) -> None:
    """Move bytes both ways until both ends have closed.

    `moved` is told the totals (up, down) as they grow. Raises RelayIdle, or OSError when a side is gone.
    """
    for one in (up.source, down.source):
        one.setblocking(False)
    while not (up.ended and down.ended):
        # Both are tried each time: a direction that waits must not hold up the other.
        progress = [one.step() for one in (up, down)]
        moved(up.moved, down.moved)
        if not any(progress):
            _wait({**_merged(up.wanted, down.wanted)}, idle_s)


def _merged(one: dict[socket.socket, int], other: dict[socket.socket, int]) -> dict[socket.socket, int]:
    return {side: one.get(side, 0) | other.get(side, 0) for side in (*one, *other)}


def _wait(wanted: dict[socket.socket, int], idle_s: float) -> None:
    poll = select.poll()
    for side, mask in wanted.items():
        poll.register(side.fileno(), mask)
    if not poll.poll(idle_s * 1000):
        raise RelayIdle

"""Bytes between two sockets, moved by the kernel where it can: a transfer of gigabytes costs little of our CPU."""

from __future__ import annotations

import fcntl
import os
import select
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

PIPE_BYTES = 1 << 20
"""Asked of the kernel for the pipe between the two sockets; the largest that an ordinary user gets by default."""


class Flow:
    """One direction: what is read from `source` is written to `target`, and the end of one is the end of the other.

    `limit` bytes are moved at most; after them the source is no longer read. Errors of either socket are raised as
    OSError.
    """

    def __init__(self, source: socket.socket, target: socket.socket, *, limit: int | None = None) -> None:
        self.source = source
        self.target = target
        self.moved = 0
        self.ended = limit == 0
        self._limit = limit
        self._held = 0
        self._at_end = self.ended
        self._out, self._in = os.pipe()
        _enlarge(self._in)

    @property
    def wants_source(self) -> bool:
        return not self._at_end and not self._held

    @property
    def wants_target(self) -> bool:
        return self._held > 0

    def fill(self) -> None:
        """Take what the source has; call it when the source is readable."""
        wanted = PIPE_BYTES if self._limit is None else min(PIPE_BYTES, self._limit - self.moved)
        try:
            count = os.splice(self.source.fileno(), self._in, wanted, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        except BlockingIOError:
            return
        self._held += count
        self.moved += count
        if count == 0 or self.moved == self._limit:
            self._at_end = True
        self.drain()

    def drain(self) -> None:
        """Give the target what is held; call it when the target is writable."""
        while self._held:
            try:
                flags = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
                self._held -= os.splice(self._out, self.target.fileno(), self._held, flags=flags)
            except BlockingIOError:
                return
        if self._at_end and not self.ended:
            self.ended = True
            if self._limit is None:
                self.target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        os.close(self._in)
        os.close(self._out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _enlarge(descriptor: int) -> None:
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        # Beyond the user's pipe allowance; the smaller pipe works, only slower.
        return


class RelayIdle(Exception):
    """Neither side sent anything for the idle time."""


def relay(up: Flow, down: Flow, *, idle_s: float, moved: Callable[[int, int], None]) -> None:
    """Move bytes both ways until both ends have closed.

    `moved` is told the totals (up, down) as they grow. Raises RelayIdle, or OSError when a side is reset.
    """
    poll = select.poll()
    client, server = up.source, down.source
    for one in (client, server):
        one.setblocking(False)
    registered: dict[int, int] = {}
    while not (up.ended and down.ended):
        wanted = {
            client.fileno(): select.POLLIN * up.wants_source | select.POLLOUT * down.wants_target,
            server.fileno(): select.POLLIN * down.wants_source | select.POLLOUT * up.wants_target,
        }
        _register(poll, registered, wanted)
        ready = dict(poll.poll(idle_s * 1000))
        if not ready:
            raise RelayIdle
        for flow in (up, down):
            if flow.wants_target and flow.target.fileno() in ready:
                flow.drain()
            if flow.wants_source and flow.source.fileno() in ready:
                flow.fill()
        moved(up.moved, down.moved)


def _register(poll: select.poll, registered: dict[int, int], wanted: dict[int, int]) -> None:
    for descriptor, mask in wanted.items():
        if registered.get(descriptor, 0) == mask:
            continue
        registered[descriptor] = mask
        if mask:
            poll.register(descriptor, mask)
        else:
            # A hang-up is reported whatever was asked for; a side that nothing is wanted of would spin the loop.
            poll.unregister(descriptor)

"""Waiting for one call: for its answer, for what it prints, for its end, and for the bounds that it may meet."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from containment.frames import FRAME_LIMIT_BYTES, LENGTH_BYTES, FrameBroken, receive_frame, send_frame
from containment.limits import Ended, Limits
from containment.outputs import OutputRefused, measure
from containment.processes import count_and_memory, threads_on_machine

STOP_TIMEOUT_S = 5.0
"""For a call to be gone after it was told to stop; then the whole sandbox goes."""
LOOK_S = 0.25
"""Between two looks at what a running call has written and at the memory that it holds."""
GLANCE_S = 0.05
"""Between two glances at the number of threads on the machine."""
PRINTED_BYTES = 4096
PROCESSES_OURS = 2
"""The zygote and the call itself are counted with those that the call starts."""
MEMORY_FACTOR = 2
"""All processes of a call together may hold this many times what one may."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a call cost."""

    cpu_s: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a call is heard and seen: the sandbox's control socket, pipes for answer and print, process and folder."""

    control: socket.socket
    answer: int
    printed: int
    process: int
    folder: Path


class Hearing:
    """One call, from its request to its end. `answer` and `printed` are what came of it."""

    def __init__(self, sources: Sources, limits: Limits, printed: bytearray) -> None:
        self.sources = sources
        self.limits = limits
        self.answer = bytearray()
        self.printed = printed
        self.stopped: Ended | None = None
        now = time.monotonic()
        self.deadline = now + limits.wall_s
        self.look_at = now + LOOK_S
        self.glance_at = now + GLANCE_S
        self.threads = threads_on_machine()
        self.selector = selectors.DefaultSelector()
        self._listen(sources.control.fileno(), self._take_end)
        self._listen(sources.answer, self._take_answer)
        self._listen(sources.printed, self._take_printed)

    def until_ended(self) -> tuple[int, Spent]:
        """The call's exit code (negative: a signal) and its cost; raises Ended for every end but its own."""
        try:
            while True:
                self._watch()
                due = min(self.deadline, self.look_at, self.glance_at)
                for key, _ in self.selector.select(max(0.0, due - time.monotonic())):
                    ended: tuple[int, Spent] | None = key.data(key.fd)
                    if ended is not None:
                        self._take_rest()
                        return ended
        finally:
            self.selector.close()

    def _listen(self, descriptor: int, take: Callable[[int], tuple[int, Spent] | None]) -> None:
        self.selector.register(descriptor, selectors.EVENT_READ, take)

    def _take_end(self, descriptor: int) -> tuple[int, Spent]:
        try:
            frame, _ = receive_frame(self.sources.control)
            return int(frame["ended"]), Spent(int(frame["cpu_us"]) / 1e6, int(frame["peak_bytes"]))
        except (EOFError, OSError) as error:
            raise self._lost(Ended("killed", "the sandbox ended during the call")) from error
        except (FrameBroken, KeyError, TypeError, ValueError) as error:
            raise self._lost(Ended("malformed", "the sandbox does not keep to the protocol")) from error

    def _take_answer(self, descriptor: int) -> None:
        piece = os.read(descriptor, 1 << 20)
        self.answer += piece
        if not piece:
            self.selector.unregister(descriptor)
        elif len(self.answer) > FRAME_LIMIT_BYTES + LENGTH_BYTES:
            self.selector.unregister(descriptor)
            self._stop(Ended("output", f"an answer of more than {FRAME_LIMIT_BYTES} bytes"))

    def _take_printed(self, descriptor: int) -> None:
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            self.selector.unregister(descriptor)
        self.printed += piece
        del self.printed[:-PRINTED_BYTES]

    def _take_rest(self) -> None:
        """What was still in the answer's pipe when the end was told.

        Nothing waits for the pipe's own end: at the weak level a process that got away could hold it open.
        """
        os.set_blocking(self.sources.answer, False)
        with contextlib.suppress(BlockingIOError):
            while self.stopped is None and self.sources.answer in self.selector.get_map():
                self._take_answer(self.sources.answer)
        if self.stopped is not None:
            raise self.stopped

    def _watch(self) -> None:
        now = time.monotonic()
        if now >= self.deadline:
            self._stop(Ended("timeout", f"{self.limits.wall_s} s of wall time"))
        elif self.stopped is not None:
            return
        elif now >= self.look_at:
            self._look(now)
        elif now >= self.glance_at:
            self.glance_at = now + GLANCE_S
            # The kernel counts the processes of an ordinary user's sandbox, but not of one that root has started.
            if threads_on_machine() > self.threads + self.limits.processes:
                self._look(now)

    def _look(self, began: float) -> None:
        processes, private_bytes = count_and_memory(self.sources.process)
        if processes > self.limits.processes + PROCESSES_OURS:
            self._stop_all(Ended("killed", f"more than {self.limits.processes} processes"))
        if private_bytes > self.limits.memory_bytes * MEMORY_FACTOR:
            self._stop_all(Ended("memory", "the memory that all processes together may use was not enough"))
        try:
            written = measure(self.sources.folder)
        except OutputRefused as refusal:
            self._stop(Ended("output", refusal.problem))
            return
        if written > self.limits.output_bytes:
            self._stop(Ended("output", f"more than {self.limits.output_bytes} bytes written"))
            return
        # A look that takes long is taken less often, so that it never costs more than a twentieth.
        now = time.monotonic()
        self.look_at = now + max(LOOK_S, 20 * (now - began))
        self.glance_at = now + max(GLANCE_S, 20 * (now - began))

    def _stop(self, reason: Ended) -> None:
        """Tell the sandbox to stop the call; if that was told before, it is the sandbox that goes."""
        if self.stopped is not None:
            self._stop_all(self.stopped)
        self.stopped = reason
        self.deadline = time.monotonic() + STOP_TIMEOUT_S
        self.look_at = self.glance_at = self.deadline
        try:
            send_frame(self.sources.control, {"stop": True})
        except OSError as error:
            raise self._lost(reason) from error

    def _stop_all(self, reason: Ended) -> None:
        raise self._lost(reason)

    def _lost(self, reason: Ended) -> Ended:
        """The reason for which the call ended, marked so that the sandbox is not used again."""
        first = self.stopped or reason
        first.usable = False
        return first

"""A started sandbox, seen from outside. Nothing that comes from inside is believed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from casefile.canonical import Json
from casefile.vocabulary import ContainmentLevel
from containment.answers import answer_of
from containment.broker import Broker
from containment.frames import send_frame
from containment.hearing import PROCESSES_OURS, Hearing, Sources, Spent
from containment.limits import Ended, Limits
from containment.processes import descendants
from containment.sandbox import OUT, Places

OPEN_FILES = 1024
GONE_TIMEOUT_MS = 30_000
"""For the kernel to take down a killed process namespace on a busy machine."""


@dataclass(slots=True)
class Running:
    """One started sandbox. `printed_in` is where its output is read, `first` a pidfd of its first process (full)."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    printed_in: int
    places: Places
    level: ContainmentLevel
    broker: Broker | None = None
    own: tempfile.TemporaryDirectory[str] | None = None
    first: int = -1
    proxy: str = ""
    printed: bytearray = field(default_factory=bytearray)

    def ask(self, request: Mapping[str, Json], limits: Limits) -> tuple[Mapping[str, Json], Spent]:
        """One call, from request to answer; raises Ended.

        When it returns, or raises an Ended that leaves the sandbox usable, nothing of the call runs any more.
        """
        self.printed.clear()
        answer_in, answer_out = os.pipe()
        try:
            try:
                send_frame(self.control, self._order(request, limits), (answer_out,))
            except OSError as error:
                raise Ended("killed", "the sandbox had ended", usable=False) from error
            finally:
                os.close(answer_out)
            sources = Sources(self.control, answer_in, self.printed_in, self.process.pid, self.places.call)
            hearing = Hearing(sources, limits, self.printed)
            status, spent = hearing.until_ended()
            return answer_of(bytes(hearing.answer), status), spent
        finally:
            os.close(answer_in)

    def _order(self, request: Mapping[str, Json], limits: Limits) -> dict[str, object]:
        call = dict(request)
        if self.broker is not None:
            call["proxy"] = self.proxy
        full = self.level is ContainmentLevel.FULL
        bounds = {
            "cpu_s": limits.cpu_s,
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
            "files": OPEN_FILES,
            # Without a user namespace of its own the kernel would count everything that the user runs.
            "processes": limits.processes + PROCESSES_OURS if full else 0,
        }
        return {"call": call, "out": str(OUT / "call") if full else str(self.places.call), "limits": bounds}

    def stop(self) -> None:
        """Kill everything inside and wait until it is gone."""
        self.control.close()
        if self.level is ContainmentLevel.FULL:
            # With bubblewrap its first process inside dies, and with that the whole process namespace.
            self.process.kill()
            self.process.wait()
            if self.first >= 0:
                poll = select.poll()
                poll.register(self.first, select.POLLIN)
                poll.poll(GONE_TIMEOUT_MS)
                os.close(self.first)
        else:
            self._stop_weak()
        os.close(self.printed_in)
        if self.own is not None:
            self.own.cleanup()

    def _stop_weak(self) -> None:
        """The zygote kills what it started once its socket is closed; what it did not get to is killed from here."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            for process in [*descendants(self.process.pid), self.process.pid]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait()

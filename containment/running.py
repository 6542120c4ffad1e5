"""A started sandbox and the conversation with it, seen from outside. Nothing that comes from inside is believed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefile.canonical import INTEGER_LIMIT, Json
from casefile.model import readable
from casefile.vocabulary import ContainmentLevel
from containment.broker import Broker
from containment.frames import FRAME_LIMIT_BYTES, LENGTH_BYTES, FrameBroken, receive_frame, send_frame
from containment.limits import Ended, Limits
from containment.outputs import OutputRefused, measure
from containment.sandbox import INPUTS, OUT, TEMPORARY, Places, environment, full_argv, weak_argv

START_TIMEOUT_S = 120.0
"""From start to the module imported; a busy machine imports slowly."""
STOP_TIMEOUT_S = 10.0
"""For a call to be gone after it was told to stop; then the whole sandbox goes."""
WATCH_S = 0.25
"""Between two looks at what a running call has written."""
PRINTED_BYTES = 4096
DETAIL_CHARACTERS = 1000
OPEN_FILES = 512
PROCESSES_OURS = 3
"""bubblewrap's first process, the zygote and the call itself count towards the processes inside."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a call cost."""

    cpu_s: float
    peak_memory_bytes: int


@dataclass(slots=True)
class Running:
    """One started sandbox. `folder` is what the calls write to, as seen from outside."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    broker: Broker | None
    places: Places
    level: ContainmentLevel
    own: tempfile.TemporaryDirectory[str] | None = None
    proxy: str = ""
    printed: bytearray = field(default_factory=bytearray)

    @property
    def call_folder(self) -> Path:
        return self.places.out / "call"

    def ask(self, request: Mapping[str, Json], limits: Limits) -> tuple[Mapping[str, Json], Spent]:
        """One call, from request to answer; raises Ended. When it returns or raises, nothing of it runs any more."""
        call = dict(request)
        if self.broker is not None:
            call["proxy"] = self.proxy
        full = self.level is ContainmentLevel.FULL
        order = {
            "call": call,
            "out": str(OUT / "call") if full else str(self.call_folder),
            "limits": {
                "cpu_s": limits.cpu_s,
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
                "files": OPEN_FILES,
                # Without a user namespace of its own the count would be that of everything the user runs.
                "processes": limits.processes + PROCESSES_OURS if full else 0,
            },
        }
        self.printed.clear()
        answer_in, answer_out = os.pipe()
        try:
            try:
                send_frame(self.control, order, (answer_out,))
            except OSError as error:
                raise Ended("killed", "the sandbox had ended", usable=False) from error
            finally:
                os.close(answer_out)
            return self._hear(answer_in, limits)
        finally:
            os.close(answer_in)

    def _hear(self, answer_in: int, limits: Limits) -> tuple[Mapping[str, Json], Spent]:
        hearing = _Hearing(self, answer_in, limits)
        try:
            status, spent = hearing.until_ended()
        finally:
            hearing.selector.close()
        return _answer_of(bytes(hearing.answer), status), spent

    def stop(self) -> None:
        """Kill everything inside and wait for it."""
        self.control.close()
        if self.level is ContainmentLevel.FULL:
            # The death of bubblewrap takes its first process along, and that the whole process namespace.
            self.process.kill()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self.own is not None:
            self.own.cleanup()


class _Hearing:
    """Waiting for one call: its answer, what it prints, its end, its deadline and the size of its output."""

    def __init__(self, running: Running, answer_in: int, limits: Limits) -> None:
        self.running = running
        self.limits = limits
        self.answer = bytearray()
        self.deadline = time.monotonic() + limits.wall_s
        self.look_at = time.monotonic() + WATCH_S
        self.stopped: Ended | None = None
        self.selector = selectors.DefaultSelector()
        self.selector.register(running.control, selectors.EVENT_READ, self._end)
        self.selector.register(answer_in, selectors.EVENT_READ, self._take_answer)
        assert running.process.stdout is not None
        self.selector.register(running.process.stdout, selectors.EVENT_READ, self._take_printed)

    def until_ended(self) -> tuple[int, Spent]:
        """The call's exit code (negative: a signal) and cost; raises Ended for every end that is not its own."""
        while True:
            now = time.monotonic()
            if now >= self.deadline:
                self._stop_because(Ended("timeout", f"{self.limits.wall_s} s of wall time"))
            elif self.stopped is None and now >= self.look_at:
                self._look()
            for key, _ in self.selector.select(max(0.0, min(self.deadline, self.look_at) - time.monotonic())):
                ended: tuple[int, Spent] | None = key.data(key.fd)
                if ended is not None:
                    if self.stopped is not None:
                        raise self.stopped
                    self._take_rest()
                    return ended

    def _end(self, descriptor: int) -> tuple[int, Spent]:
        try:
            frame, _ = receive_frame(self.running.control)
            return int(frame["ended"]), Spent(int(frame["cpu_us"]) / 1e6, int(frame["peak_bytes"]))
        except (EOFError, OSError) as error:
            raise self._lost() from error
        except (FrameBroken, KeyError, TypeError, ValueError) as error:
            raise Ended("malformed", "the sandbox does not keep to the protocol", usable=False) from error

    def _lost(self) -> Ended:
        if self.stopped is not None:
            self.stopped.usable = False
            return self.stopped
        return Ended("killed", "the sandbox ended during the call", usable=False)

    def _take_answer(self, descriptor: int) -> None:
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            self.selector.unregister(descriptor)
        self.answer += piece
        if len(self.answer) > FRAME_LIMIT_BYTES + LENGTH_BYTES:
            self.selector.unregister(descriptor)
            self._stop_because(Ended("output", f"an answer of more than {FRAME_LIMIT_BYTES} bytes"))

    def _take_printed(self, descriptor: int) -> None:
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            self.selector.unregister(descriptor)
        self.running.printed += piece
        del self.running.printed[:-PRINTED_BYTES]

    def _take_rest(self) -> None:
        """What was still in the answer's pipe when the end was told; its writers are gone."""
        for key in list(self.selector.get_map().values()):
            if key.data == self._take_answer:
                while key.fd in self.selector.get_map():
                    self._take_answer(key.fd)
        if self.stopped is not None:
            raise self.stopped

    def _look(self) -> None:
        began = time.monotonic()
        try:
            written = measure(self.running.call_folder)
        except OutputRefused as refusal:
            self._stop_because(Ended("output", refusal.problem))
            return
        if written > self.limits.output_bytes:
            self._stop_because(Ended("output", f"more than {self.limits.output_bytes} bytes written"))
        # A look that takes long is taken less often, so that it never costs more than a twentieth.
        self.look_at = time.monotonic() + max(WATCH_S, 20 * (time.monotonic() - began))

    def _stop_because(self, reason: Ended) -> None:
        """Tell the sandbox to stop the call; the second time it is the sandbox that goes."""
        if self.stopped is not None:
            self.stopped.usable = False
            raise self.stopped
        self.stopped = reason
        self.deadline = self.look_at = time.monotonic() + STOP_TIMEOUT_S
        try:
            send_frame(self.running.control, {"stop": True})
        except OSError as error:
            reason.usable = False
            raise reason from error


def start(module: str, places: Places, *, level: ContainmentLevel, broker: Broker | None) -> Running:
    """Start a sandbox and wait until the module is imported in it; raises Ended."""
    full = level is ContainmentLevel.FULL
    own = None if full else tempfile.TemporaryDirectory(prefix="casefile-worker-", ignore_cleanup_errors=True)
    temporary, inputs = (TEMPORARY, INPUTS) if own is None else _folders_of_weak(Path(own.name), places)
    proxy = "" if broker is None or full else _serve_on_loopback(broker)
    ours, theirs = socket.socketpair()
    configuration = json.dumps(
        {
            "alone": full,
            "control": theirs.fileno(),
            "egress": broker is not None and full,
            "inputs": str(inputs),
            "module": module,
            "proxy": proxy,
            "temporary": str(temporary),
        }
    )
    with theirs:
        process = subprocess.Popen(
            full_argv(places, configuration) if full else weak_argv(places, configuration),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            env={} if full else environment(temporary),
            cwd="/" if full else temporary,
            start_new_session=True,
        )
    ours.settimeout(START_TIMEOUT_S)
    running = Running(process, ours, broker, places, level, own, proxy)
    try:
        _await_ready(running)
    except BaseException:
        running.stop()
        raise
    return running


def _folders_of_weak(own: Path, places: Places) -> tuple[Path, Path]:
    """Without a sandbox: a temporary folder, and the inputs or an empty folder in their place."""
    for name in ("tmp", "none"):
        (own / name).mkdir(mode=0o700)
    return own / "tmp", own / "none" if places.inputs is None else places.inputs.resolve()


def _serve_on_loopback(broker: Broker) -> str:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    broker.serve(listener)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _await_ready(running: Running) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    assert running.process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(running.control, selectors.EVENT_READ)
        selector.register(running.process.stdout, selectors.EVENT_READ)
        while (left_s := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left_s):
                if key.fileobj is not running.control:
                    piece = os.read(key.fd, 1 << 16)
                    running.printed += piece
                    del running.printed[:-PRINTED_BYTES]
                    if not piece:
                        selector.unregister(key.fileobj)
                elif _heard_ready(running):
                    running.control.settimeout(STOP_TIMEOUT_S)
                    return
    raise Ended("timeout", f"not ready after {START_TIMEOUT_S:.0f} s", usable=False)


def _heard_ready(running: Running) -> bool:
    try:
        frame, descriptors = receive_frame(running.control)
    except (EOFError, OSError) as error:
        raise Ended("killed", "the sandbox ended while it started", usable=False) from error
    except FrameBroken as error:
        raise Ended("malformed", "the sandbox does not keep to the protocol", usable=False) from error
    if "failed" in frame:
        raise Ended("crashed", _failure_text(frame["failed"]), usable=False)
    if "listening" in frame:
        assert running.broker is not None
        running.broker.serve(_listener(descriptors))
        running.proxy = f"http://127.0.0.1:{int(frame['listening'])}"
        return False
    return "ready" in frame


def _listener(descriptors: tuple[int, ...]) -> socket.socket:
    """The socket that listens inside. It was handed out before anything hostile ran, and is looked at all the same."""
    listener = socket.socket(fileno=descriptors[0])
    listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if listener.family != socket.AF_INET or listener.type != socket.SOCK_STREAM or not listening:
        raise Ended("malformed", "the sandbox handed out something else than its listener", usable=False)
    return listener


def _answer_of(answer: bytes, status: int) -> Mapping[str, Json]:
    """The answer in the bytes that a call left; raises Ended when it is none."""
    if status < 0:
        raise _ended_by(-status)
    length = int.from_bytes(answer[:LENGTH_BYTES], "big")
    if len(answer) < LENGTH_BYTES or len(answer) != LENGTH_BYTES + length:
        raise Ended("crashed" if status else "malformed", f"exit code {status} without a whole answer")
    try:
        frame = json.loads(answer[LENGTH_BYTES:], parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Ended("malformed", "the answer is not JSON of ours") from error
    if not isinstance(frame, dict):
        raise Ended("malformed", "the answer is no object")
    if "memory" in frame:
        raise Ended("memory", "the memory that it may use was not enough")
    if "failed" in frame:
        raise _ended_by_itself(frame["failed"])
    said = frame.get("answer")
    if not isinstance(said, dict) or not _in_vocabulary(said):
        raise Ended("malformed", "the answer is outside the vocabulary of records")
    return said


def _refuse(text: str) -> None:
    raise ValueError(f"{text[:32]} is no integer")


def _in_vocabulary(value: Any) -> bool:
    """Strings that can be encoded, integers below 2**53, booleans, lists and objects."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            if not one.isascii() and any("\ud800" <= character <= "\udfff" for character in one):
                return False
        elif not isinstance(one, int) or abs(one) >= INTEGER_LIMIT:
            return False
    return True


def _ended_by(number: int) -> Ended:
    if number == signal.SIGXCPU:
        return Ended("timeout", "the CPU seconds that it may use were not enough")
    if number == signal.SIGXFSZ:
        return Ended("output", "a file grew beyond its bound")
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    return Ended("killed" if number == signal.SIGKILL else "signal", name)


def _ended_by_itself(failure: Any) -> Ended:
    kind = failure.get("kind") if isinstance(failure, dict) else None
    text = _failure_text(failure)
    if kind == "MemoryError":
        return Ended("memory", text)
    if kind == "OSError" and failure.get("errno") == errno.EFBIG:
        return Ended("output", "a file grew beyond its bound")
    return Ended("crashed", text)


def _failure_text(failure: Any) -> str:
    if not isinstance(failure, dict):
        return "unreadable"
    return plain_line(f"{failure.get('kind', '')} at {failure.get('place', '')}: {failure.get('text', '')}")


def plain_line(text: str) -> str:
    """Text from inside as one line that can be printed: no control, format or bidirectional characters."""
    return "".join(one if one.isprintable() else " " for one in readable(text, DETAIL_CHARACTERS))

"""Starting a sandbox, up to the moment at which its module is imported and it waits for calls."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from casefile.vocabulary import ContainmentLevel
from containment.answers import failure_text
from containment.broker import Broker
from containment.frames import FrameBroken, receive_frame
from containment.hearing import PRINTED_BYTES
from containment.limits import Ended
from containment.running import Running
from containment.sandbox import INPUTS, SCRATCH, SHARED_MEMORY, Places, environment, full_argv, python_argv
from containment.seccomp import filter_program

START_TIMEOUT_S = 120.0
"""From start to the module imported; a busy machine imports slowly."""
CONTROL_TIMEOUT_S = 5.0
"""For one frame from the sandbox to be whole, once it has begun."""


def start(module: str, places: Places, *, level: ContainmentLevel, broker: Broker | None) -> Running:
    """Start a sandbox and wait until `module` is imported in it; raises Ended.

    Without a sandbox of its own (weak) the broker listens on this machine's loopback.
    """
    starting = _start_full if level is ContainmentLevel.FULL else _start_weak
    with contextlib.ExitStack() as until_ready:
        if broker is not None:
            until_ready.callback(broker.close)
        try:
            running = starting(module, places, broker)
        except OSError as error:
            raise Ended("killed", f"the sandbox could not be started: {error}", usable=False) from error
        until_ready.callback(running.stop)
        _await_ready(running)
        until_ready.pop_all()
    return running


def _start_full(module: str, places: Places, broker: Broker | None) -> Running:
    configuration = {
        "alone": True,
        "egress": broker is not None,
        "inputs": str(INPUTS),
        "module": module,
        "proxy": "",
        "temporary": [str(SCRATCH), str(SHARED_MEMORY)],
    }
    info_in, info_out = os.pipe()
    with (
        _ends() as (ours, printed_in, theirs, printed_out),
        _closing(info_out),
        _readable_bytes(filter_program()) as seccomp,
    ):
        argv = full_argv(places, json.dumps({**configuration, "control": theirs.fileno()}), info_out, seccomp)
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=printed_out,
            stderr=printed_out,
            pass_fds=[one for one in (theirs.fileno(), info_out, seccomp) if one >= 0],
            env={},
            cwd="/",
        )
    running = Running(process, ours, printed_in, places, ContainmentLevel.FULL, broker)
    running.first = _first_process(info_in)
    return running


def _start_weak(module: str, places: Places, broker: Broker | None) -> Running:
    own = tempfile.TemporaryDirectory(prefix="casefile-worker-", ignore_cleanup_errors=True)
    temporary, nothing = Path(own.name) / "tmp", Path(own.name) / "none"
    temporary.mkdir(mode=0o700)
    nothing.mkdir(mode=0o700)
    proxy = "" if broker is None else _serve_on_loopback(broker)
    configuration = {
        "alone": False,
        "egress": False,
        "inputs": str(nothing if places.inputs is None else places.inputs.resolve()),
        "module": module,
        "proxy": proxy,
        "temporary": [str(temporary)],
    }
    with _ends() as (ours, printed_in, theirs, printed_out):
        process = subprocess.Popen(
            python_argv(places, json.dumps({**configuration, "control": theirs.fileno()})),
            stdin=subprocess.DEVNULL,
            stdout=printed_out,
            stderr=printed_out,
            pass_fds=(theirs.fileno(),),
            env=environment(temporary),
            cwd=temporary,
            start_new_session=True,
        )
    return Running(process, ours, printed_in, places, ContainmentLevel.WEAK, broker, own, proxy=proxy)


@contextlib.contextmanager
def _ends() -> Iterator[tuple[socket.socket, int, socket.socket, int]]:
    """Ends of a control socket and of a pipe for what is printed, ours and theirs; ours stay open if all goes well."""
    ours, theirs = socket.socketpair()
    printed_in, printed_out = os.pipe()
    with theirs, _closing(printed_out), contextlib.ExitStack() as until_started:
        until_started.callback(ours.close)
        until_started.callback(os.close, printed_in)
        yield ours, printed_in, theirs, printed_out
        until_started.pop_all()


@contextlib.contextmanager
def _closing(*descriptors: int) -> Iterator[None]:
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@contextlib.contextmanager
def _readable_bytes(content: bytes) -> Iterator[int]:
    """A descriptor from which `content` can be read to its end; -1 for nothing."""
    if not content:
        yield -1
        return
    descriptor = os.memfd_create("filter")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _first_process(info_in: int) -> int:
    """A pidfd of the sandbox's first process, which bubblewrap names; -1 when it ended before it could."""
    with open(info_in, "rb") as info:
        said = info.read()
    try:
        return os.pidfd_open(int(json.loads(said)["child-pid"]))
    except (ValueError, KeyError, OSError):
        return -1


def _serve_on_loopback(broker: Broker) -> str:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    broker.serve(listener)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _await_ready(running: Running) -> None:
    running.control.settimeout(CONTROL_TIMEOUT_S)
    deadline = time.monotonic() + START_TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        selector.register(running.control.fileno(), selectors.EVENT_READ)
        selector.register(running.printed_in, selectors.EVENT_READ)
        while (left_s := deadline - time.monotonic()) > 0:
            ready = [key.fd for key, _ in selector.select(left_s)]
            if running.printed_in in ready:
                piece = os.read(running.printed_in, 1 << 16)
                running.printed += piece
                del running.printed[:-PRINTED_BYTES]
                if not piece:
                    selector.unregister(running.printed_in)
            if running.control.fileno() in ready and _heard_ready(running):
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
        raise Ended("crashed", failure_text(frame["failed"]), usable=False)
    if "listening" in frame and running.broker is not None:
        running.broker.serve(_listener(descriptors))
        running.proxy = f"http://127.0.0.1:{int(frame['listening'])}"
        return False
    return "ready" in frame


def _listener(descriptors: tuple[int, ...]) -> socket.socket:
    """The socket that listens inside. It was handed out before anything hostile ran, and is looked at all the same."""
    if len(descriptors) != 1:
        raise Ended("malformed", "the sandbox handed out no listener", usable=False)
    listener = socket.socket(fileno=descriptors[0])
    listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if listener.family != socket.AF_INET or listener.type != socket.SOCK_STREAM or not listening:
        listener.close()
        raise Ended("malformed", "the sandbox handed out something else than its listener", usable=False)
    return listener

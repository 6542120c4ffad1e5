"""The process inside: imports the worker's module once, then forks a child for each call and cleans up after it.

It is the only process inside that is trusted, and only as far as nothing else could have reached it: its memory is
closed to the calls (not dumpable), each call has its own pipe for the answer, and after each call everything that
the call started is killed. Standard library only, so that it starts quickly.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containment.frames import encode_frame, receive_frame, send_frame

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
SWEEP_S = 5.0
TEXT_LIMIT = 500
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

Work = Callable[[dict[str, Any], Path, Path], dict[str, Any]]


def main(configuration: str) -> None:
    """Serve calls until the parent closes the control socket."""
    given = json.loads(configuration)
    control = socket.socket(fileno=given["control"])
    control.set_inheritable(False)
    _process_control(PR_SET_DUMPABLE, 0)
    _process_control(PR_SET_CHILD_SUBREAPER, 1)
    if not given["alone"]:
        _process_control(PR_SET_PDEATHSIG, signal.SIGKILL)
    if given["egress"]:
        _offer_listener(control)
    elif given["proxy"]:
        _set_proxy(given["proxy"])
    try:
        work: Work = importlib.import_module(given["module"]).work
    except BaseException as error:
        send_frame(control, {"failed": _describe(error)})
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()
    send_frame(control, {"ready": True})
    Zygote(control, work, given).serve()


def _process_control(option: int, value: int) -> None:
    """prctl(2); what a kernel does not know of it is left out."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def _offer_listener(control: socket.socket) -> None:
    """Listen on this network's loopback and hand the socket out: the broker accepts from outside."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        send_frame(control, {"listening": port}, (listener.fileno(),))
    _set_proxy(f"http://127.0.0.1:{port}")


def _set_proxy(url: str) -> None:
    for name in PROXY_VARIABLES:
        os.environ[name] = url


def _describe(error: BaseException) -> dict[str, str | int]:
    """An exception as plain text: its kind, the place in our code, and its message, cut."""
    place = ""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        place = f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        break
    described: dict[str, str | int] = {"kind": type(error).__name__, "place": place, "text": str(error)[:TEXT_LIMIT]}
    if isinstance(error, OSError) and error.errno is not None:
        described["errno"] = error.errno
    return described


class Zygote:
    """One call at a time."""

    def __init__(self, control: socket.socket, work: Work, given: dict[str, Any]) -> None:
        self.control = control
        self.work = work
        self.inputs = Path(given["inputs"])
        self.temporary = Path(given["temporary"])
        self.alone: bool = given["alone"]
        self.keep = {os.getpid(), 1} if self.alone else {os.getpid()}
        self.wake_in, self.wake_out = os.pipe()
        for end in (self.wake_in, self.wake_out):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake_out, warn_on_full_buffer=False)

    def serve(self) -> None:
        while True:
            try:
                order, descriptors = receive_frame(self.control)
            except EOFError:
                return
            if "call" in order:
                self._call(order, descriptors[0])

    def _call(self, order: dict[str, Any], answer: int) -> None:
        place = self.temporary / "call"
        place.mkdir(mode=0o700)
        child = os.fork()
        if child == 0:
            self._work_and_exit(order, answer, place)
        os.close(answer)
        status, usage = self._await(child)
        self._sweep()
        self._empty_temporary()
        peak = usage.ru_maxrss * 1024
        send_frame(
            self.control,
            {"ended": status, "cpu_us": round((usage.ru_utime + usage.ru_stime) * 1_000_000), "peak_bytes": peak},
        )

    def _await(self, child: int) -> tuple[int, resource.struct_rusage]:
        while True:
            ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), usage
            ready, _, _ = select.select([self.control.fileno(), self.wake_in], [], [])
            if self.wake_in in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake_in, 4096)
            if self.control.fileno() in ready:
                # An order to stop, or the parent is gone: either way nothing of this call goes on.
                try:
                    receive_frame(self.control)
                except EOFError:
                    self._kill_all()
                    os._exit(1)
                os.kill(child, signal.SIGKILL)

    def _sweep(self) -> None:
        """Kill what the call left behind and wait until it is gone; give up the sandbox when it does not go."""
        until = time.monotonic() + SWEEP_S
        while self._kill_all():
            if time.monotonic() > until:
                os._exit(1)
            time.sleep(0.001)

    def _kill_all(self) -> bool:
        """Kill every other process of ours; whether any was left."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if self.alone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            return any(entry.isdigit() and int(entry) not in self.keep for entry in os.listdir("/proc"))
        left = descendants(os.getpid())
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return bool(left)

    def _empty_temporary(self) -> None:
        """Leave nothing to the next call; a folder that resists ends the sandbox."""
        for entry in os.scandir(self.temporary):
            try:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
            except OSError:
                os._exit(1)

    def _work_and_exit(self, order: dict[str, Any], answer: int, place: Path) -> None:
        code = 1
        try:
            self._become_call(order, place)
            _answer(self.work, order, answer, self.inputs)
            code = 0
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _become_call(self, order: dict[str, Any], place: Path) -> None:
        self.control.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self.wake_in)
        os.close(self.wake_out)
        os.setpgid(0, 0)
        os.environ["HOME"] = os.environ["TMPDIR"] = str(place)
        os.chdir(place)
        set_limits(order["limits"])
        _process_control(PR_SET_DUMPABLE, 1)


def _answer(work: Work, order: dict[str, Any], answer: int, inputs: Path) -> None:
    try:
        frame = encode_frame({"answer": work(order["call"], inputs, Path(order["out"]))})
    except MemoryError:
        frame = encode_frame({"memory": True})
    # The boundary of a worker: whatever it raises becomes its typed end.
    except Exception as error:  # noqa: BLE001
        frame = encode_frame({"failed": _describe(error)})
    left = memoryview(frame)
    while left:
        left = left[os.write(answer, left) :]


def set_limits(limits: dict[str, int]) -> None:
    """Bind this process and what it starts. Bytes, seconds and counts; a limit of 0 processes is left out."""
    _bind(resource.RLIMIT_CORE, 0, 0)
    _bind(resource.RLIMIT_CPU, limits["cpu_s"], limits["cpu_s"] + 2)
    _bind(resource.RLIMIT_FSIZE, limits["file_bytes"], limits["file_bytes"])
    _bind(resource.RLIMIT_NOFILE, limits["files"], limits["files"])
    if limits["processes"]:
        _bind(resource.RLIMIT_NPROC, limits["processes"], limits["processes"])
    # What is really written to is bound for good; the address space only as far as a program does not ask for more,
    # since some reserve far more of it than they ever use.
    _bind(resource.RLIMIT_DATA, limits["memory_bytes"], limits["memory_bytes"])
    _bind(resource.RLIMIT_AS, limits["memory_bytes"], None)


def _bind(limit: int, soft: int, hard: int | None) -> None:
    """Lower a limit; one that is lower already stays as it is, and without `hard` so does the hard limit."""
    current = resource.getrlimit(limit)[1]
    ceiling = current if hard is None else hard if current == resource.RLIM_INFINITY else min(hard, current)
    resource.setrlimit(limit, (soft if ceiling == resource.RLIM_INFINITY else min(soft, ceiling), ceiling))


def descendants(ancestor: int) -> list[int]:
    """Every process that `ancestor` has started, directly or not, as /proc shows it now."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found

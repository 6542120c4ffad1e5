"""The first process of ours inside: it imports the worker's module once, forks for each call, and cleans up after it.

It is the only process inside that is trusted, and only as far as no call could have reached it: its memory is closed
to the calls (not dumpable), each call has its own pipe for the answer, and after each call everything that the call
started is killed and what it left in temporary folders removed. Standard library only, so that it starts quickly.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any

from containment.child import ImportFailed, Work, import_work, work_and_exit
from containment.emptying import empty
from containment.frames import receive_frame, send_frame
from containment.processes import descendants

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
SWEEP_S = 5.0
"""For the processes of a call to be gone after they were killed; then the sandbox is given up."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def main(configuration: str) -> None:
    """Serve calls until the parent closes the control socket."""
    given = json.loads(configuration)
    control = socket.socket(fileno=given["control"])
    control.set_inheritable(False)
    _process_control(PR_SET_DUMPABLE, 0)
    _process_control(PR_SET_CHILD_SUBREAPER, 1)
    if not given["alone"]:
        _process_control(PR_SET_PDEATHSIG, signal.SIGKILL)
    elif others():
        # After a call everybody else is killed: that must never be meant for the processes of the machine.
        raise SystemExit("not alone in this process namespace")
    if given["egress"]:
        _offer_listener(control)
    elif given["proxy"]:
        _set_proxy(given["proxy"])
    # What is imported stays: looking through it for garbage again and again takes a tenth of the start.
    gc.disable()
    try:
        work = import_work(given["module"])
    except ImportFailed as failure:
        send_frame(control, {"failed": failure.described})
        raise SystemExit(1) from failure
    gc.collect()
    gc.freeze()
    gc.enable()
    zygote = Zygote(control, work, given)
    send_frame(control, {"ready": True})
    zygote.serve()


def _process_control(option: int, value: int) -> None:
    """prctl(2); what a kernel does not know of it is left out."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def others() -> list[int]:
    """Every process that /proc shows, but ourselves."""
    return [int(one) for one in os.listdir("/proc") if one.isdigit() and int(one) != os.getpid()]


def _offer_listener(control: socket.socket) -> None:
    """Listen on this network's loopback and hand the socket out: the broker accepts from outside."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        send_frame(control, {"listening": port}, (listener.fileno(),))
    _set_proxy(f"http://127.0.0.1:{port}")


def _set_proxy(url: str) -> None:
    for name in PROXY_VARIABLES:
        os.environ[name] = url


class Zygote:
    """One call at a time. `alone`: in a process namespace of its own, where all others are of the call."""

    def __init__(self, control: socket.socket, work: Work, given: dict[str, Any]) -> None:
        self.control = control
        self.work = work
        self.inputs = Path(given["inputs"])
        self.temporary = [Path(one) for one in given["temporary"]]
        self.alone: bool = given["alone"]
        self.wake_in, self.wake_out = os.pipe()
        for end in (self.wake_in, self.wake_out):
            os.set_blocking(end, False)
        # A handler is needed for the wake-up to be written; the work is done where it is read.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake_out, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Answer orders until the control socket ends."""
        while True:
            try:
                order, descriptors = receive_frame(self.control)
            except EOFError:
                return
            # An order to stop may come when the call has ended by itself.
            if "call" in order:
                self._call(order, descriptors[0])

    def _call(self, order: dict[str, Any], answer: int) -> None:
        place = self.temporary[0] / "call"
        place.mkdir(mode=0o700)
        child = os.fork()
        if child == 0:
            self._become_call(place)
            work_and_exit(self.work, order, answer, self.inputs)
        os.close(answer)
        status, usage = self._await(child)
        self._sweep()
        self._empty_temporary()
        cpu_us = round((usage.ru_utime + usage.ru_stime) * 1_000_000)
        send_frame(self.control, {"ended": status, "cpu_us": cpu_us, "peak_bytes": usage.ru_maxrss * 1024})

    def _become_call(self, place: Path) -> None:
        self.control.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self.wake_in)
        os.close(self.wake_out)
        os.setpgid(0, 0)
        os.environ["HOME"] = os.environ["TMPDIR"] = str(place)
        os.chdir(place)
        _process_control(PR_SET_DUMPABLE, 1)

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
                self._stop(child)

    def _stop(self, child: int) -> None:
        """An order to stop came, or the parent is gone: either way nothing of this call goes on."""
        try:
            receive_frame(self.control)
        except EOFError:
            self._sweep()
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
        """Kill every process of the call; whether any was left."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if self.alone:
            # All but ourselves, at once, so that none forks away from it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            return bool(others())
        left = descendants(os.getpid())
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return bool(left)

    def _empty_temporary(self) -> None:
        """Leave nothing to the next call; what resists ends the sandbox."""
        for folder in self.temporary:
            try:
                empty(folder)
            except OSError:
                os._exit(1)

"""A gigabyte through sandbox and broker, against the same directly over loopback: passed on, and recorded.

Site, client and broker are three processes that share what cores there are. The site is alike in both: over TLS where
it is recorded, so that the direct way has one encryption and the recorded way two.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.drinking import drink
from benchmarks.measuring import Figure, Spent, both, spend
from casefile.vocabulary import ContainmentLevel
from containment.certificates import Authority
from containment.limits import Limits
from containment.worker import EgressPolicy, RecordingPolicy, Worker, open_worker

SIZE = 1 << 30
ROUNDS = 3
MOST_GROWTH_MB = 96
"""The queue of the spool, and a block for each way."""
LIMITS = Limits(wall_s=600, cpu_s=600, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)


def measure(folder: Path) -> Sequence[Figure]:
    """Wall time, the least of each way; and what the memory of this process grows by while a gigabyte is recorded."""
    authority = Authority()
    root = folder / "root.pem"
    root.write_bytes(authority.certificate)
    with _site(None) as plain, _site(authority) as secured:
        allow = (plain, secured)
        policy = EgressPolicy(allow)
        recorded = EgressPolicy(allow, recording=RecordingPolicy(4 * SIZE, roots=(root,)))
        direct = _least(lambda: drink(f"http://{plain}/"))
        direct_tls = _least(lambda: drink(f"https://{secured}/", roots=str(root)))
        with _worker(folder, policy) as worker:
            passed = _least(lambda: _through(worker, f"http://{plain}/"))
        with _worker(folder, recorded) as worker:
            _through(worker, f"http://{plain}/")
            before_mb = _peak_mb()
            kept = _least(lambda: _through(worker, f"https://{secured}/"))
            growth_mb = _peak_mb() - before_mb
    told = f"{SIZE / 1e6 / kept.wall_s:.0f} MB/s recorded, {SIZE / 1e6 / direct_tls.wall_s:.0f} direct"
    return [
        Figure(
            "1 GB through sandbox and broker",
            passed.wall_s / direct.wall_s,
            1.5,
            "x wall",
            both("passed on", passed, direct),
        ),
        Figure("the same over TLS, recorded", kept.wall_s / direct_tls.wall_s, 5, "x wall", told),
        Figure("growth of memory while it is recorded", growth_mb, MOST_GROWTH_MB, "MB", f"{ROUNDS} GB in all"),
    ]


def _least(work: Callable[[], object]) -> Spent:
    return min((spend(work) for _ in range(ROUNDS)), key=lambda one: one.wall_s)


@contextmanager
def _worker(folder: Path, egress: EgressPolicy) -> Iterator[Worker]:
    code = (Path(__file__).parent,)
    level = ContainmentLevel.FULL
    with open_worker("benchmarks.drinking", inputs=None, out=folder, egress=egress, level=level, code=code) as worker:
        worker.start()
        yield worker


def _through(worker: Worker, locator: str) -> None:
    name = os.urandom(8).hex()
    result = worker.call({"locator": locator}, f"out/{name}", LIMITS)
    received = result.answer["bytes"]
    if not isinstance(received, int) or received < SIZE:
        raise RuntimeError(f"{received} of {SIZE} bytes came")
    if result.recording is not None and (result.recording.lost or result.recording.bytes < SIZE):
        raise RuntimeError(f"the record is not whole: {result.recording.lost}")


@contextmanager
def _site(authority: Authority | None) -> Iterator[str]:
    """A site in a process of its own, as host:port."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener, authority), daemon=True)
    process.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.kill()
        process.join()
        listener.close()


def _serve(listener: socket.socket, authority: Authority | None) -> None:
    block = os.urandom(1 << 20)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n".encode("ascii")
    while True:
        visitor, _ = listener.accept()
        with suppress(OSError), visitor:
            context = None if authority is None else authority.context_for("127.0.0.1")
            connection = visitor if context is None else context.wrap_socket(visitor, server_side=True)
            connection.recv(1 << 16)
            connection.sendall(head)
            for _ in range(SIZE // len(block)):
                connection.sendall(block)
            connection.close()


def _peak_mb() -> float:
    """The most memory that this process has held at one time."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

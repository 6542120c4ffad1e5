"""Workers with probe modules in them, and a canary that tells when something has got out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from casefile.vocabulary import ContainmentLevel
from containment.sandbox import available
from containment.worker import EgressPolicy, Limits, Worker, open_worker

PROBES = Path(__file__).parent / "probes"

LIMITS = Limits(wall_s=60, cpu_s=20, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=4 << 20, processes=32)

Opening = Callable[..., AbstractContextManager[Worker]]


@dataclass(slots=True)
class Canary:
    """Listens on every address of this machine's loopback and counts who comes."""

    listener: socket.socket
    port: int
    visits: list[str] = field(default_factory=list)

    def listen(self) -> None:
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            with visitor:
                self.visits.append(visitor.getsockname()[0])
                visitor.settimeout(1)
                try:
                    visitor.recv(65536)
                    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary")
                except OSError:
                    continue


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Reachable as 127.0.0.1, 127.0.0.2, ::1 and whatever else means this machine."""
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    one = Canary(listener, listener.getsockname()[1])
    thread = threading.Thread(target=one.listen)
    thread.start()
    yield one
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture(scope="session")
def full() -> ContainmentLevel:
    """The full level, or a skip that says what is lacking."""
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    return ContainmentLevel.FULL


@pytest.fixture
def opening(tmp_path: Path) -> Opening:
    """Open a worker on a probe module: opening(probe, level, egress=…, inputs=…)."""
    out = tmp_path / "out"

    def open_probe(
        probe: str, level: ContainmentLevel, *, egress: EgressPolicy | None = None, inputs: Path | None = None
    ) -> AbstractContextManager[Worker]:
        out.mkdir(exist_ok=True)
        return open_worker(probe, inputs=inputs, out=out, egress=egress, level=level, code=(PROBES / f"{probe}.py",))

    return open_probe


@pytest.fixture
def limits() -> Limits:
    """Enough for a probe that behaves."""
    return LIMITS


@pytest.fixture(params=list(ContainmentLevel), ids=lambda level: level.value)
def level(request: pytest.FixtureRequest) -> ContainmentLevel:
    """Each level that there is here."""
    if request.param is ContainmentLevel.FULL and not available().full:
        pytest.skip(f"full containment: {available().reason}")
    chosen: ContainmentLevel = request.param
    return chosen

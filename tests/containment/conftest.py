"""Workers with probe modules in them, and a canary that tells when something has got out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.plugin import hostile_site

from casefile.vocabulary import ContainmentLevel
from containment.sandbox import available
from containment.worker import EgressPolicy, Limits, Worker, open_worker

from .outside import Canary, Outside, canary_listening, outside_world

__all__ = ["hostile_site"]

PROBES = Path(__file__).parent / "probes"

LIMITS = Limits(wall_s=60, cpu_s=20, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=4 << 20, processes=32)

Opening = Callable[..., AbstractContextManager[Worker]]


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Reachable as 127.0.0.1, 127.0.0.2, ::1 and whatever else means this machine."""
    with canary_listening() as one:
        yield one


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A public site, and a canary at all other addresses."""
    with outside_world() as world:
        yield world


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

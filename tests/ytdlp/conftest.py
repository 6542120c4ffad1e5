"""A media site, the real broker in front of it, and one call that captures as the worker does."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from casefile.digests import digest_file
from casefile.model import Received, ReceivedItem
from casefile.vocabulary import Role
from containment.broker import Broker, EgressPolicy

SITES = Path(__file__).parents[1] / "sites" / "media_site.py"


def _load(path: Path) -> ModuleType:
    name = f"tests_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


media_site = _load(SITES)

LIMITS = {
    "max_bytes": 64 << 20,
    "max_decoded_bytes": 128 << 20,
    "deadline_s": 30,
    "connect_timeout_s": 5,
    "minimum_rate_bytes_s": 0,
    "minimum_rate_window_s": 30,
    "max_redirects": 5,
}


@dataclass(frozen=True, slots=True)
class Captured:
    """A worker's answer with the folder that it wrote."""

    received: Received
    out: Path

    def item(self, role: Role) -> ReceivedItem:
        (found,) = (one for one in self.received.items if one.role is role)
        return found

    def content(self, item: ReceivedItem) -> list[bytes]:
        return [(self.out / path).read_bytes() for path in item.files]

    def digests(self, item: ReceivedItem) -> list[str]:
        return [digest_file(self.out / path).sha256 for path in item.files]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return media_site.make_media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def site(media: Path) -> Iterator[Any]:
    with media_site.serve(media) as running:
        yield running


@pytest.fixture
def other_site(media: Path) -> Iterator[Any]:
    """A second host, which the broker does not allow."""
    with media_site.serve(media) as running:
        yield running


@pytest.fixture
def limits() -> dict[str, int]:
    return dict(LIMITS)


@pytest.fixture
def running_broker(site: Any) -> Iterator[tuple[Broker, str]]:
    running = Broker(EgressPolicy(allow=(site.address,)))
    listener = socket.create_server(("127.0.0.1", 0))
    running.serve(listener)
    yield running, f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.close()


@pytest.fixture
def broker(running_broker: tuple[Broker, str]) -> str:
    """The address of a real egress broker that allows the site and nothing else."""
    return running_broker[1]


@pytest.fixture
def broker_for() -> Iterator[Callable[..., str]]:
    """A broker that allows the addresses named."""
    made: list[Broker] = []

    def make(*allow: str) -> str:
        made.append(running := Broker(EgressPolicy(allow=allow)))
        listener = socket.create_server(("127.0.0.1", 0))
        running.serve(listener)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield make
    for one in made:
        one.close()


@pytest.fixture
def counted(running_broker: tuple[Broker, str]) -> Callable[[], int]:
    """How many connections the broker made so far."""
    return lambda: len(running_broker[0].settle())


@pytest.fixture
def capture(broker: str, tmp_path: Path) -> Callable[..., Captured]:
    """Capture a locator as the worker does, in this process; limits by name."""
    from collectors.ytdlp.capture import work

    count = 0

    def run(locator: str, *, comments: bool = False, proxy: str | None = None, **limits: int) -> Captured:
        nonlocal count
        count += 1
        out = tmp_path / f"out-{count}"
        out.mkdir()
        request = {
            "locator": locator,
            "limits": {**LIMITS, **limits},
            "user_agent": "Tester/1",
            "accept_language": "ar",
            "proxy": broker if proxy is None else proxy,
            "comments": comments,
        }
        return Captured(Received.model_validate(work(request, tmp_path, out)), out)

    return run

"""The hostile site, a relay in the broker's place, and one call that captures as the worker does, in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.capturing import Capture, Captured, request_for
from sites.plugin import hostile_site, relay
from sites.relay import Relay

from casefile.model import Received
from collectors.http.capture import work

__all__ = ["hostile_site", "relay"]


@pytest.fixture
def capture(relay: Relay, tmp_path: Path) -> Capture:
    """Capture a locator through the relay; what was left must be what was said."""
    count = 0

    def run(locator: str, *, proxy: str | None = None, **limits: int) -> Captured:
        nonlocal count
        count += 1
        out = tmp_path / f"out-{count}"
        out.mkdir()
        address = relay.url if proxy is None else proxy
        answer = work(request_for(locator, address, **limits), tmp_path, out)
        captured = Captured(Received.model_validate(answer), out)
        assert captured.files() == {file.path for file in captured.received.files}
        captured.received.canonical()
        return captured

    return run

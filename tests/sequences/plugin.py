"""Captures that are not examined, to be imported into the conftest of a folder whose tests ask nothing of findings."""

from __future__ import annotations

import pytest

from .driver import not_examining

PLACES = ("pipelines.monitor.examining", "pipelines.requests.examining", "pipelines.scheduled.examining")


@pytest.fixture
def examined() -> None:
    """Asked for by a test whose captures are to be examined as ever."""


@pytest.fixture(autouse=True)
def unexamined(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out what starts a sandbox with every tool for each collection in the test's own process."""
    if "examined" not in request.fixturenames:
        for place in PLACES:
            monkeypatch.setattr(place, not_examining)

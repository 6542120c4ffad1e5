"""Leases are renewed for as long as work lasts, whatever keeps a single renewal from being made."""

from __future__ import annotations

import sqlite3
import time

import pytest

from casefile.records.ledger import Claim
from pipelines.leases import Leases
from pipelines.services import open_services

from .workspaces import Place

LEASE_MS = 400
PATIENCE_S = 20


def until(place: Place) -> int:
    """When the lease ends."""
    (moment,) = place.column("work_item", "lease_until_ms")
    assert isinstance(moment, int)
    return moment


def await_later(place: Place, moment: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while until(place) <= moment:
        assert time.monotonic() < deadline, "the lease is not renewed any more"
        time.sleep(0.02)


def test_a_busy_database_does_not_end_the_renewing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casefile.records.engine.BUSY_TIMEOUT_MS", 20)
    with open_services(place.root, place.environment) as services:
        leases = Leases(services, LEASE_MS)
        claim = leases.ledger.claim("stage", "key", leases.now_ms())
        assert isinstance(claim, Claim)
        with leases.renewing(), leases.kept(claim):
            await_later(place, until(place))
            other = sqlite3.connect(place.root / "casefile.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            # Longer than it takes until a renewal is tried and gives up.
            time.sleep(LEASE_MS / 1000)
            other.execute("ROLLBACK")
            other.close()
            await_later(place, until(place))

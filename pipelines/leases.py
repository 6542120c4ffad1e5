"""Keeping leases alive while captures run. A process that is stopped or dead renews nothing, and loses its leases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from casefile.errors import LeaseLost, PreservationError, WorkspaceUnusable
from casefile.records.ledger import Claim, Ledger
from pipelines.services import Services

LEASE_MS = 120_000
"""Long enough for a busy machine to renew several times; a dead holder is recognised sooner by its free lock."""
RENEWALS_PER_LEASE = 4


class Leases:
    """The claims that one process holds, renewed from a thread."""

    def __init__(self, services: Services, lease_ms: int = LEASE_MS) -> None:
        staging = services.staging
        self._lease_ms = lease_ms
        self._clock = services.clock
        self.ledger = Ledger(
            services.engine,
            # Opened before the first claim: a holder without a folder in staging is taken for dead.
            services.run.id,
            lease_ms,
            ended=lambda holder: not (staging.root / holder).exists(),
        )
        self._held: dict[tuple[str, str], Claim] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return int(self._clock.read().wall.timestamp() * 1000)

    @contextmanager
    def kept(self, claim: Claim) -> Iterator[None]:
        """Renew `claim` for as long as the block lasts."""
        with self._lock:
            self._held[claim.stage, claim.key] = claim
        try:
            yield
        finally:
            with self._lock:
                del self._held[claim.stage, claim.key]

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Run the renewing thread for as long as the block lasts."""
        thread = threading.Thread(target=self._renew, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(self._lease_ms / 1000 / RENEWALS_PER_LEASE):
            with self._lock:
                held = list(self._held.values())
            for claim in held:
                self._renew_one(claim)

    def _renew_one(self, claim: Claim) -> None:
        try:
            self.ledger.renew(claim, self.now_ms())
        except LeaseLost:
            # Whoever works on the claim learns it when it seals, in the transaction that would record the result.
            return
        except (WorkspaceUnusable, PreservationError):
            # The database is locked or its disk is full. One renewal of several is missed; the next one may go well,
            # and a lease that lapses costs a second capture at most.
            return

"""The ledger of work: who may do which piece of work now, so that any number of workers do nothing twice.

A claim is a lease with a token. The token rises with every claim of the same work, and `finish` is called inside
the transaction that records the result: a worker that was paused past its lease finds its token taken over and
records nothing. The ledger is operational and can be emptied; what is finished is known from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import Connection, Engine, Row, Select, select, update

from casefile.errors import LeaseLost
from casefile.records.engine import insert_absent, reading, tables, writing

MAX_LEASE_MS = 3_600_000
"""An hour. A lease that ends later than this from now was written by a clock that has since been set back."""


class WorkState(StrEnum):
    """`open`: nobody has it. `claimed`: somebody has, or had when they died. `done` and `failed`: an attempt ended."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one piece of work. `attempt` counts from 1; `token` is what `finish` compares."""

    stage: str
    key: str
    token: int
    attempt: int
    holder: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Another holder has the work, until `until_ms` (Unix milliseconds) unless it renews."""

    stage: str
    key: str
    holder: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The work was done at this attempt; it is not claimed again unless that is asked for."""

    stage: str
    key: str
    attempt: int


Claimed: TypeAlias = Claim | Busy | Finished
Ending: TypeAlias = Callable[[Connection, Claim, WorkState], None]
"""Ends a claim inside the transaction that records its result: `finish`, or `finish_recovered` after a crash."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How far a piece of work had come according to the log: `attempt` attempts were made."""

    key: str
    attempt: int
    state: WorkState


class Ledger:
    """The ledger as one holder sees it.

    `lease_ms` is how long a claim lasts without a renewal, at most MAX_LEASE_MS. `ended` says of another holder
    whether it is known to be gone, so that its work need not wait for the lease to lapse.
    """

    def __init__(
        self, engine: Engine, holder: str, lease_ms: int, *, ended: Callable[[str], bool] = lambda _holder: False
    ) -> None:
        if not 0 < lease_ms <= MAX_LEASE_MS:
            raise ValueError(f"a lease lasts from 1 to {MAX_LEASE_MS} ms")
        self._engine = engine
        self._holder = holder
        self._lease_ms = lease_ms
        self._ended = ended

    def claim(self, stage: str, key: str, now_ms: int, *, again: bool = False) -> Claimed:
        """Claim the work for this holder; with `again` also when it is done already.

        Work that failed, that was released or whose lease lapsed is claimed as a further attempt. What this holder
        has already claimed is Busy too: two threads of one holder do nothing twice either.
        """
        table = tables("work_")["work_item"]
        with writing(self._engine) as connection:
            _note(connection, [Settled(key, 0, WorkState.OPEN)], stage)
            row = connection.execute(_one(stage, key).with_for_update()).one()
            if row.state == WorkState.DONE and not again:
                return Finished(stage, key, row.attempt)
            if row.state == WorkState.CLAIMED and not self._has_lapsed(row, now_ms):
                return Busy(stage, key, row.holder, row.lease_until_ms)
            claim = Claim(stage, key, row.token + 1, row.attempt + 1, self._holder)
            values = {
                "state": WorkState.CLAIMED.value,
                "attempt": claim.attempt,
                "token": claim.token,
                "lease_until_ms": now_ms + self._lease_ms,
                "holder": self._holder,
            }
            connection.execute(update(table).where(table.c.stage == stage, table.c.key == key).values(**values))
        return claim

    def renew(self, claim: Claim, now_ms: int) -> None:
        """Let the lease last from now on; raises LeaseLost when the work has passed to another worker."""
        with writing(self._engine) as connection:
            _change(connection, claim, lease_until_ms=now_ms + self._lease_ms)

    def release(self, claim: Claim) -> None:
        """Give the work back unfinished; raises LeaseLost when it has passed to another worker already."""
        with writing(self._engine) as connection:
            finish(connection, claim, WorkState.OPEN)

    def states(self, stage: str) -> dict[str, WorkState]:
        """The state of every piece of work of a stage, by key."""
        table = tables("work_")["work_item"]
        with reading(self._engine) as connection:
            rows = connection.execute(select(table.c.key, table.c.state).where(table.c.stage == stage)).all()
        return {row.key: WorkState(row.state) for row in rows}

    def _has_lapsed(self, row: Row[tuple[str, str, str, int, int, int, str]], now_ms: int) -> bool:
        return row.lease_until_ms <= now_ms or row.lease_until_ms > now_ms + MAX_LEASE_MS or self._ended(row.holder)


def finish(connection: Connection, claim: Claim, state: WorkState = WorkState.DONE) -> None:
    """End the claim inside the transaction that records its result; raises LeaseLost, which undoes that transaction.

    A lease that lapsed but was taken over by nobody is still good.
    """
    _change(connection, claim, state=state.value, lease_until_ms=0)


def finish_recovered(connection: Connection, claim: Claim, state: WorkState = WorkState.DONE) -> None:
    """End the claim of a process that died after it had the result; raises LeaseLost when the work went on without it.

    The ledger may have been emptied and settled from the log since, so the claim need not stand any more; what
    counts is that nobody has claimed the work again or ended it.
    """
    table = tables("work_")["work_item"]
    _note(connection, [Settled(claim.key, claim.attempt, WorkState.OPEN)], claim.stage)
    untouched = (
        table.c.stage == claim.stage,
        table.c.key == claim.key,
        table.c.token <= claim.token,
        table.c.state != WorkState.DONE.value,
    )
    changed = connection.execute(update(table).where(*untouched).values(state=state.value, lease_until_ms=0))
    if changed.rowcount != 1:
        raise LeaseLost(claim.stage, claim.key, claim.token)


def settle(connection: Connection, stage: str, work: Iterable[Settled]) -> None:
    """Note what the log says of work that the ledger does not know, as after a rebuild; what it knows it keeps."""
    _note(connection, list(work), stage)


def _change(connection: Connection, claim: Claim, **values: str | int) -> None:
    table = tables("work_")["work_item"]
    held = (
        table.c.stage == claim.stage,
        table.c.key == claim.key,
        table.c.token == claim.token,
        table.c.state == WorkState.CLAIMED.value,
    )
    if connection.execute(update(table).where(*held).values(**values)).rowcount != 1:
        raise LeaseLost(claim.stage, claim.key, claim.token)


def _note(connection: Connection, work: list[Settled], stage: str) -> None:
    if not work:
        return
    table = tables("work_")["work_item"]
    rows = [
        {
            "stage": stage,
            "key": one.key,
            "state": one.state.value,
            "attempt": one.attempt,
            "token": one.attempt,
            "lease_until_ms": 0,
            "holder": "",
        }
        for one in work
    ]
    insert_absent(connection, table, rows)


def _one(stage: str, key: str) -> Select[tuple[str, str, str, int, int, int, str]]:
    table = tables("work_")["work_item"]
    return select(table).where(table.c.stage == stage, table.c.key == key)

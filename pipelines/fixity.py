"""Fixity: reading stored bytes again, all of them, a sample, or the share that is due; and when each was read last.

The command and the schedule call the same. One run is one event, with what was read and what was found.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casefile.digests import Digest
from casefile.events.envelope import EventOutcome
from casefile.events.port import draft
from casefile.events.types_of_custody import FixityChecked
from casefile.records.acts import Act, list_acts
from casefile.records.engine import Connection, reading
from casefile.records.holdings import opened_at, sealed_inventories, sealed_times
from casefile.records.tombstones import list_tombstones
from pipelines.services import Services
from preservation.layout import object_id
from preservation.object_audit import Checked
from preservation.problems import Problem
from preservation.vault_audit import Expected, Sample, Slice, VaultAudit

CHECKED = "fixity.checked"
DAYS = 90
"""Within how many days every byte is read again (PRESERVATION: the period that repositories keep to)."""
SEED_BITS = 52
MOST_FAILURES = 1000
"""Named in the event; all are counted, and an audit names all."""


@dataclass(frozen=True, slots=True)
class FixityRun:
    """What one run read, and what it found."""

    scope: str
    problems: tuple[Problem, ...]
    checked: Checked
    chosen: Sample | Slice | None


@dataclass(frozen=True, slots=True)
class Unread:
    """How long ago bytes were read: of so many objects the oldest, and how many are older than they should be."""

    objects: int
    oldest: str
    oldest_read_at: str
    overdue: int

    def plain(self) -> dict[str, object]:
        """As `--json` gives it."""
        return {
            "objects": self.objects,
            "oldest": self.oldest or None,
            "oldest_read_at": self.oldest_read_at or None,
            "overdue": self.overdue,
            "days": DAYS,
        }


def check_fixity(services: Services, chosen: Sample | Slice | None) -> FixityRun:
    """Read the objects that were chosen, or all, and record it; what is found is in the result, not raised."""
    audit = VaultAudit(services.workspace.vault, lambda: expected_objects(services), chosen)
    problems = tuple(audit.problems())
    scope = "full" if chosen is None else type(chosen).__name__.lower()
    body = FixityChecked(
        objects=audit.checked.objects,
        files=audit.checked.files,
        bytes=audit.checked.bytes,
        problems=len(problems),
        sample=chosen.size if isinstance(chosen, Sample) else 0,
        scope=scope,
        seed=chosen.seed if isinstance(chosen, Sample) else None,
        parts=chosen.parts if isinstance(chosen, Slice) else None,
        slices=chosen.numbers if isinstance(chosen, Slice) else None,
        failures=tuple(f"{one.code} {one.path}" for one in problems[:MOST_FAILURES]) or None,
    )
    outcome = EventOutcome(status="failed" if problems else "passed")
    services.append(draft(CHECKED, body=body, outcome=outcome))
    return FixityRun(scope, problems, audit.checked, chosen)


def random_sample(size: int, seed: int | None) -> Sample:
    """So many objects by a seed, which is drawn where none is given and is recorded: the choice can be made again."""
    return Sample(size, secrets.randbits(SEED_BITS) if seed is None else seed)


def due_slice(services: Services) -> Slice:
    """The share of today, and every one whose day has passed without its being read."""
    today = services.clock.read().wall.date()
    with reading(services.engine) as connection:
        begun = _day(opened_at(connection))
        read = _slices_read(list_acts(connection, CHECKED))
    return Slice(DAYS, due_numbers(today, begun, read))


def due_numbers(today: date, begun: date, read: Mapping[int, str]) -> tuple[int, ...]:
    """Which of the shares are due, by when each was read last. Pure.

    Each has its day once in as many days as there are shares. What was never read was read when it was sealed, so that
    nothing is overdue before a whole round.
    """
    number = today.toordinal()
    due = {number % DAYS}
    for one in range(DAYS):
        turn = number - (number - one) % DAYS
        last = max(begun.toordinal(), _day(read[one]).toordinal() if one in read else 0)
        if last < turn:
            due.add(one)
    return tuple(sorted(due))


def when_read(connection: Connection, now: datetime) -> Unread:
    """When the bytes of each object were read last: by a run that read it, or when they were sealed.

    What a sample read is left out: it cannot be known later which objects there were to choose from.
    """
    acts = list_acts(connection, CHECKED)
    read, whole = _slices_read(acts), _last_full(acts)
    times = {
        name: max(sealed, whole, read.get(Slice.number_of(name, DAYS), ""))
        for name, sealed in sealed_times(connection).items()
    }
    if not times:
        return Unread(0, "", "", 0)
    oldest = min(times, key=lambda name: times[name])
    overdue = sum((now - datetime.fromisoformat(one)).days > DAYS for one in times.values())
    return Unread(len(times), oldest, times[oldest], overdue)


def unanswered(acts: Iterable[Act]) -> Act | None:
    """The newest run that found damage and that no later run answers; None when there is none. Pure.

    A whole reading without damage answers it, and so do readings of every share that it was about: of all of them,
    unless it read some shares alone. A sample answers nothing.
    """
    open_: list[tuple[Act, set[int]]] = []
    for act in acts:
        body = json.loads(act.body or "{}")
        shares = _shares(body)
        if act.status != "passed":
            open_.append((act, shares or set(range(DAYS))))
        elif _is_whole(body) and body["objects"]:
            open_.clear()
        else:
            open_ = [(one, left) for one, wanted in open_ if (left := wanted - shares)]
    return open_[-1][0] if open_ else None


def readings(acts: Iterable[Act]) -> list[Act]:
    """The runs that found no damage in what they read: one that read nothing has found nothing."""
    return [act for act in acts if act.status == "passed" and json.loads(act.body or "{}").get("objects")]


def _is_whole(body: Mapping[str, Any]) -> bool:
    """Whether a run read everything; the first ones did not name their scope, but always how large a sample was."""
    return bool(body) and body.get("scope") in (None, "full") and not body.get("sample")


def _shares(body: Mapping[str, Any]) -> set[int]:
    return set(body["slices"]) if body.get("scope") == "slice" and body.get("parts") == DAYS else set()


def expected_objects(services: Services) -> Expected:
    """What the tables say of the vault, for an audit of it."""
    # In this order: an object that is sealed in between is then in both, and not in neither.
    under_way = frozenset(services.staging.declared())
    replaced: dict[str, set[Digest]] = {}
    with reading(services.engine) as connection:
        sealed = sealed_inventories(connection)
        for one in list_tombstones(connection):
            replaced.setdefault(object_id(one.capture), set()).add(Digest(one.replaced or ""))
    return Expected({name: Digest(inventory) for name, inventory in sealed.items()}, under_way, replaced)


def age_lines(unread: Mapping[str, Any]) -> Iterable[str]:
    """When stored bytes were read last, for a person."""
    if unread["objects"]:
        yield f"stored bytes: {unread['objects']} objects; the one read longest ago was read {unread['oldest_read_at']}"
    if unread["overdue"]:
        yield f"UNREAD   {unread['overdue']} objects were not read for {unread['days']} days: run `casefile fixity`"


def _bodies(acts: Iterable[Act], scope: str) -> Iterable[tuple[Act, dict[str, Any]]]:
    for act in acts:
        body = json.loads(act.body or "{}")
        if body.get("scope") == scope:
            yield act, body


def _slices_read(acts: Iterable[Act]) -> dict[int, str]:
    """When each share of a round was read last, in whole."""
    acts = list(acts)
    whole = _last_full(acts)
    read = dict.fromkeys(range(DAYS), whole) if whole else {}
    for act, body in _bodies(acts, "slice"):
        if body["parts"] == DAYS:
            read |= {one: max(read.get(one, ""), act.done_at) for one in body["slices"]}
    return read


def _last_full(acts: Iterable[Act]) -> str:
    return max((act.done_at for act, _body in _bodies(acts, "full")), default="")


def _day(time: str) -> date:
    return datetime.fromisoformat(time).date()

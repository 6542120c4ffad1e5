"""The visits to a locator, one after the other: each a capture of its own, compared with the one before. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casefile.errors import RecordUnreadable, UsageError
from casefile.ids import is_uuid, parse_number
from casefile.records.engine import Connection, reading
from casefile.records.pixels import stored_pixels
from casefile.records.posts import newest_reading
from casefile.records.queries import AttemptRecord, ItemFilter, ItemRecord, find_items, list_attempts, list_items
from casefile.spellings import spelling_keys
from collectors.locators import Locator, parse_locator
from pipelines.services import Services
from pipelines.similar import compare_items
from verification.revisits import Change, Difference, Seen, compare, observed, pairs


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at a locator. `against` is the capture that it was compared with; `why` is in words."""

    attempt: AttemptRecord
    items: tuple[ItemRecord, ...]
    change: Change
    why: str = ""
    against: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Visited:
    """A locator that was visited more than once, with what the newest visit found."""

    locator: str
    visits: int
    first: str
    last: str
    newest: Visit


def same_locator(text: str | None) -> str:
    """The form in which locators are the same: as they are asked for, else as they are written."""
    parsed = parse_locator(text or "")
    return parsed.text if isinstance(parsed, Locator) else (text or "")


def revisited(services: Services) -> list[Visited]:
    """Every locator that was visited more than once by one method, in the order of the last visits."""
    with reading(services.engine) as connection:
        attempts = list_attempts(connection)
    found = []
    for locator, several in by_locator(attempts).items():
        if was_repeated(several):
            newest = visits_among(services, several)[-1]
            found.append(Visited(locator, len(several), several[0].started_at, several[-1].started_at, newest))
    return sorted(found, key=lambda one: one.last)


def visits_to(services: Services, text: str) -> list[Visit]:
    """The visits to the locator that an item's id or number, or a locator, names; oldest first.

    Raises UnknownItem, and UsageError for a locator that was never visited.
    """
    locator = text
    with reading(services.engine) as connection:
        if parse_number(text) is not None or is_uuid(text):
            item = find_items(connection, [text])[0]
            locator = item.lead_locator or item.locator or ""
    attempts = attempts_at(services, locator)
    if not attempts:
        raise UsageError(f"nothing was ever asked of {text}")
    return visits_among(services, attempts)


def attempts_at(services: Services, locator: str) -> list[AttemptRecord]:
    """The attempts at a locator that have ended, oldest first."""
    with reading(services.engine) as connection:
        alike = list_attempts(connection, spellings=spelling_keys(same_locator(locator)))
    return by_locator(alike).get(same_locator(locator), [])


def visits_among(services: Services, attempts: Sequence[AttemptRecord]) -> list[Visit]:
    """These attempts, each compared with the newest before it that brought content by the same method."""
    held: dict[str, tuple[str, list[Seen]]] = {}
    visits = []
    for one in attempts:
        with reading(services.engine) as connection:
            items = list_items(connection, ItemFilter(capture=one.capture))
            main = items[0] if items else None
            reason = (main.content_reason if main else "") or ""
            alone = observed(one.status, one.cause, main.content if main else None, reason)
            seen = seen_items(services, connection, items) if alone is None else []
        method = one.method or ""
        if alone is not None:
            visits.append(Visit(one, tuple(items), alone, reason or _said(one)))
            continue
        earlier = held.get(method)
        held[method] = (one.capture, seen)
        if earlier is None:
            visits.append(Visit(one, tuple(items), Change.FIRST))
            continue
        differences = tuple(_with_pictures(services, each) for each in _differences(earlier[1], seen))
        # What was asked for stands first; what came beside it is told and does not decide.
        first = differences[0]
        visits.append(Visit(one, tuple(items), first.change, first.why, earlier[0], differences))
    return visits


def by_locator(attempts: Sequence[AttemptRecord]) -> dict[str, list[AttemptRecord]]:
    """The attempts that have ended, by the locator that they asked for: a file that was handed over was not visited."""
    grouped: dict[str, list[AttemptRecord]] = {}
    for one in attempts:
        if one.status != "started" and isinstance(parse_locator(one.locator or ""), Locator):
            grouped.setdefault(same_locator(one.locator), []).append(one)
    return grouped


def was_repeated(attempts: Sequence[AttemptRecord]) -> bool:
    """Whether any method was used more than once: another method's capture of the same is no second visit."""
    return max(Counter(one.method or "" for one in attempts).values(), default=0) > 1


def visits_plain(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Visits as `--json` gives them."""
    numbers = {visit.attempt.capture: [item.label for item in visit.items] for visit in visits}
    return [
        {
            "capture": visit.attempt.capture,
            "locator": visit.attempt.locator,
            "method": visit.attempt.method or None,
            "started_at": visit.attempt.started_at,
            "status": visit.attempt.status,
            "cause": visit.attempt.cause,
            "items": numbers[visit.attempt.capture],
            "change": visit.change.value,
            "why": visit.why or None,
            "against": visit.against or None,
            "differences": [
                {
                    "before": one.before,
                    "after": one.after,
                    "change": one.change.value,
                    "why": one.why or None,
                    "added": one.added,
                    "removed": one.removed,
                    "diff": [f"{line.sign} {line.text}" for line in one.lines],
                    "claims": [{"field": name, "before": was, "after": now} for name, was, now in one.claims],
                }
                for one in visit.differences
            ],
        }
        for visit in visits
    ]


def without_words(visits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The visits without what any item says: whoever looks at one item may not be meant to see another."""
    kept = ("before", "after", "change", "why", "added", "removed")
    return [
        {**visit, "differences": [{name: one[name] for name in kept} for one in visit["differences"]]}
        for visit in visits
    ]


def visit_lines(visits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same for a person, with the lines that differ where they are there."""
    for visit in visits:
        items = ", ".join(visit["items"]) or "no item"
        why = f": {visit['why']}" if visit["why"] else ""
        yield f"{visit['started_at'][:19]} {visit['method'] or ''} {items}: {visit['change']}{why}"
        for one in visit["differences"]:
            counts = f", {one['added']} lines added, {one['removed']} removed" if one["added"] + one["removed"] else ""
            said = f": {one['why']}" if one["why"] else ""
            yield f"  {one['before']} to {one['after']}: {one['change']}{said}{counts}"
            for claim in one.get("claims", ()):
                yield f"    {claim['field']}: {claim['before'] or '(nothing)'} became {claim['after'] or '(nothing)'}"
            yield from (f"    {line}" for line in one.get("diff", ()))


def _said(one: AttemptRecord) -> str:
    return ": ".join(part for part in (one.cause or "", one.detail or "") if part)


def _differences(before: Sequence[Seen], after: Sequence[Seen]) -> Iterator[Difference]:
    for earlier, later in pairs(before, after):
        if earlier is None:
            yield Difference("", later.number, Change.CHANGED, why="the visit before brought nothing like it")
        else:
            yield compare(earlier, later)


def _with_pictures(services: Services, one: Difference) -> Difference:
    """The difference with how far two pictures, or two videos, are apart."""
    if one.change is not Change.CHANGED or one.lines or not one.before:
        return one
    told = compare_items(services, one.before, one.after)
    if "distance" not in told:
        return one
    said = f"perceptual distance {told['distance']} of {told['bits']} bits ({told['variant']}), pixels {told['pixels']}"
    return Difference(one.before, one.after, one.change, claims=one.claims, why=said)


def seen_items(services: Services, connection: Connection, items: Sequence[ItemRecord]) -> list[Seen]:
    """The items, of one capture or of several, as they are compared; their texts lie in the vault only."""
    texts = {name: text for one in {item.object_id for item in items} for name, text in _texts(services, one)}
    pixels = stored_pixels(connection, [item.id for item in items])
    found = []
    for item in items:
        read = newest_reading(connection, item.id)
        digest = pixels[item.id].digest if item.id in pixels else ""
        found.append(
            Seen(
                number=item.label,
                role=item.role or "",
                sha256=item.sha256 or "",
                title=item.title or "",
                text=texts.get((item.object_id, item.position), ""),
                pixels=digest,
                posts=tuple(post for post in read.posts if post is not None) if read else (),
                erased=item.erased_at is not None or item.sha256 is None,
            )
        )
    return found


def _texts(services: Services, object_id: str | None) -> Iterator[tuple[tuple[str | None, int], str]]:
    """What each item of a vault object says, by object and position."""
    if object_id is None:
        return
    try:
        record = services.vault.read_record(object_id)
    except RecordUnreadable:
        # It is the audit that names a damaged object; the digests are compared all the same.
        return
    yield from (((object_id, one.position), one.text) for one in record.items)

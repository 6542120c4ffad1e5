"""A second capture beside an item: of another machine, a partner or an archive, compared by content, on the record.

That two captures agree shows that both hold the same. That they came about independently is the word of a person, which
the record of both has to allow.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from casefile.errors import UsageError
from casefile.events.envelope import PartName, Subject
from casefile.events.port import draft
from casefile.events.types import Erased, payload
from casefile.events.types_corroboration import ItemCorroborated, Origin
from casefile.events.types_planning import Reason
from casefile.records.acts import Act, list_acts
from casefile.records.archives import newest_archive, records_a_capture
from casefile.records.engine import Connection, reading
from casefile.records.people import list_people
from casefile.records.queries import ItemFilter, ItemRecord, capture_facts, find_items, list_items
from casefile.records.reading import read_event
from casefile.vocabulary import Acquisition
from pipelines.revisits import same_locator, seen_items
from pipelines.services import Services
from pipelines.sight import sees_words, states_of, viewer_of
from pipelines.verifying import require_person
from verification.revisits import Change, compare
from verification.wording import text_field

CORROBORATED = "item.corroborated"
NOT_COMPARABLE = "not-comparable"
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Corroboration:
    """A second capture beside an item, as it is seen from that item. `origin` is where the second one was made."""

    item: str
    second: str
    origin: str
    change: str
    why: str
    how: str
    at: str
    by: str
    event: str

    def plain(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return asdict(self)


def corroborate(services: Services, item: str, other: str, origin: Origin, how: str) -> Corroboration:
    """Put a second capture beside an item, and record how the two compare.

    Raises GateRefused where no person acts, UnknownItem, FieldRefused without `how`, and UsageError where the record
    speaks against a second origin: the same capture, a file that a capture of this team made, or both made by one
    machine since its last start.
    """
    require_person(services)
    words = text_field("how", how, limit=4_000, required="say how the second capture came about, and who made it")
    with reading(services.engine) as rows:
        first, second = (find_items(rows, [one])[0] for one in (item, other))
        _require_second_origin(rows, first, second, origin)
        change, why = _compared(services, rows, first, second)
    body = ItemCorroborated(origin=origin, change=change, why=why)
    subjects = (Subject(kind="item", id=one.id) for one in (first, second))
    (event,) = services.append(draft(CORROBORATED, *subjects, body=body, personal=Reason(why=words)))
    return next(one for one in corroborations_of(services, first) if one.event == event)


def corroborations_of(services: Services, item: ItemRecord) -> list[Corroboration]:
    """Where an item stands beside another, as the person of this run may see it; oldest first."""
    with reading(services.engine) as rows:
        concerned = [
            (act, pair) for act in list_acts(rows, CORROBORATED, naming=item.id) if item.id in (pair := _items_of(act))
        ]
        if not concerned:
            return []
        named = tuple({one for _act, pair in concerned for one in pair})
        labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=named))}
        people = {person.id: person.name or ERASED for person in list_people(rows)}
        states, viewer = states_of(rows, list(labels)), viewer_of(services)
        return [
            _told(rows, act, tuple(labels.get(one, one) for one in pair), people)
            for act, pair in concerned
            if all(sees_words(state, viewer, act.done_by) for state in states.values())
        ]


def corroboration_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same for a person."""
    for one in found:
        why = f": {one['why']}" if one["why"] else ""
        # What tells two machines apart in the record is the id of a start, which each start changes.
        origin = "start of a machine" if one["origin"] == Origin.MACHINE else one["origin"]
        yield f"{one['second']} beside {one['item']}, from another {origin}: {one['change']}{why}"
        yield f"  {one['at'][:19]} {one['by']}: {one['how']}"


def _told(rows: Connection, act: Act, pair: tuple[str, ...], people: Mapping[str, str]) -> Corroboration:
    said = json.loads(act.body) if act.body else {}
    words = payload(read_event(rows, act.event).event, PartName.PERSONAL, Reason)
    return Corroboration(
        item=pair[0],
        second=pair[1],
        origin=said.get("origin", ERASED),
        change=said.get("change", ERASED),
        why=said.get("why", ""),
        how=ERASED if isinstance(words, Erased) else words.why,
        at=act.done_at,
        by=people.get(act.done_by, act.done_by),
        event=act.event,
    )


def _items_of(act: Act) -> tuple[str, ...]:
    return tuple(one["id"] for one in json.loads(act.subject or "[]") if one["kind"] == "item")


def _require_second_origin(rows: Connection, first: ItemRecord, second: ItemRecord, origin: Origin) -> None:
    if first.capture == second.capture:
        raise UsageError(f"{first.label} and {second.label} are of one capture: neither bears the other out")
    for one, other in ((first, second), (second, first)):
        if records_a_capture(rows, one.sha256 or ""):
            raise UsageError(f"{one.label} is what Casefile wrote when it captured; it does not bear {other.label} out")
    if Acquisition.HANDED_OVER in (first.acquisition, second.acquisition):
        return
    if origin is not Origin.MACHINE:
        raise UsageError(f"{second.label} was observed by this team; what others have is imported first")
    if _boot(rows, first) == _boot(rows, second):
        raise UsageError(f"{first.label} and {second.label} were captured by one machine, since its last start")


def _boot(rows: Connection, item: ItemRecord) -> str:
    """Which start of which machine a capture belongs to."""
    circumstances = capture_facts(rows, item.capture)["circumstances"] or {}
    return str((circumstances.get("started_clock") or {}).get("boot", ""))


def _compared(services: Services, rows: Connection, first: ItemRecord, second: ItemRecord) -> tuple[str, str]:
    """How the second compares, in a word, and on what that rests."""
    archive = newest_archive(rows, second.id)
    if archive is not None:
        return in_archive(first.locator or "", (first.sha256 or "", first.wire_sha256 or ""), archive.said or {})
    one, other = seen_items(services, rows, [first, second])
    found = compare(one, other)
    counts = ((found.added, "lines only there"), (found.removed, "lines only here"))
    return found.change, found.why or ", ".join(f"{number} {word}" for number, word in counts if number)


def in_archive(locator: str, digests: Sequence[str], said: Mapping[str, Any]) -> tuple[str, str]:
    """Whether an archive that others made holds bytes of one of these digests (sha256) under a locator.

    What it merely claims to hold shows nothing: bytes in it have to bear the claim out.
    """
    ours = {one.removeprefix("sha256:") for one in digests if one}
    there = [one for one in said.get("entries", ()) if same_locator(locator) in _locators(one)]
    claimed = [one for entry in there for one in entry["claims"] if one["field"] == "digest"]
    alike = [one for one in claimed if sha256_of_claim(one["value"]) in ours]
    if any(one.get("bears") == "matches" for one in alike):
        return Change.SAME_BYTES, "bytes of this sha256 are in the archive, under the same locator"
    if alike:
        return NOT_COMPARABLE, "the archive claims this sha256, and no bytes in it bear that out"
    if not there:
        return NOT_COMPARABLE, "the archive lists no entry under the same locator"
    return NOT_COMPARABLE, f"{len(there)} entries under the same locator, none with this sha256"


def _locators(entry: Mapping[str, Any]) -> set[str]:
    return {same_locator(one["value"]) for one in entry["claims"] if one["field"] == "locator"}


def sha256_of_claim(value: str) -> str:
    """The hexadecimal form of a sha256 as archives write it, in base 32 or hexadecimal; empty for any other digest."""
    text = value.removeprefix("sha256:")
    if len(text) == 64:
        return text.lower()
    try:
        return base64.b32decode(text).hex() if text.rstrip("=").isalnum() and len(text) == 56 else ""
    except binascii.Error:
        return ""

"""Asking public archives whether they hold what an item was captured from, and what they answered.

Whoever is asked learns what this team looks at. So only archives that the settings name are asked, none by default, by
GET and from a contained worker; and the log says whom was told what before anything leaves.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from casefile.canonical import Json
from casefile.errors import ContainmentError, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_holdings import ArchiveAsked
from casefile.holdings import Holdings, Says
from casefile.model import Contact
from casefile.records.acts import Act, list_acts
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.records.queries import ItemRecord, find_items
from casefile.settings_of_archives import ArchiveService
from collectors.locators import Locator, parse_locator
from containment.worker import run_worker
from pipelines.asking import ANSWER_BYTES, LIMITS, TIMEOUT_S
from pipelines.doctor import best_level
from pipelines.egress_policy import egress_policy
from pipelines.services import Services
from pipelines.verifying import require_person

ASKED = "archive.asked"
MODULE = "collectors.http.holdings"
ASKING = "asking"
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Told:
    """One asking as it is shown: `says` is a word of Says, or `asking` where no answer is on record."""

    item: str
    archive: str
    address: str
    says: str
    entries: int
    first: str
    last: str
    detail: str
    at: str
    by: str
    event: str

    def plain(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return asdict(self)


def ask_archives(services: Services, items: Sequence[str], names: Sequence[str] = ()) -> list[Told]:
    """Ask each archive of the settings, or those of these names, about each item; what each answered, in that order.

    Raises GateRefused where no person acts, UnknownItem, and UsageError where no archive is named in the settings, a
    name is none of theirs, or an item was not captured from an address.
    """
    require_person(services)
    chosen = _chosen(services.settings.archives.services, names)
    with reading(services.engine) as rows:
        found = find_items(rows, items)
    places = [_place_of(one) for one in found]
    events = [_ask(services, item, place, one) for item, place in zip(found, places, strict=True) for one in chosen]
    told = {one.event: one for item in found for one in holdings_of(services, item)}
    return [told[event] for event in events]


def address_for(service: ArchiveService, locator: str) -> str:
    """Where an archive is asked: in a query the locator is quoted, in a path it stands as it is (RFC 7089)."""
    before, after = service.url.split("{locator}")
    return before + (quote(locator, safe="") if "?" in before else locator) + after


def holdings_of(services: Services, item: ItemRecord) -> list[Told]:
    """Every archive that was asked about an item, the first asking first."""
    with reading(services.engine) as rows:
        acts = [one for one in list_acts(rows, ASKED, naming=item.id) if _names(one, item.id)]
        people = {person.id: person.name or ERASED for person in list_people(rows)} if acts else {}
    answered = {_asking_of(one) for one in acts}
    return [_told(one, item.label, people) for one in acts if one.event not in answered]


def holdings_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same for a person."""
    for one in found:
        what: dict[str, str] = {
            Says.HELD: f"lists {one['entries']} captures, {one['first'][:19]} to {one['last'][:19]}"
        }
        what |= {Says.NOT_HELD: "lists none", ASKING: "was told the address, and no answer is on record"}
        said = what.get(one["says"], f"gave no answer: {one['detail']}")
        yield f"{one['archive']} {said}; {one['at'][:19]} {one['by']}, who disclosed {one['address']}"


def _chosen(services: Sequence[ArchiveService], names: Sequence[str]) -> list[ArchiveService]:
    if not services:
        raise UsageError("no archive is named in the settings (archives.services): nobody is asked")
    known = {one.name: one for one in services}
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no archive of the settings; there are {', '.join(known)}")
    return [known[one] for one in dict.fromkeys(names)] or list(services)


def _place_of(item: ItemRecord) -> str:
    place = parse_locator(item.locator or "")
    if not isinstance(place, Locator):
        raise UsageError(f"{item.label} was captured from no address that an archive could hold")
    return place.text


def _ask(services: Services, item: ItemRecord, locator: str, service: ArchiveService) -> str:
    """Ask one archive; the id of the event that holds the answer."""
    subject = Subject(kind="item", id=item.id)
    body = ArchiveAsked(archive=service.name, form=service.form, address=address_for(service, locator), locator=locator)
    (asking,) = services.append(draft(ASKED, subject, body=body, outcome=EventOutcome(status=ASKING)))
    holdings, contacts = _answer(services, body)
    answered = body.model_copy(update={"holdings": holdings, "contacts": contacts or None})
    outcome = EventOutcome(status=holdings.says)
    about = (subject, Subject(kind="event", id=asking))
    (event,) = services.append(draft(ASKED, *about, body=answered, outcome=outcome))
    return str(event)


def _answer(services: Services, body: ArchiveAsked) -> tuple[Holdings, tuple[Contact, ...]]:
    request: dict[str, Json] = {
        "form": body.form,
        "url": body.address,
        "timeout_s": TIMEOUT_S,
        "max_bytes": ANSWER_BYTES,
    }
    egress = egress_policy(services.settings.egress)
    with tempfile.TemporaryDirectory(prefix="asked-", dir=services.workspace.work) as folder:
        out = Path(folder, "out")
        try:
            result = run_worker(MODULE, request, None, out, limits=LIMITS, egress=egress, level=best_level())
        except ContainmentError as error:
            return _none(str(error)), ()
    refused = next((one.refused for one in result.contacts if one.refused), "")
    if refused:
        return _none(f"refused by the egress policy: {refused}"), result.contacts
    try:
        return Holdings.model_validate(result.answer), result.contacts
    except ValidationError:
        return _none("the worker's answer cannot be read"), result.contacts


def _none(detail: str) -> Holdings:
    return Holdings(says=Says.UNANSWERED, detail=detail[:1_000])


def _subjects(act: Act) -> list[dict[str, Any]]:
    return list(json.loads(act.subject or "[]"))


def _names(act: Act, item: str) -> bool:
    return any(one["kind"] == "item" and one["id"] == item for one in _subjects(act))


def _asking_of(act: Act) -> str:
    return next((str(one["id"]) for one in _subjects(act) if one["kind"] == "event"), "")


def _told(act: Act, label: str, people: Mapping[str, str]) -> Told:
    body = json.loads(act.body) if act.body else {}
    holdings = body.get("holdings", {})
    return Told(
        item=label,
        archive=body.get("archive", ERASED),
        address=body.get("address", ERASED),
        says=act.status or "",
        entries=holdings.get("entries", 0),
        first=holdings.get("first", ""),
        last=holdings.get("last", ""),
        detail=holdings.get("detail", ""),
        at=act.done_at,
        by=people.get(act.done_by, act.done_by),
        event=act.event,
    )

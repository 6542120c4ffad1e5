"""Legal holds: an item that must not be erased, why, and until somebody lifts that, with a reason too."""

from __future__ import annotations

from dataclasses import dataclass, replace

from casefile.canonical import canonical_json, parse_canonical
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_of_custody import HoldStated
from casefile.model import readable
from casefile.records.acts import Act, last_act, list_acts
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items
from pipelines.services import Services
from pipelines.sight import WAITS, sees_words, states_of

STATED = "hold.stated"
HELD, LIFTED = "held", "lifted"


@dataclass(frozen=True, slots=True)
class Hold:
    """An item under hold: since when, by whom and why. `reason` is empty where it was erased."""

    item: ItemRecord
    reason: str
    since: str
    by: str


def state_hold(services: Services, text: str, reason: str, *, lift: bool) -> ItemRecord:
    """Put the item of that id or number under hold, or lift it; raises UsageError where that would change nothing."""
    if not reason.strip():
        raise UsageError("a hold is set, and lifted, for a reason; say --reason")
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
        held = hold_of(connection, item) is not None
    if held != lift:
        raise UsageError(f"{item.label} is {'not under hold' if lift else 'under hold already'}")
    services.append(
        draft(
            STATED,
            _subject(item.id),
            body=HoldStated(reason=readable(reason)),
            outcome=EventOutcome(status=LIFTED if lift else HELD),
        )
    )
    return item


def hold_of(connection: Connection, item: ItemRecord) -> Hold | None:
    """The hold that an item is under now; None without one."""
    act = last_act(connection, STATED, subject=_as_stored(item.id))
    return None if act is None or act.status != HELD else _hold(item, act)


def hold_seen(connection: Connection, item: ItemRecord, viewer: str) -> Hold | None:
    """The same; why it is held waits with the assessment of whoever said so, as far as `viewer` may not see that."""
    hold = hold_of(connection, item)
    return None if hold is None else _told(connection, hold, viewer)


def list_holds(connection: Connection, viewer: str) -> list[Hold]:
    """Every hold that stands, in the order in which the holds were set, as `viewer` may see them."""
    newest: dict[str, Act] = {}
    for act in list_acts(connection, STATED):
        newest.pop(act.subject or "", None)
        newest[act.subject or ""] = act
    held = {subject: act for subject, act in newest.items() if act.status == HELD}
    items = {_as_stored(item.id): item for item in list_items(connection, ItemFilter())} if held else {}
    found = [_hold(items[subject], act) for subject, act in held.items() if subject in items]
    return [_told(connection, one, viewer) for one in found]


def _subject(item: str) -> Subject:
    return Subject(kind="item", id=item)


def _as_stored(item: str) -> str:
    return canonical_json([_subject(item).plain()]).decode("utf-8")


def _told(connection: Connection, hold: Hold, viewer: str) -> Hold:
    state = states_of(connection, [hold.item.id])[hold.item.id]
    return hold if sees_words(state, viewer, hold.by) else replace(hold, reason=WAITS)


def _hold(item: ItemRecord, act: Act) -> Hold:
    body = parse_canonical((act.body or "{}").encode("utf-8"))
    reason = body.get("reason", "") if isinstance(body, dict) else ""
    return Hold(item, str(reason), act.done_at, act.done_by)

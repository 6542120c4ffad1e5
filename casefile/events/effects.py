"""What an event does to the view tables, as values. Pure.

Every effect says which columns came from which part, so that erasing a part clears exactly those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from casefile.canonical import canonical_json
from casefile.errors import RecordUnreadable
from casefile.events.envelope import Envelope, PartName
from casefile.events.types import Erased

Column: TypeAlias = "str | int | bool | None"
Row: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table. `numbered` gives each the next short number; `from_part` says which columns can be erased."""

    table: str
    rows: tuple[Row, ...]
    key: str
    from_part: Mapping[PartName, tuple[str, ...]] = field(default_factory=dict)
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the row with that key."""

    table: str
    key: str
    key_value: str
    values: Row
    from_part: Mapping[PartName, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forget:
    """The part of the event was erased: what came from it is cleared."""

    target: str
    part: PartName


Effect: TypeAlias = Insert | Update | Forget


def columns(value: Any, *names: str) -> dict[str, Column]:
    """The named fields of a payload; null for each when the payload was erased."""
    if isinstance(value, Erased):
        return dict.fromkeys(names)
    return {name: getattr(value, name) for name in names}


def text_of(value: Any) -> str:
    """Lists and objects as a text column holds them: canonical JSON."""
    return canonical_json(value).decode("utf-8")


def from_body(*names: str) -> dict[PartName, tuple[str, ...]]:
    """These columns come from the body."""
    return {PartName.BODY: names}


def actor(envelope: Envelope) -> str:
    """The id of who acted."""
    return envelope.actor.partition(":")[2]


def ending(envelope: Envelope) -> dict[str, Column]:
    """How and when what the event tells of ended; raises RecordUnreadable for an event without an outcome."""
    if envelope.outcome is None:
        raise RecordUnreadable(f"event {envelope.id}", "has no outcome")
    return {
        "status": envelope.outcome.status,
        "cause": envelope.outcome.cause,
        "ended_at": envelope.recorded_at,
    }

"""The obligations of the Berkeley Protocol and of practice that a record is held against: a table, not a verdict. Pure.

Each of the 98 rows is met, overridden with a reason, not met, or does not apply, and says which events show it. A row
that this version does not record at all is not met and says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Standing(StrEnum):
    """How a record stands against one obligation."""

    MET = "met"
    OVERRIDDEN = "overridden"
    NOT_MET = "not met"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One row of the table."""

    row: int
    paragraph: str
    text: str
    scope: str
    rule: str = ""
    events: tuple[str, ...] = ()
    unless_none: bool = False
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Stands:
    """How the record stands against an obligation, why, and the events that show it."""

    standing: Standing
    why: str
    events: tuple[str, ...] = ()


@cache
def obligations() -> tuple[Obligation, ...]:
    """The 98 rows in order."""
    stated = tomllib.loads(files("verification").joinpath("obligations.toml").read_text("utf-8"))
    return tuple(Obligation(**{**one, "events": tuple(one.get("events", ()))}) for one in stated["obligation"])


def stands_by_events(obligation: Obligation, newest: Mapping[str, str]) -> Stands:
    """How an investigation stands against one of its obligations; `newest` is the last event of each type there is."""
    if obligation.beyond:
        return not_met(obligation.beyond)
    found = tuple(newest[name] for name in obligation.events if name in newest)
    named = ", ".join(obligation.events)
    if found:
        return Stands(Standing.MET, f"it is recorded ({named})", found)
    if obligation.unless_none:
        return not_applicable(f"nothing of it is recorded ({named})")
    return not_met(f"nothing of it is recorded ({named})")


def met(why: str, *events: str) -> Stands:
    """The record meets it."""
    return Stands(Standing.MET, why, events)


def not_met(why: str, *events: str) -> Stands:
    """The record does not meet it."""
    return Stands(Standing.NOT_MET, why, events)


def not_applicable(why: str, *events: str) -> Stands:
    """It asks nothing of this record."""
    return Stands(Standing.NOT_APPLICABLE, why, events)

"""Event types of people who are protected, their consent, and how closely items are kept."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from casefile.events.event_type import EventType
from casefile.events.types_planning import Reason
from casefile.model import Text, Value
from casefile.vocabulary_planning import ConsentUse, ProtectedRole, Sensitivity


class PseudonymStated(Value):
    """Somebody appears under a pseudonym; `named` is whether their name is kept, in the protected part."""

    role: ProtectedRole
    named: bool


class PseudonymWords(Value):
    """What they are called here."""

    pseudonym: Text
    note: Text = ""


class RealName(Value):
    """What only an unsealing shows."""

    real_name: Text


class ConsentStated(Value):
    """A consent was given or withdrawn; `number` counts the statements of one person, use and recipient from 1."""

    number: int = Field(ge=1)
    use: ConsentUse
    given: bool
    until: Text = ""


class ConsentWords(Value):
    """To whom, and how it was given or withdrawn."""

    recipient: Text
    how: Text


class ItemGuarded(Value):
    """How closely an item is kept from now on; `number` counts the statements about one item from 1."""

    number: int = Field(ge=1)
    sensitivity: Sensitivity
    graphic: bool
    sexual_violence: bool


PROTECTION: Mapping[tuple[str, int], EventType] = {
    ("pseudonym.stated", 1): EventType(PseudonymStated, PseudonymWords, RealName),
    ("pseudonym.linked", 1): EventType(personal=Reason),
    ("consent.stated", 1): EventType(ConsentStated, ConsentWords),
    ("item.guarded", 1): EventType(ItemGuarded, Reason),
}

"""People under pseudonyms, what they consent to, and how closely items are kept (Berkeley Protocol, 125, 130, 199)."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from casefile.model import Value
from casefile.preparation.fields import Broken, Day, Line, Prose, Stated
from casefile.vocabulary_planning import ConsentUse, ProtectedRole, Sensitivity


class Protected(Value):
    """Somebody who is named by a pseudonym only. The real name, if it is kept at all, is sealed apart."""

    pseudonym: Line
    role: ProtectedRole
    note: Prose = ""
    real_name: Prose = ""

    @model_validator(mode="after")
    def _does_not_give_them_away(self) -> Self:
        given = self.real_name.casefold()
        if given and (given in self.note.casefold() or given in self.pseudonym.casefold()):
            raise Broken("note", "and the pseudonym must not hold the real name")
        return self


class Consent(Value):
    """What somebody consents to: one use by one recipient, until a day. `revises` is the statement before it."""

    use: ConsentUse
    recipient: Line
    until: Day
    how: Stated = Field(description="How it was given, and by whom it was asked for.")
    revises: int = Field(default=0, ge=0)


class Withdrawal(Value):
    """The end of a consent."""

    use: ConsentUse
    recipient: Line
    how: Stated
    revises: int = Field(ge=1)


class Guard(Value):
    """How closely an item is kept, and what has to be said before it is looked at."""

    sensitivity: Sensitivity = Sensitivity.ORDINARY
    graphic: bool = False
    sexual_violence: bool = False
    reason: Stated
    revises: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _sexual_violence_is_kept_closely(self) -> Self:
        if self.sexual_violence and self.sensitivity is Sensitivity.ORDINARY:
            raise Broken("sensitivity", "has to be restricted or protected where sexual violence is shown")
        return self


def in_force(given: bool, until: str | None, today: date) -> bool:
    """Whether a consent that was last stated so holds today."""
    return given and until is not None and today <= date.fromisoformat(until)

"""Data policies, roles, declarations of interest, bulk collections and tasks, field by field."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Self

from pydantic import Field, model_validator

from casefile.model import Value
from casefile.preparation.annexes import Dated
from casefile.preparation.fields import Broken, Day, Line, Prose, Stated
from casefile.vocabulary import Purpose
from casefile.vocabulary_planning import Sensitivity, TaskState, TeamRole

ORDER = tuple(Sensitivity)
A_CENTURY = 36_525
"""Days; nothing is kept for longer without being looked at again."""


class Retention(Value):
    """How long material is kept (paragraph 128): days from its capture, by what it was collected for."""

    rule: Stated = Field(description="Why so long.")
    work_days: int = Field(ge=1, le=A_CENTURY)
    decision_days: int = Field(ge=1, le=A_CENTURY)
    court_days: int = Field(ge=1, le=A_CENTURY)

    def until(self, captured: date, purpose: Purpose) -> date:
        """The last day on which material of that purpose is kept without a decision."""
        days = {Purpose.WORK: self.work_days, Purpose.DECISION: self.decision_days, Purpose.COURT: self.court_days}
        return captured + timedelta(days=days[purpose])


class MaySee(Value):
    """Up to which class a role sees items."""

    role: TeamRole
    up_to: Sensitivity


class AccessRules(Value):
    """Who sees what (paragraph 130). A role that is not named sees what is ordinary."""

    rule: Stated = Field(description="How access is given and taken away.")
    may_see: tuple[MaySee, ...] = ()

    @model_validator(mode="after")
    def _each_role_once(self) -> Self:
        for role, count in Counter(one.role for one in self.may_see).items():
            if count > 1:
                raise Broken("may_see", f"names {role} twice")
        return self

    def allows(self, role: TeamRole, sensitivity: Sensitivity) -> bool:
        """Whether somebody of that role may see an item of that class."""
        up_to = next((one.up_to for one in self.may_see if one.role is role), Sensitivity.ORDINARY)
        return ORDER.index(sensitivity) <= ORDER.index(up_to)


class Policy(Dated):
    """The data policies (paragraphs 127 to 131)."""

    retention: Retention
    deletion: Stated = Field(description="Who may have what deleted, on which grounds; each deletion is recorded.")
    access: AccessRules
    sharing: Stated = Field(description="With whom, under which agreement.")
    virtual_identities: Stated = Field(description="Who may use one, for what, and what is never done with it.")
    tools: Stated = Field(description="Which tools are approved, and how another one is.")


class Assignment(Value):
    """Somebody's part. `person` is an id or a unique name of somebody who is recorded."""

    person: Line
    role: TeamRole
    note: Prose = ""


class Roles(Dated):
    """Who does what (paragraph 120, Annex I, section 5)."""

    assignment: tuple[Assignment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _those_who_have_to_be_there(self) -> Self:
        counted = Counter(one.role for one in self.assignment)
        if counted[TeamRole.FOCAL_POINT] != 1:
            raise Broken("assignment", f"needs exactly one focal-point, not {counted[TeamRole.FOCAL_POINT]}")
        if not counted[TeamRole.LIKELY_WITNESS]:
            raise Broken("assignment", "needs a likely-witness: who would explain the work in court")
        for (person, role), count in Counter((one.person, one.role) for one in self.assignment).items():
            if count > 1:
                raise Broken("assignment", f"gives {role} to {person!r} twice")
        return self

    def of(self, person: str) -> tuple[TeamRole, ...]:
        """The roles of a person, by id."""
        return tuple(one.role for one in self.assignment if one.person == person)


class Interest(Value):
    """What could be seen as bending somebody's judgement."""

    interest: Stated
    measure: Stated = Field(description="What is done about it.")


class Conflicts(Dated):
    """One person's declaration of interests (paragraph 37)."""

    none: bool = Field(default=False, description="true: there is nothing to declare.")
    interest: tuple[Interest, ...] = ()

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.none == bool(self.interest):
            raise Broken("none", "is true, or the interests are named; not both, and not neither")
        return self


class Bulk(Dated):
    """Why very many addresses are collected at once (paragraph 31); its name is that of the job."""

    purpose: Stated
    necessity: Stated = Field(description="Why less would not do.")
    proportionality: Stated = Field(description="Why what it does to others is not too much.")
    cap: int = Field(ge=1, lt=1 << 53, description="Addresses at most.")


class Agreement(Dated):
    """Under what somebody outside is given material (paragraph 131); its name is that of the recipient."""

    agreement: Stated = Field(description="Which memorandum, contract or letter, and of which day.")
    purpose: Stated = Field(description="What they may use it for.")
    until: Day = Field(description="The last day on which anything is handed over under it.")
    conditions: Prose = ""


class Task(Dated):
    """Something that somebody has taken on; `review_by` is the day by which it is done."""

    what: Stated
    person: Line = Field(description="Who has taken it on, by id or unique name.")
    state: TaskState = TaskState.OPEN
    note: Prose = ""

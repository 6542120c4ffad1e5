"""The preliminary assessment of a lead: five factors and a decision (Berkeley Protocol, paragraphs 147 to 152)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from casefile.model import Value
from casefile.preparation.fields import Broken, Prose, Stated, filled_in, require_period
from casefile.vocabulary_planning import AssessmentForm, BetterVersion, Decision, Level, LinkKind, Reliability


class Link(Value):
    """What ties a lead to the investigation: a place, a date, an incident, a person or a kind of violation."""

    kind: LinkKind
    value: Stated

    @model_validator(mode="after")
    def _a_date_is_one(self) -> Self:
        if self.kind is LinkKind.DATE:
            require_period(self.value)
        return self


class Assessment(Value):
    """One assessment. The five factors are relevance, reliability, removal, safety and the duties of custody.

    A full one needs all five and at least one link; a compact one has its reason as relevance and nothing else.
    """

    form: AssessmentForm = AssessmentForm.FULL
    relevance: Stated
    links: tuple[Link, ...] = ()
    reliability: Reliability = Reliability.UNKNOWN
    reliability_basis: Prose = ""
    removal: Level | None = None
    removal_grounds: Prose = ""
    safety: Prose = ""
    duties: Prose = ""
    decision: Decision
    precautions: Prose = ""
    reason: Prose = ""
    better_version: BetterVersion = BetterVersion.NOT_SOUGHT
    revises: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.form is AssessmentForm.FULL:
            self._all_factors()
        if self.removal is Level.HIGH and not self.removal_grounds:
            raise Broken("removal_grounds", "likely removal needs its grounds")
        if self.decision is Decision.WITH_PRECAUTIONS and not self.precautions:
            raise Broken("precautions", "the decision needs to say which")
        if self.decision is Decision.DO_NOT_COLLECT and not self.reason:
            raise Broken("reason", "a decision not to collect needs one; it is kept and can be disclosed")
        return self

    def _all_factors(self) -> None:
        if not self.links:
            raise Broken("links", "relevance needs a place, a date, an incident, a person or a violation")
        for name in ("reliability_basis", "safety", "duties"):
            if not getattr(self, name):
                raise Broken(name, "is blank; say `none` with a reason where there is nothing to say")
        if self.removal is None:
            raise Broken("removal", "has to be low, moderate or high")

    @property
    def at_risk(self) -> bool:
        """Whether the material is likely to be gone soon."""
        return self.removal is Level.HIGH


def assessment(given: object, what: str = "assessment") -> Assessment:
    """A checked assessment. Where removal is likely, a better version is sought unless it says otherwise."""
    found = filled_in(Assessment, given, what)
    if found.at_risk and found.better_version is BetterVersion.NOT_SOUGHT:
        return found.model_copy(update={"better_version": BetterVersion.SOUGHT})
    return found


def compact(why: str, removal_grounds: str = "") -> Assessment:
    """The assessment that a reason given while collecting amounts to."""
    given: dict[str, object] = {"form": "compact", "relevance": why, "decision": "collect"}
    if removal_grounds:
        given |= {"removal": "high", "removal_grounds": removal_grounds}
    return assessment(given, "--why")

"""Annexes I to III of the Berkeley Protocol, field by field: plan, threat and risk assessment, digital landscape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from casefile.model import Value
from casefile.preparation.fields import Broken, Day, Language, Line, Stated, stated
from casefile.vocabulary_planning import Harm, Level


class NotApplicable(Value):
    """A question that does not apply, with the reason."""

    not_applicable: Stated


def _answer(value: object) -> object:
    if not isinstance(value, Mapping):
        return stated(value)
    if set(value) != {"not_applicable"}:
        raise ValueError('is words, or { not_applicable = "the reason" }')
    return NotApplicable(not_applicable=stated(value["not_applicable"]))


Answer = Annotated[str | NotApplicable, BeforeValidator(_answer)]
"""Words, or `{ not_applicable = "reason" }`."""


class Dated(Value):
    """What every document has: when it was made, and when it has to be looked at again."""

    assessed_on: Day = Field(description="The day of this assessment.")
    review_by: Day = Field(description="The day by which it is to be reviewed.")

    @model_validator(mode="after")
    def _reviewed_later(self) -> Self:
        if self.review_by <= self.assessed_on:
            raise Broken("review_by", "has to be after assessed_on")
        return self


class Summary(Value):
    """What the investigation is about."""

    subject: Stated = Field(description="What is investigated.")
    territory: Stated = Field(description="Where.")
    period: Stated = Field(description="From when to when.")


class Annex(Dated):
    """What Annexes I to III share."""

    reference: Line = Field(description="The reference number.")
    summary: Summary


class Activities(Value):
    """Annex I, 1."""

    objectives: Stated = Field(description="What is to be achieved.")
    activities: Stated = Field(description="What is to be done for it.")
    timeline: Stated = Field(description="By when.")


class Others(Value):
    """Annex I, 4."""

    first_responders: Answer = Field(description="Who is there first: rescuers, journalists, local groups.")
    archives: Answer = Field(description="Who keeps such material already.")
    providers: Answer = Field(description="Platforms and service providers that may be asked to preserve or give.")


class Plan(Annex):
    """Annex I: the investigation plan, in seven sections."""

    work: Activities = Field(description="1. Objectives, activities and timeline.")
    landscape: Stated = Field(description="2. The digital landscape in short.")
    risk_strategy: Stated = Field(description="3. How risks are met.")
    actors: Others = Field(description="4. Others who matter.")
    roles: Stated = Field(description="5. How roles are shared out; who holds them is in the document `roles`.")
    resources: Stated = Field(description="6. People, money, tools, training.")
    documentation: Stated = Field(description="7. What is recorded, by whom and how.")


class Assets(Value):
    """Annex II: what could be harmed."""

    people: Stated = Field(description="People, by gender where risks differ: team, sources, witnesses, users shown.")
    tangible: Stated = Field(description="Devices, rooms, documents.")
    intangible: Stated = Field(description="Data, accounts, reputation, the integrity of evidence.")


class Threat(Value):
    """A threat, and the harm that it would do."""

    threat: Stated
    harms: tuple[Harm, ...] = Field(min_length=1)
    vulnerability: Stated = Field(description="What it would exploit.")


class ThreatActor(Value):
    """Who may do harm."""

    name: Line
    interests: Stated = Field(description="What they want.")
    capability: Stated = Field(description="What they can do.")
    probability: Level = Field(description="low, moderate or high.")


class Measure(Value):
    """What is done against a threat."""

    against: Stated
    measure: Stated
    for_whom: Stated = Field(description="Whom it protects, by gender where it differs.")


class Harms(Value):
    """Each kind of harm, weighed."""

    digital: Answer
    financial: Answer
    legal: Answer
    physical: Answer
    psychosocial: Answer
    reputational: Answer


class Risk(Annex):
    """Annex II: the threat and risk assessment."""

    objectives: Stated = Field(description="What this assessment is for.")
    assets: Assets
    vulnerabilities: Stated = Field(description="Where the investigation and others can be harmed.")
    harms: Harms
    threats: tuple[Threat, ...] = Field(min_length=1)
    threat_actors: tuple[ThreatActor, ...] = Field(min_length=1)
    measures: tuple[Measure, ...] = Field(min_length=1)


class Landscape(Annex):
    """Annex III: the digital landscape assessment; each of its fifteen questions answered, or not applicable."""

    objectives: Stated = Field(description="What this assessment is for.")
    language_tags: tuple[Language, ...] = Field(
        min_length=1, description='The languages of people there, as tags such as ["ar", "ku"]; keywords are held to.'
    )
    parties: Answer = Field(description="The parties, and how each is present online.")
    languages: Answer = Field(description="Languages, scripts, slang.")
    search_engines: Answer = Field(description="Search engines in use.")
    social_platforms: Answer = Field(description="Social platforms in use.")
    websites: Answer = Field(description="Sites that matter.")
    internet_penetration: Answer = Field(description="Who is online, by gender, age and place; who is invisible.")
    phones: Answer = Field(description="Phones and operating systems.")
    apps: Answer = Field(description="Apps in use.")
    telecoms: Answer = Field(description="Telecommunication companies, and who controls them.")
    connectivity: Answer = Field(description="Where people connect; outages.")
    laws: Answer = Field(description="Laws on access, speech, privacy and data.")
    media: Answer = Field(description="Media, and who owns them.")
    open_databases: Answer = Field(description="Databases open to all.")
    paid_databases: Answer = Field(description="Databases to be paid for.")
    representativeness: Answer = Field(description="Whose view is over- or under-represented in all of this.")


QUESTIONS_OF_ANNEX_III = tuple(
    name for name, field in Landscape.model_fields.items() if field.annotation == str | NotApplicable
)

"""Controlled words of preparation, inquiries, preliminary assessment and protection. Published ones never change."""

from __future__ import annotations

from enum import StrEnum


class DocumentKind(StrEnum):
    """What an investigation prepares (Berkeley Protocol, paragraphs 37, 68 to 139, Annexes I to III)."""

    PLAN = "plan"
    RISK = "risk"
    LANDSCAPE = "landscape"
    POLICY = "policy"
    ROLES = "roles"
    CONFLICTS = "conflicts"
    BULK = "bulk"
    TASK = "task"
    AGREEMENT = "agreement"


class Level(StrEnum):
    """How likely, how far: as a person judges it."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Reliability(StrEnum):
    """What a lead looks worth at first sight; `unknown` is no judgement, and never the lowest one."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """How a preliminary assessment ends (paragraphs 147 to 152)."""

    COLLECT = "collect"
    WITH_PRECAUTIONS = "collect-with-precautions"
    DO_NOT_COLLECT = "do-not-collect"


class AssessmentForm(StrEnum):
    """`full`: five factors. `compact`: one reason, given while collecting."""

    FULL = "full"
    COMPACT = "compact"


class BetterVersion(StrEnum):
    """Whether a better or earlier version of the same material is looked for (paragraph 150)."""

    NOT_SOUGHT = "not-sought"
    SOUGHT = "sought"
    FOUND = "found"
    NONE_FOUND = "none-found"


class LinkKind(StrEnum):
    """What ties a lead to the investigation (paragraph 148)."""

    PLACE = "place"
    DATE = "date"
    INCIDENT = "incident"
    PERSON = "person"
    VIOLATION = "violation"


class StatementKind(StrEnum):
    """What is known, supposed, and not known; a finding rests on what is known (paragraph 142b)."""

    FACT = "fact"
    ASSUMPTION = "assumption"
    UNKNOWN = "unknown"
    FINDING = "finding"


class Direction(StrEnum):
    """What a keyword may bring to light (paragraph 142c)."""

    INCRIMINATING = "incriminating"
    EXONERATING = "exonerating"
    NEUTRAL = "neutral"


class SearchResult(StrEnum):
    """What a search brought; that nothing was found is a result."""

    FOUND = "found"
    NONE_FOUND = "none-found"


class Closing(StrEnum):
    """Why an inquiry ends, or in which form it goes on."""

    ANSWERED = "answered"
    BROADENED = "broadened"
    ABANDONED = "abandoned"


class Sensitivity(StrEnum):
    """How closely an item is kept, the most open first."""

    ORDINARY = "ordinary"
    RESTRICTED = "restricted"
    PROTECTED = "protected"


class TeamRole(StrEnum):
    """What somebody is in an investigation (Annex I, section 5)."""

    HEAD = "head"
    FOCAL_POINT = "focal-point"
    LIKELY_WITNESS = "likely-witness"
    INVESTIGATOR = "investigator"
    ANALYST = "analyst"
    VERIFIER = "verifier"
    MONITOR = "monitor"
    CUSTODIAN = "custodian"
    SECURITY = "security"
    LEGAL = "legal"
    EXPERT = "expert"


class Harm(StrEnum):
    """The kinds of harm that a risk assessment weighs (paragraphs 69 to 93, Annex II)."""

    DIGITAL = "digital"
    FINANCIAL = "financial"
    LEGAL = "legal"
    PHYSICAL = "physical"
    PSYCHOSOCIAL = "psychosocial"
    REPUTATIONAL = "reputational"


class TaskState(StrEnum):
    """How far a task is."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class ProtectedRole(StrEnum):
    """Why somebody appears under a pseudonym."""

    WITNESS = "witness"
    VICTIM = "victim"
    BYSTANDER = "bystander"
    SOURCE = "source"


class ConsentUse(StrEnum):
    """What somebody consents to."""

    CONTACT = "contact"
    ANALYSIS = "analysis"
    SHARING = "sharing"
    COURT = "court"
    PUBLICATION = "publication"

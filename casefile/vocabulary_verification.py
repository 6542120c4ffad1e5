"""Controlled words of the verification record. Values are what is stored; they never change once published."""

from __future__ import annotations

from enum import StrEnum


class ItemClass(StrEnum):
    """What an item is to whoever verifies it: each class has a checklist of its own."""

    VIDEO = "video"
    PHOTOGRAPH = "photograph"
    SATELLITE = "satellite"
    AUDIO = "audio"
    TEXT = "text"
    POST = "post"


class Check(StrEnum):
    """Named checks of the three strands (Berkeley Protocol, paragraphs 177 to 194), and those of single classes."""

    # source
    ATTRIBUTION = "attribution"
    PROVENANCE = "provenance"
    CREDIBILITY = "credibility"
    INDEPENDENCE = "independence"
    SPECIFICITY = "specificity"
    ATTENUATION = "attenuation"
    REVERSE_SEARCH = "reverse-search"
    ACCOUNT = "account"
    # technical
    METADATA = "metadata"
    EXIF = "exif"
    SOURCE_CODE = "source-code"
    INTEGRITY = "integrity"
    SOUND = "sound"
    IMAGERY = "imagery"
    # content
    IDENTIFIERS = "identifiers"
    PERSON = "person"
    FACTS = "facts"
    GEOLOCATION = "geolocation"
    CHRONOLOCATION = "chronolocation"
    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    CORROBORATION = "corroboration"
    TRANSLATION = "translation"


class ReviewAct(StrEnum):
    """What happens to the assessments of one item, in the order in which it usually happens."""

    ASSIGNED = "assigned"
    RELEASED = "released"
    SUBMITTED = "submitted"
    WAIVED = "waived"
    RECONCILED = "reconciled"
    LOCKED = "locked"
    UNLOCKED = "unlocked"


class ClaimKind(StrEnum):
    """A filmed or recorded statement is assessed apart from the recording (Berkeley Protocol, paragraph 59)."""

    FACT = "fact"
    STATEMENT = "statement"


class Verdict(StrEnum):
    """How a conclusion answers its claim under its standard of proof."""

    ESTABLISHED = "established"
    NOT_ESTABLISHED = "not_established"
    REFUTED = "refuted"


class StatementKind(StrEnum):
    """What can be corrected."""

    STEP = "step"
    CONCLUSION = "conclusion"


class Translator(StrEnum):
    """Who translates (Berkeley Protocol, paragraph 196a): a machine's translation is labelled as one."""

    HUMAN = "human"
    MACHINE = "machine"


class Standard(StrEnum):
    """Standards of proof, from the lowest; each conclusion names one (Berkeley Protocol, paragraph 55, note 79)."""

    REASONABLE_SUSPICION = "reasonable-suspicion"
    REASONABLE_BASIS = "reasonable-basis"
    REASONABLE_GROUNDS = "reasonable-grounds"
    SUBSTANTIAL_GROUNDS = "substantial-grounds"
    BALANCE_OF_PROBABILITIES = "balance-of-probabilities"
    CLEAR_AND_CONVINCING = "clear-and-convincing"
    BEYOND_REASONABLE_DOUBT = "beyond-reasonable-doubt"


class Confidence(StrEnum):
    """Confidence in the judgement; how likely the claimed thing is, is another question."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Reliability(StrEnum):
    """Admiralty code, reliability of the source. F says that it cannot be judged; it is no rank below E."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Credibility(StrEnum):
    """Admiralty code, credibility of the information. 6 says that it cannot be judged; it is no rank below 5."""

    CONFIRMED = "1"
    PROBABLE = "2"
    POSSIBLE = "3"
    DOUBTFUL = "4"
    IMPROBABLE = "5"
    UNJUDGED = "6"

"""What the parts of the events of verification hold: steps, reviews, claims, conclusions, corrections.

The envelope of a step or a conclusion says who assessed which item and nothing of what they found: everything that a
second assessor must not know beforehand is in the parts, and both parts are always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from casefile.events.types_corroboration import ItemCorroborated
from casefile.events.types_planning import Reason
from casefile.model import Text, Value
from casefile.vocabulary import StepResult, Strand
from casefile.vocabulary_verification import (
    Check,
    ClaimKind,
    Confidence,
    Credibility,
    ItemClass,
    Reliability,
    Standard,
    StatementKind,
    Translator,
    Verdict,
)


class Region(Value):
    """A part of an item, as a media fragment: `xywh=` in pixels or per cent, `t=` in seconds, `page=`, or both."""

    item: str
    fragment: Text


class Quote(Value):
    """Words of an item, with what stands around them where that is needed to find them (TextQuoteSelector)."""

    item: str
    exact: Text
    prefix: Text = ""
    suffix: Text = ""


class Reference(Value):
    """What was compared with: a map, imagery, a register. `features` are what agrees in both."""

    provider: Text
    title: Text = ""
    locator: Text = ""
    imagery_date: Text = ""
    licence: Text = ""
    features: tuple[Text, ...] = ()


class Place(Value):
    """A point on WGS 84 in ten-millionths of a degree, and the radius in metres within which it is meant."""

    latitude_e7: int = Field(ge=-900_000_000, le=900_000_000)
    longitude_e7: int = Field(ge=-1_800_000_000, le=1_800_000_000)
    precision_m: int = Field(ge=1, le=20_037_508)
    form: Literal["decimal", "dms", "mgrs", "link"]


class HandSearch(Value):
    """A search by picture that a person made on a site; `found` is whether it brought anything relevant."""

    engine: Text
    frame: Text
    found: bool
    locators: tuple[Text, ...] = ()
    searched_at: Text = ""


class Translation(Value):
    """Who translated what into which language (BCP 47); a machine is named with its version."""

    by: Translator
    source_language: Text
    target_language: Text
    tool: Text = ""


class StepRecorded(Value):
    """One check on one item: what is said in controlled words. `when` is in EDTF; `cites` are ids of other items."""

    strand: Strand
    check: Check
    result: StepResult
    claim: str | None = None
    regions: tuple[Region, ...] = ()
    place: Place | None = None
    when: Text | None = None
    translation: Translation | None = None
    cites: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


class StepWords(Value):
    """The same step in a person's own words, which can name people and places."""

    method: Text = ""
    inputs: tuple[Text, ...] = ()
    finding: Text = ""
    limits: Text = ""
    reason: Text = ""
    alternatives: tuple[Text, ...] = ()
    quotes: tuple[Quote, ...] = ()
    references: tuple[Reference, ...] = ()
    searches: tuple[HandSearch, ...] = ()
    place_as_written: Text = ""
    basis: Text = ""
    gap: Text = ""
    effect: Text = ""
    expertise: Text = ""
    override: Text = ""


class Reconciled(Value):
    """What became of one check that two assessments answered: the result they agreed on, or none where they differ."""

    check: Check
    first: StepResult | None = None
    second: StepResult | None = None
    agreed: StepResult | None = None


class StepReviewed(Value):
    """Something happened to the assessments of an item; the envelope's outcome says what.

    `rule` is how the second assessor was chosen, `blind` whether they had seen nothing of the first assessment.
    """

    rule: Text = ""
    blind: bool = False
    reconciled: tuple[Reconciled, ...] = ()


class ReviewWords(Value):
    """Why."""

    reason: Text = ""


class ClaimStated(Value):
    """A single checkable assertion, to be answered by conclusions."""

    kind: ClaimKind


class ClaimWords(Value):
    """The assertion; of a statement also who makes it."""

    text: Text
    speaker: Text = ""


class ConclusionDrawn(Value):
    """The controlled words of a conclusion. `supporting` and `contrary` are ids of steps.

    `origins` counts independent origins among the items of the supporting steps: a cluster of near-duplicates is one.
    """

    verdict: Verdict
    standard: Standard
    confidence: Confidence
    reliability: Reliability
    credibility: Credibility
    supporting: tuple[str, ...] = ()
    contrary: tuple[str, ...] = ()
    origins: int = Field(ge=0)
    items_counted: int = Field(ge=0)
    undecided_pairs: int = Field(default=0, ge=0)
    without: tuple[Strand, ...] = ()


class StrandReason(Value):
    """Why a strand needs no step."""

    strand: Strand
    reason: Text


class ConclusionWords(Value):
    """The reasons of a conclusion."""

    reasoning: Text
    confidence_reason: Text
    consistency: Text = ""
    missing: tuple[Text, ...] = ()
    alternatives: tuple[Text, ...] = ()
    not_applicable: tuple[StrandReason, ...] = ()
    gaps: Text = ""
    overrides: tuple[Text, ...] = ()


class StatementCorrected(Value):
    """An earlier statement was replaced by another; the envelope names both."""

    kind: StatementKind


class ItemClassified(Value):
    """What class of material an item is, where a person says so and not its role."""

    item_class: ItemClass


VERIFICATION: Mapping[tuple[str, int], tuple[type[Value], type[Value] | None]] = {
    ("step.recorded", 1): (StepRecorded, StepWords),
    ("step.reviewed", 1): (StepReviewed, ReviewWords),
    ("claim.stated", 1): (ClaimStated, ClaimWords),
    ("conclusion.drawn", 1): (ConclusionDrawn, ConclusionWords),
    ("statement.corrected", 1): (StatementCorrected, ReviewWords),
    ("item.classified", 1): (ItemClassified, None),
    ("item.corroborated", 1): (ItemCorroborated, Reason),
}
"""The event types of verification with their body and their personal part."""

"""What is to be checked of an item of each class: the checks of the Berkeley Protocol's paragraphs 177 to 194.

The six classes follow the Leiden Guidelines' classes of digital evidence as far as they are collected online.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from casefile.vocabulary import Role, Strand
from casefile.vocabulary_verification import Check, ItemClass


@dataclass(frozen=True, slots=True)
class CheckKind:
    """One named check: its strand, the paragraph that asks for it, and its question."""

    check: Check
    strand: Strand
    paragraph: str
    question: str


KINDS: Mapping[Check, CheckKind] = {
    one.check: one
    for one in (
        CheckKind(Check.ATTRIBUTION, Strand.SOURCE, "177", "Who made it, and who published it?"),
        CheckKind(Check.PROVENANCE, Strand.SOURCE, "178", "Where and when was the first copy found that is online?"),
        CheckKind(Check.CREDIBILITY, Strand.SOURCE, "179", "What else has the source published, and did it hold?"),
        CheckKind(Check.INDEPENDENCE, Strand.SOURCE, "180", "Affiliation, funding, motive: independent, impartial?"),
        CheckKind(Check.SPECIFICITY, Strand.SOURCE, "181", "How specific is the account, and could the source know?"),
        CheckKind(Check.ATTENUATION, Strand.SOURCE, "182", "How long after the event was it made?"),
        CheckKind(Check.REVERSE_SEARCH, Strand.SOURCE, "178", "Which searches by picture were made, with what result?"),
        CheckKind(Check.ACCOUNT, Strand.SOURCE, "177", "Since when does the account exist, and was the post edited?"),
        CheckKind(Check.METADATA, Strand.TECHNICAL, "183, 184", "What do metadata say, of which file, and who set it?"),
        CheckKind(Check.EXIF, Strand.TECHNICAL, "184", "Are EXIF values there, and do they agree with the rest?"),
        CheckKind(Check.SOURCE_CODE, Strand.TECHNICAL, "185", "What does the page's source say that it does not show?"),
        CheckKind(Check.INTEGRITY, Strand.TECHNICAL, "186", "Are there traces of editing, cutting or synthesis?"),
        CheckKind(Check.SOUND, Strand.TECHNICAL, "186", "Does the sound belong to the picture, and is it whole?"),
        CheckKind(Check.IMAGERY, Strand.TECHNICAL, "190", "Provider, sensor, date, resolution and licence of imagery?"),
        CheckKind(Check.IDENTIFIERS, Strand.CONTENT, "188", "Which emblems, plates, numbers, uniforms are seen?"),
        CheckKind(Check.PERSON, Strand.CONTENT, "188", "Who is seen? Only with a forensic expert's word."),
        CheckKind(Check.FACTS, Strand.CONTENT, "189", "Which facts can be verified: weather, ranks, buildings?"),
        CheckKind(Check.GEOLOCATION, Strand.CONTENT, "190", "Where was it made?"),
        CheckKind(Check.CHRONOLOCATION, Strand.CONTENT, "191", "When was it made?"),
        CheckKind(Check.COMPLETENESS, Strand.CONTENT, "192", "What is missing, and what does that do to its weight?"),
        CheckKind(Check.CONSISTENCY, Strand.CONTENT, "193", "Is it consistent in itself?"),
        CheckKind(Check.CORROBORATION, Strand.CONTENT, "194", "What of independent origin says the same, or not?"),
        CheckKind(Check.TRANSLATION, Strand.CONTENT, "196a", "Who translated what, a person or a machine?"),
    )
}

SOURCE = (
    Check.ATTRIBUTION,
    Check.PROVENANCE,
    Check.CREDIBILITY,
    Check.INDEPENDENCE,
    Check.SPECIFICITY,
    Check.ATTENUATION,
)
"""The six checks of a source, which every item goes through (paragraphs 177 to 182)."""
EVERYWHERE = (Check.COMPLETENESS, Check.CONSISTENCY, Check.CORROBORATION)

CHECKLISTS: Mapping[ItemClass, tuple[Check, ...]] = {
    ItemClass.VIDEO: (
        *SOURCE,
        Check.REVERSE_SEARCH,
        Check.METADATA,
        Check.INTEGRITY,
        Check.SOUND,
        Check.IDENTIFIERS,
        Check.FACTS,
        Check.GEOLOCATION,
        Check.CHRONOLOCATION,
        *EVERYWHERE,
    ),
    ItemClass.PHOTOGRAPH: (
        *SOURCE,
        Check.REVERSE_SEARCH,
        Check.METADATA,
        Check.EXIF,
        Check.INTEGRITY,
        Check.IDENTIFIERS,
        Check.FACTS,
        Check.GEOLOCATION,
        Check.CHRONOLOCATION,
        *EVERYWHERE,
    ),
    ItemClass.SATELLITE: (
        *SOURCE,
        Check.METADATA,
        Check.IMAGERY,
        Check.INTEGRITY,
        Check.FACTS,
        Check.GEOLOCATION,
        Check.CHRONOLOCATION,
        *EVERYWHERE,
    ),
    ItemClass.AUDIO: (
        *SOURCE,
        Check.METADATA,
        Check.INTEGRITY,
        Check.SOUND,
        Check.IDENTIFIERS,
        Check.FACTS,
        Check.CHRONOLOCATION,
        Check.TRANSLATION,
        *EVERYWHERE,
    ),
    ItemClass.TEXT: (
        *SOURCE,
        Check.METADATA,
        Check.SOURCE_CODE,
        Check.INTEGRITY,
        Check.IDENTIFIERS,
        Check.FACTS,
        Check.CHRONOLOCATION,
        Check.TRANSLATION,
        *EVERYWHERE,
    ),
    ItemClass.POST: (
        *SOURCE,
        Check.ACCOUNT,
        Check.REVERSE_SEARCH,
        Check.METADATA,
        Check.SOURCE_CODE,
        Check.IDENTIFIERS,
        Check.FACTS,
        Check.GEOLOCATION,
        Check.CHRONOLOCATION,
        *EVERYWHERE,
    ),
}
"""The checks of each class, in the order of the strands. Further ones may be recorded on any item."""

CLASS_OF_ROLE: Mapping[Role, ItemClass] = {
    Role.VIDEO: ItemClass.VIDEO,
    Role.PICTURE: ItemClass.PHOTOGRAPH,
    Role.THUMBNAIL: ItemClass.PHOTOGRAPH,
    Role.AUDIO: ItemClass.AUDIO,
    Role.POST: ItemClass.POST,
}


def class_of(role: str | None, stated: str | None) -> ItemClass:
    """What a person said the item is, else what its role suggests, else text."""
    if stated:
        return ItemClass(stated)
    return CLASS_OF_ROLE.get(Role(role), ItemClass.TEXT) if role else ItemClass.TEXT

"""Sheets to fill in: the fields of a step that a check asks for, as TOML with the rule beside each. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.vocabulary import StepResult
from casefile.vocabulary_verification import Check
from verification.checklists import KINDS

FIELDS: Mapping[str, tuple[str, str]] = {
    "result": ('""', f"one of {', '.join(StepResult)}"),
    "method": ('""', "how it was checked"),
    "inputs": ("[]", "what it was done with"),
    "finding": ('""', "what was found"),
    "limits": ('""', "what the check does not show"),
    "reason": ('""', "only where it was not done, or does not apply: why"),
    "regions": ("[]", 'parts of the item, such as "xywh=120,40,300,200" or "t=12.5,14" or "I-0007#page=3"'),
    "cites": ("[]", "other items that it rests on"),
    "claim": ('""', "the claim that it bears on, such as C-0003"),
}
PLACE = {
    "place": ('""', "decimal, DMS, MGRS or a link to a map; it is kept as it is written"),
    "precision": ('""', "the radius within which it is meant, such as 25 m"),
}
TIME = {
    "when": ('""', "EDTF, such as 2026-05-04T10:21+02:00 or 2026-05~ or 2026-05-04/2026-05-06"),
    "basis": ('""', "what the time rests on"),
}
ALTERNATIVES = {"alternatives": ("[]", "what else was considered, and why it is ruled out")}
REFERENCES = """
[[references]]
# who provides it, the date of the imagery, its licence, and the features that agree
provider = ""
title = ""
locator = ""
imagery_date = ""
licence = ""
features = []
"""
MORE: Mapping[Check, Mapping[str, tuple[str, str]]] = {
    Check.GEOLOCATION: {**PLACE, **ALTERNATIVES},
    Check.CHRONOLOCATION: {**TIME, **ALTERNATIVES},
    Check.PROVENANCE: TIME,
    Check.COMPLETENESS: {"gap": ('""', "what is missing"), "effect": ('""', "what that does to its weight")},
    Check.PERSON: {
        "expertise": ('""', "the forensic expert"),
        "override": ('""', "why it is recorded without one"),
    },
}
TABLES: Mapping[Check, str] = {
    Check.GEOLOCATION: REFERENCES,
    Check.CHRONOLOCATION: REFERENCES,
    Check.IMAGERY: REFERENCES,
    Check.REVERSE_SEARCH: """
[[searches]]
# once for each engine; a search that found nothing is recorded too
engine = ""
frame = ""
found = false
locators = []
searched_at = ""
""",
    Check.TRANSLATION: """
[translation]
# by is human or machine; a machine is named with its version
by = ""
source_language = ""
target_language = ""
tool = ""
""",
}


def template_of(check: Check) -> str:
    """The sheet of a check."""
    kind = KINDS[check]
    lines = [f"# {kind.question} (Berkeley Protocol, paragraph {kind.paragraph}; {kind.strand})", f'check = "{check}"']
    for name, (empty, rule) in {**FIELDS, **MORE.get(check, {})}.items():
        lines += [f"# {rule}", f"{name} = {empty}"]
    return "\n".join(lines) + "\n" + TABLES.get(check, "")

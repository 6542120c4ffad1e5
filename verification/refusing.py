"""How a rule that a field breaks is said."""

from __future__ import annotations

from casefile.refusals import FieldRefused

SHEET = "record"


def refused(field: str, rule: str) -> FieldRefused:
    """The error for one field of what was to be recorded. Its content is never in the message."""
    return FieldRefused(SHEET, ((field, rule),))

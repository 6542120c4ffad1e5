"""People in the record, as values."""

from __future__ import annotations

from casefile.model import Value
from casefile.vocabulary import PersonKind


class Person(Value):
    """Somebody in the record: an investigator, a source of material, or a service of ours."""

    id: str
    name: str | None
    kind: PersonKind

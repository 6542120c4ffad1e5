"""The port through which rooms append events: drafts go in, ids come out. Rooms never see a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.types import published
from casefile.ids import EventId
from casefile.model import Value


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a place in the log.

    `id` is given for a machine's event, so that repeating it changes nothing; without it the log mints one.
    """

    type: str
    subject: tuple[Subject, ...] = ()
    parts: Mapping[PartName, Value] = field(default_factory=dict)
    outcome: EventOutcome | None = None
    causes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    id: EventId | None = None
    schema: int = 1

    def __post_init__(self) -> None:
        expected = published(self.type, self.schema)
        for name, value in self.parts.items():
            model = expected.model_of(name)
            if model is None or not isinstance(value, model):
                raise UsageError(f"{self.type} has no {name} of type {type(value).__name__}")


def draft(  # noqa: PLR0913
    event_type: str,
    *subject: Subject,
    body: Value | None = None,
    personal: Value | None = None,
    protected: Value | None = None,
    outcome: EventOutcome | None = None,
    id: EventId | None = None,
) -> Draft:
    """A draft of the newest schema, with the parts that are given."""
    given = {PartName.BODY: body, PartName.PERSONAL: personal, PartName.PROTECTED: protected}
    parts = {name: value for name, value in given.items() if value is not None}
    return Draft(event_type, subject, parts, outcome, id=id)


def made_with(event: Draft, tools: Iterable[str]) -> Draft:
    """The draft, naming the register ids of the tools that had part in it."""
    return replace(event, tools=tuple(tools))

"""What an event type is: which parts an event of it may have, and what each holds."""

from __future__ import annotations

from dataclasses import dataclass

from casefile.events.envelope import PartName
from casefile.model import Value


@dataclass(frozen=True, slots=True)
class EventType:
    """What the parts of one (type, schema) hold; a part that is not named must not be there."""

    body: type[Value] | None = None
    personal: type[Value] | None = None
    protected: type[Value] | None = None

    def model_of(self, part: PartName) -> type[Value] | None:
        """The model of that part's content."""
        models = {PartName.BODY: self.body, PartName.PERSONAL: self.personal, PartName.PROTECTED: self.protected}
        return models[part]

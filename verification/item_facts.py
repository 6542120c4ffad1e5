"""What of an item's record bears on the obligations, as whoever asks may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casefile.records.assessments import ClaimRecord, ConclusionRecord, CorrectionRecord, ReviewRecord, StepRecord
from casefile.vocabulary import Acquisition, Role
from casefile.vocabulary_verification import Check, ItemClass
from verification.blindness import ItemState


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What of an item's record bears on the obligations, as whoever asks may see it.

    `sealed`, `found` and `examined` are events, and so are `came_from`, which say where its lead came from, and
    `pursued`, by which inquiries go after what it leaves open. `capture` is the capture as the record has it,
    `pictures` the files that show the whole page, `beside` the number of other items of the capture.
    """

    sealed: str
    found: str
    pathway: str
    came_from: tuple[str, ...]
    examined: str | None
    raw_metadata: bool
    conflicts: int
    likenesses: int
    suggestions: int
    role: str
    media_type: str
    content: str
    sha256: str
    item_class: ItemClass
    capture: Mapping[str, Any]
    pictures: tuple[str, ...]
    beside: int
    state: ItemState
    steps: tuple[StepRecord, ...]
    acts: tuple[ReviewRecord, ...]
    claims: tuple[ClaimRecord, ...]
    conclusions: tuple[ConclusionRecord, ...]
    corrections: tuple[CorrectionRecord, ...]
    pursued: tuple[str, ...]

    @property
    def handed_over(self) -> bool:
        return bool(self.capture["acquisition"] == Acquisition.HANDED_OVER)

    @property
    def is_page(self) -> bool:
        return self.role in (Role.PAGE, Role.POST)

    def on(self, *checks: Check) -> tuple[StepRecord, ...]:
        """The current steps on these checks."""
        return tuple(step for step in self.steps if step.check in checks)

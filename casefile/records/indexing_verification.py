"""The texts of the verification record that people may look for. Pure.

Whoever searches is shown only what they may see of them (`pipelines.searching`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from casefile.events.envelope import Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_verification import ClaimWords, ConclusionWords, ReviewWords, StepWords
from casefile.records.search import Passage

STEP, CONCLUSION, CLAIM, REVIEW = "step", "conclusion", "claim", "review"
"""The fields that hits are in."""


def _step(event: Event) -> Iterator[Passage]:
    item = event.envelope.subject_of("item")
    words = payload(event, PartName.PERSONAL, StepWords)
    if not isinstance(words, Erased):
        yield _passage(event, ("item", item), STEP, _texts(words.plain()))


def _review(event: Event) -> Iterator[Passage]:
    words = payload(event, PartName.PERSONAL, ReviewWords)
    if not isinstance(words, Erased):
        yield _passage(event, ("item", event.envelope.subject_of("item")), REVIEW, words.reason)


def _claim(event: Event) -> Iterator[Passage]:
    words = payload(event, PartName.PERSONAL, ClaimWords)
    if not isinstance(words, Erased):
        yield _passage(event, ("claim", event.envelope.subject_of("claim")), CLAIM, _texts(words.plain()))


def _conclusion(event: Event) -> Iterator[Passage]:
    words = payload(event, PartName.PERSONAL, ConclusionWords)
    if not isinstance(words, Erased):
        yield _passage(event, ("claim", event.envelope.subject_of("claim")), CONCLUSION, _texts(words.plain()))


def _passage(event: Event, subject: tuple[str, str], field: str, text: str) -> Passage:
    kind, name = subject
    item = name if kind == "item" else None
    return Passage(kind, name, field, text, item, event.envelope.id, PartName.PERSONAL)


def _texts(value: Any) -> str:
    """Every text of a value, a line each."""
    if isinstance(value, str):
        return value
    several = value.values() if isinstance(value, Mapping) else value
    return "\n".join(text for one in several if (text := _texts(one)))


VERIFICATION: Mapping[str, Callable[[Event], Iterator[Passage]]] = {
    "step.recorded": _step,
    "step.reviewed": _review,
    "claim.stated": _claim,
    "conclusion.drawn": _conclusion,
}
"""By event type."""

"""What became of a lead in one request: one result, of however many attempts it took."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import reduce

from casefile.errors import CasefileError
from casefile.ids import format_number
from casefile.leads import Lead
from casefile.records.edges import neighbour_numbers
from casefile.records.engine import reading
from casefile.records.queries import ItemFilter, ItemRecord, list_items
from casefile.vocabulary import Cause, Judgement, Outcome
from pipelines.capture import Attempt
from pipelines.services import Services
from pipelines.sight import judgements_seen, viewer_of


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one lead in this request."""

    lead: Lead
    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    advice: str = ""
    capture: str = ""
    items: tuple[ItemRecord, ...] = ()
    duplicates: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()


def result_of(services: Services, attempts: Sequence[Attempt], examinations: Sequence[Future[None]] = ()) -> Result:
    """The result of a lead's attempts, in their order, with the items of all of them and what those look like.

    One in whose place another was made is listed, and decides nothing.
    """
    counted = [one for one in attempts if not one.instead] or [attempts[-1]]
    first = counted[0]
    detail = next((said for one in examinations if (said := examination_detail(one))), "")
    items: list[ItemRecord] = []
    alike: set[int] = set()
    with reading(services.engine) as connection:
        for attempt in attempts:
            if attempt.kept:
                held = list_items(connection, ItemFilter(capture=attempt.capture))
                judged = judgements_seen(connection, viewer_of(services), [item.id for item in held])
                apart = [pair for pair, judgement in judged.items() if judgement == Judgement.DIFFERENT]
                alike |= set(neighbour_numbers(connection, attempt.capture, apart))
                items += held
    told = reduce(_worse, counted)
    return Result(
        lead=first.lead,
        outcome=_outcome(first, told),
        cause=told.cause if told.kept else _cause(first, told),
        detail=told.detail or detail,
        advice=told.advice,
        capture=first.capture,
        items=tuple(items),
        duplicates=tuple(format_number(number) for number in sorted(alike - {item.number for item in items})),
        attempts=tuple(attempts),
    )


def already(services: Services, lead: Lead) -> Result:
    """The result of a lead that was brought to an end before, with everything that was kept of it."""
    with reading(services.engine) as connection:
        items = list_items(connection, ItemFilter(lead=lead.id))
    return Result(lead, Outcome.ALREADY, capture=items[-1].capture if items else "", items=tuple(items))


def examination_detail(examination: Future[None]) -> str:
    """Waits for an examination; says in words why it could not be done. The capture is sealed whatever it says."""
    try:
        examination.result()
    except CasefileError as error:
        return f"not examined yet: {error}; run `casefile examine`"
    return ""


def _worse(first: Attempt, last: Attempt) -> Attempt:
    """Which of two attempts the person has to hear of.

    That a page shows nothing which the following method supports is no news: the page itself is there.
    """
    if first.cause is not None or last.cause is Cause.UNSUPPORTED:
        return first
    return last


def _outcome(first: Attempt, told: Attempt) -> Outcome:
    if told is not first and first.kept and told.outcome is not Outcome.CAPTURED:
        return Outcome.PARTIAL
    return told.outcome


def _cause(first: Attempt, told: Attempt) -> Cause | None:
    """What a page without its video lacks are parts; the detail says why."""
    return Cause.PARTS_MISSING if told is not first and first.kept else told.cause

"""What `collect` and `import` print and return: results for a person, for a program and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.vocabulary import Content, Outcome
from cli import output
from pipelines.results import Result


def silent(_result: Result) -> None:
    """Say nothing of a result as it lands: the document at the end has it."""


def result_json(result: Result) -> dict[str, object]:
    """A result as `--json` gives it."""
    return {
        "locator": result.lead.locator,
        "outcome": result.outcome,
        "cause": result.cause,
        "detail": result.detail,
        "advice": result.advice,
        "capture": result.capture,
        "items": [item.id for item in result.items],
        "duplicates": list(result.duplicates),
    }


def print_result(result: Result) -> None:
    """One result for a person, as it lands."""
    output.landing(landing_of(result))


def landing_of(result: Result) -> output.Landing:
    """A result in the words that are printed."""
    items = result.items
    return output.Landing(
        locator=result.lead.locator or f"(no address in row {result.lead.row})",
        outcome=result.outcome,
        cause=result.cause or "",
        items=tuple(item.label for item in items),
        title=next((item.title for item in items if item.title), ""),
        author=next((item.author for item in items if item.author), ""),
        claimed_time=next((item.claimed_time for item in items if item.claimed_time), ""),
        content=Content(items[0].content) if items and items[0].content else None,
        duplicates=result.duplicates,
        detail=result.detail,
        advice=result.advice,
    )


def summary(results: Sequence[Result]) -> str:
    """One line of counts."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    items = sum(len(result.items) for result in results)
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        + f"; {output.counted(items, 'item')}"
    )


def exit_code(results: Sequence[Result]) -> int:
    """4 when a policy refused all; 1 when something failed, is partial or is not the content; else 0."""
    outcomes = [result.outcome for result in results]
    if outcomes and all(outcome is Outcome.REFUSED for outcome in outcomes):
        return 4
    good = all(
        result.outcome is Outcome.ALREADY or (result.outcome is Outcome.CAPTURED and result.cause is None)
        for result in results
    )
    return 0 if good else 1

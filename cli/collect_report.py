"""What `collect` and `import` print and return: results for a person, for a program and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from casefile.records.queries import ItemRecord
from casefile.vocabulary import Content, Outcome, Pathway
from cli import output
from pipelines.results import Result

LONGEST_RUN = 3
"""Item numbers that are listed one by one."""


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
        "attempts": [
            {
                "capture": one.capture,
                "method": one.method or None,
                "reason": one.reason or None,
                "outcome": one.outcome,
                "cause": one.cause,
                "detail": one.detail,
            }
            for one in result.attempts
        ],
    }


def print_result(result: Result) -> None:
    """One result for a person, as it lands."""
    output.landing(landing_of(result))


def landing_of(result: Result) -> output.Landing:
    """A result in the words that are printed. Of many files that were handed over no one speaks for the others."""
    items = result.items
    contents = Counter(item.content for item in items if item.content)
    speaking = () if len(items) > 1 and result.lead.pathway is Pathway.HANDED_OVER else items
    return output.Landing(
        locator=_place(result),
        outcome=result.outcome,
        cause=result.cause or "",
        items=_numbers(items),
        title=next((item.title for item in speaking if item.title), ""),
        author=next((item.author for item in speaking if item.author), ""),
        claimed_time=next((item.claimed_time for item in speaking if item.claimed_time), ""),
        contents={Content(name): count for name, count in contents.items()},
        duplicates=result.duplicates,
        detail=result.detail,
        advice=result.advice,
        methods=_methods(result),
    )


def _methods(result: Result) -> tuple[str, ...]:
    """By which methods and why; nothing of what was handed over, which no method had to be chosen for."""
    if result.lead.pathway is Pathway.HANDED_OVER:
        return ()
    return tuple(f"by {one.method}: {one.reason}" for one in result.attempts if one.reason)


def _place(result: Result) -> str:
    """Where the items came from: the address, or the folder that all files of a capture were handed over in."""
    lead, items = result.lead, result.items
    if lead.pathway is Pathway.HANDED_OVER and len(items) > 1:
        folders = [(item.locator or "").split("/")[:-1] for item in items]
        shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
        within = "/".join([*shared, ""]) if shared else "handed-over:"
        return f"{within} ({len(items)} files)"
    if lead.locator:
        return lead.locator
    return f"(no address in row {lead.row})" if lead.row else "(no address)"


def _numbers(items: Sequence[ItemRecord]) -> tuple[str, ...]:
    """The items' numbers, a long run of them by its ends."""
    labels = tuple(item.label for item in items)
    numbers = [item.number for item in items]
    if len(numbers) > LONGEST_RUN and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return (labels[0], "to", labels[-1])
    return labels


def summary(results: Sequence[Result]) -> str:
    """One line of counts."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    items = sum(len(result.items) for result in results)
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "nothing to collect"
    return f"{told}; {output.counted(items, 'item')}"


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

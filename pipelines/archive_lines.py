"""An archive of others, as one value for a program and as lines for a person: claims, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from casefile.records.archives import ArchiveRecord

SHOWN_ENTRIES = 20
SHOWN_PROBLEMS = 20
BEARINGS = {
    "matches": "MATCHES what is here",
    "differs": "DIFFERS from what is here",
    "absent": "what it names is not here",
}


def archive_plain(archive: ArchiveRecord | None) -> dict[str, Any] | None:
    """All of it; `claims`, `entries` and `problems` are None where they were erased."""
    if archive is None:
        return None
    said = archive.said
    lists = {name: None if said is None else said.get(name, []) for name in ("claims", "entries", "problems")}
    return {"summary": dict(archive.summary), **lists}


def archive_lines(told: Mapping[str, Any] | None) -> Iterator[str]:
    """The same for a person, the first entries only."""
    if told is None:
        return
    summary = told["summary"]
    if summary["failed"]:
        yield f"could not be read: {summary['failed']}"
        return
    yield f"{summary['kind']}: {summary['entries']} entries; of the claims that bytes here can bear out, " + (
        f"{summary['matches']} match, {summary['differs']} differ, {summary['absent']} are of what is not here"
    )
    if told["claims"] is None:
        yield "(erased)"
        return
    yield from map(_claim_line, told["claims"])
    for problem in told["problems"][:SHOWN_PROBLEMS]:
        where = f" ({problem['where']})" if problem.get("where") else ""
        yield f"PROBLEM {problem['code']}: {problem['text']}{where}"
    for entry in told["entries"][:SHOWN_ENTRIES]:
        yield f"{entry['kind']}, {entry['where']}"
        yield from (f"  {_claim_line(one)}" for one in entry["claims"])
    if summary["entries"] > SHOWN_ENTRIES:
        more = f"and {summary['entries'] - SHOWN_ENTRIES} more entries"
        yield f"{more}; `show --json` lists {summary['listed']} of {summary['entries']}"


def _claim_line(claim: Mapping[str, Any]) -> str:
    bears = f"  {BEARINGS[claim['bears']]}" if claim.get("bears") else ""
    return f"{claim['field']}: {' '.join(claim['value'].split())}  [{claim['origin']}]{bears}"

"""The method report of an investigation: item by item into a stream, so that its length costs no memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from casefile.clock import rfc3339
from casefile.errors import UsageError
from casefile.events.envelope import PartName
from casefile.events.types import DocumentVersioned, payload
from casefile.records.assessments import items_after
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemRecord, investigation_title
from casefile.records.reading import newest_of_types, read_events_of
from pipelines.conformance import stands_of
from pipelines.investigation_facts import Investigation
from pipelines.method_report import conformance_of, gather, report_of, require_traced, statements_of
from pipelines.report_files import put_file
from pipelines.report_pages import html_foot, html_head, html_item
from pipelines.report_pdf import MOST_ITEMS, pdf_of
from pipelines.services import Services
from verification.obligations import Obligation, Standing, Stands, obligations

PAGE = 100
NAMED = 10
"""Items that are named for each way of standing against an obligation; the rest is counted."""
OPENED = "investigation.opened"


@dataclass
class Tally:
    """How the items of an investigation stand against one obligation."""

    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, item: ItemRecord, found: Stands) -> None:
        """One more item; the first few of each standing are named with the events that show it."""
        self.counts[found.standing] += 1
        named = self.named.setdefault(found.standing, [])
        if len(named) < NAMED:
            named.append({"item": item.id, "number": item.label, "events": list(found.events)})


def heading_of(services: Services) -> dict[str, Any]:
    """What the report is of, and by whom and when it was made."""
    with reading(services.engine) as rows:
        title = investigation_title(rows)
    return {
        "investigation": services.log.id,
        "title": title,
        "made_at": rfc3339(services.clock.read().wall),
        "made_by": services.person.name if services.person else None,
    }


def write_json(services: Services, stream: TextIO) -> int:
    """Write the report as one JSON document; how many items it holds. Raises RecordUnreadable for a broken link."""
    count = 0
    stream.write(json.dumps(heading_of(services))[:-1] + ', "items": [')
    tallies: dict[int, Tally] = {}
    for count, one in enumerate(reports_of(services, tallies), start=1):
        stream.write(("" if count == 1 else ",") + "\n" + json.dumps(one, allow_nan=False))
    table = json.dumps(list(conformance_table(services, tallies)))
    stream.write(f'\n], "conformance": {table}}}\n')
    return count


def write_html(services: Services, stream: TextIO) -> int:
    """Write the report as a page without scripts; how many items it holds. Raises RecordUnreadable likewise."""
    count = 0
    stream.write(html_head(heading_of(services)))
    tallies: dict[int, Tally] = {}
    for one in reports_of(services, tallies):
        count += 1
        stream.write(html_item(one))
    stream.write(html_foot(list(conformance_table(services, tallies))))
    return count


def write_pdf(services: Services, path: Path) -> int:
    """Write the report as PDF into a new file; how many items it holds. Raises UsageError for very many items."""
    with reading(services.engine) as rows:
        count = len(items_after(rows, 0, MOST_ITEMS + 1))
    if count > MOST_ITEMS:
        raise UsageError(f"a report as PDF holds at most {MOST_ITEMS} items; write a page with --html, or item by item")
    tallies: dict[int, Tally] = {}
    heading = heading_of(services)
    items = list(reports_of(services, tallies))
    put_file(path, pdf_of(heading, items, list(conformance_table(services, tallies))))
    return len(items)


def table_of(services: Services) -> list[dict[str, Any]]:
    """The table of obligations alone, with every item looked at."""
    tallies: dict[int, Tally] = {}
    for _report in reports_of(services, tallies):
        continue
    return list(conformance_table(services, tallies))


def conformance_table(services: Services, tallies: Mapping[int, Tally]) -> Iterator[dict[str, Any]]:
    """All 98 rows: those of items counted over the items, those of the investigation by the events that there are."""
    with reading(services.engine) as rows:
        newest = _newest(rows)
    investigation = Investigation(services, newest, newest[OPENED])
    for obligation in obligations():
        tally = tallies.get(obligation.row)
        if obligation.scope == "item":
            yield _of_items(obligation, tally or Tally(), newest[OPENED])
        else:
            yield _of_investigation(obligation, investigation)


def reports_of(services: Services, tallies: dict[int, Tally]) -> Iterator[dict[str, Any]]:
    """The report of each item in turn; `tallies` is filled on the way. Raises RecordUnreadable for a broken link."""
    after = 0
    while True:
        with reading(services.engine) as rows:
            page = items_after(rows, after, PAGE)
            for item in page:
                record = gather(services, rows, item.id)
                statements, conformance = list(statements_of(record)), list(conformance_of(record))
                require_traced(rows, statements)
                for obligation, found in conformance:
                    tallies.setdefault(obligation.row, Tally()).add(record.item, found)
                yield report_of(record, statements, conformance)
        if not page:
            return
        after = page[-1].number


def _of_items(obligation: Obligation, tally: Tally, opened: str) -> dict[str, Any]:
    """The worst standing of any item, with counts; the items that are named lead to the events."""
    counts = {standing.value: tally.counts[standing] for standing in Standing}
    standing = next((one for one in _WORST_FIRST if counts[one]), Standing.NOT_APPLICABLE)
    why = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "there is no item"
    named = tally.named.get(standing, [])
    events = [] if named else [opened]
    return {**_row(obligation), "standing": standing, "why": why, "items": counts, "named": named, "events": events}


def _of_investigation(obligation: Obligation, investigation: Investigation) -> dict[str, Any]:
    found = stands_of(investigation, obligation)
    # What is not recorded has no event of its own; it is missing from what this one began.
    events = list(found.events) or [investigation.opened]
    return {**_row(obligation), "standing": found.standing, "why": found.why, "named": [], "events": events}


def _row(obligation: Obligation) -> dict[str, Any]:
    return {
        "row": obligation.row,
        "paragraph": obligation.paragraph,
        "obligation": obligation.text,
        "scope": obligation.scope,
    }


def _newest(rows: Connection) -> dict[str, str]:
    """The last event of each type; of documents also by their kind."""
    newest = newest_of_types(rows)
    for entry in read_events_of(rows, "document.versioned"):
        body = payload(entry.event, PartName.BODY, DocumentVersioned)
        if isinstance(body, DocumentVersioned):
            newest[f"document.versioned {body.kind}"] = entry.event.envelope.id
    return newest


_WORST_FIRST = (Standing.NOT_MET, Standing.OVERRIDDEN, Standing.MET)

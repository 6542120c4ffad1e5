"""Method reports as PDF: what the page says, for whoever files paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from disclosure.printing import Line, Pages

MOST_ITEMS = 1000
"""Items of one report as PDF, which is held in memory until it is whole."""


def pdf_of(
    heading: Mapping[str, Any], reports: Iterable[Mapping[str, Any]], table: Sequence[Mapping[str, Any]]
) -> bytes:
    """The report as a PDF: of these items, then the table of obligations where there is one."""
    sections = [*(list(_of_item(one)) for one in reports), list(_of_table(table))]
    head = list(_of_heading(heading))
    pages = Pages([line for lines in (head, *sections) for line in lines])
    pages.begin("Method report", str(heading["made_at"]), head)
    for lines in sections:
        pages.add(lines)
    return bytes(pages.pdf.output())


def _of_heading(heading: Mapping[str, Any]) -> Iterator[Line]:
    by = f" by {heading['made_by']}" if heading.get("made_by") else ""
    yield "head", "Method report"
    yield "body", f"{heading['title'] or '(erased)'}, investigation {heading['investigation']}."
    yield "body", f"Made {heading['made_at']}{by}. Every statement names the events of the log that it rests on."


def _of_item(report: Mapping[str, Any]) -> Iterator[Line]:
    item = report["item"]
    yield "head", f"{item['number']}: {item['class']}"
    yield "body", str(item["locator"] or "(erased)")
    yield "small", str(item["sha256"] or "(erased)")
    hidden = " Assessments of others are not shown before both are in." if report["hidden"] else ""
    yield "body", f"State of its assessments: {report['state']}.{hidden}"
    for problem in report["problems"]:
        yield "body", f"{problem['code']}: {problem['text']}"
    for one in report["statements"]:
        who = ", ".join(filter(None, (one["by"], one["at"])))
        yield "small", f"{one['stage']}, {one['kind'].replace('_', ' ')}{f' ({who})' if who else ''}"
        yield "body", one["text"]
        yield "small", "events " + " ".join(one["events"])
    yield "head", f"{item['number']}: obligations"
    for one in report["conformance"]:
        yield from _row(one, ())


def _of_table(table: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    if table:
        yield "head", "Conformance of the investigation"
    for one in table:
        yield from _row(one, [named["number"] for named in one["named"]])


def _row(one: Mapping[str, Any], items: Sequence[str]) -> Iterator[Line]:
    yield "body", f"{one['row']}. {one['obligation']} ({one['paragraph']}): {one['standing']}. {one['why']}"
    named = [*(["items", *items] if items else []), *(["events", *one["events"]] if one["events"] else [])]
    if named:
        yield "small", " ".join(named)

"""Everything that the record holds about one tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.records.queries import ItemFilter, list_items
from pipelines.errata import errata, errata_of
from pipelines.services import Services
from pipelines.tool_register import registered_as
from pipelines.vetting import NOT_ANSWERED, suggested, vettings


def describe_tool(services: Services, name: str) -> dict[str, Any]:
    """Register, answers, tests, errata and the number of items touched. Raises UsageError for an unknown name."""
    registered = registered_as(services, name)
    answers = vettings(services, name)
    with reading(services.engine) as connection:
        acts = list_acts(connection, "tool.tested")
        versions = [
            asdict(one)
            | {
                "items": len(list_items(connection, ItemFilter(made_by=(one.id,)))),
                "errata": [known.id for known in errata() if known.touches(one)],
            }
            for one in registered
        ]
    ids = {one.id for one in registered}
    tests = [act for act in acts if any(subject["id"] in ids for subject in json.loads(act.subject or "[]"))]
    latest = answers[-1] if answers else suggested(name)
    return {
        "name": name,
        "versions": versions,
        "vetting": asdict(latest) | {"adopted": bool(answers), "unanswered": list(latest.unanswered)},
        "tests": [
            {
                "event": act.event,
                "status": act.status,
                "at": act.done_at,
                "by": act.done_by,
                **json.loads(act.body or "{}"),
            }
            for act in tests
        ],
        "errata": [one.plain() for one in errata_of(registered)],
    }


def tool_lines(described: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    for one in described["versions"]:
        known = f", errata {' '.join(one['errata'])}" if one["errata"] else ""
        yield f"{described['name']} {one['version']}: {one['uses']} events, {one['items']} items{known}"
        yield f"  registered {one['registered_at'][:19]}  {one['path'] or ''}  {one['sha256'] or ''}"
    vetting = described["vetting"]
    yield ""
    if vetting["adopted"]:
        yield f"Vetting, version {vetting['number']}, {vetting['answered_at'][:19]} by {vetting['answered_by']}"
        yield f"  to be reviewed by {vetting['review_by']}"
    else:
        yield f"Nobody has answered for it; Casefile's makers say (`tools vet {described['name']} --template`):"
    for field, answer in vetting["answers"].items():
        if answer != NOT_ANSWERED:
            yield f"  {field.replace('_', ' ')}: {answer}"
    if vetting["unanswered"]:
        yield f"  not answered: {', '.join(vetting['unanswered'])}"
    for test in described["tests"]:
        trials = "; ".join((*test.get("passed", ()), *test.get("failed", ())))
        yield f"Tested {test['at'][:19]}: {test['status']}; {trials}"
    for erratum in described["errata"]:
        yield f"{erratum['id']} {' '.join(erratum['affected'])}: {erratum['effect']} Remedy: {erratum['remedy']}."

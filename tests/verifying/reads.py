"""Everything that one person can read of an investigation, by every function, list, search, count and export."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from casefile.errors import CasefileError
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.records.queries import ItemFilter, find_items, list_attempts, list_items
from casefile.records.reading import read_events, read_head
from cli.planning_report import inquiry_lines
from pipelines.assessing import LeadFilter, wanted_leads
from pipelines.assessing import plain as plain_lead
from pipelines.audit import audit_workspace
from pipelines.book_writing import write_book
from pipelines.concluding import claims_of
from pipelines.describing import describe_item, description_lines
from pipelines.due import list_due
from pipelines.elements import matrix
from pipelines.geolocations import annotations_of, geojson_of
from pipelines.holds import list_holds
from pipelines.inquiries import describe_inquiry, list_all, plain
from pipelines.investigation_report import table_of, write_html, write_json
from pipelines.method_report import item_report
from pipelines.neighbours import cluster_of, list_pairs
from pipelines.review_sending import described
from pipelines.reviewing import agreement_of, compare, reconcile
from pipelines.searching import search_workspace
from pipelines.services import Services
from pipelines.sheet_of_items import write_sheet_of_items
from pipelines.sight import conclusions_seen, items_seen, look, viewer_of
from pipelines.verification_plain import claim_plain, line_plain, step_plain
from pipelines.verifying import checklist_of, correct_step
from pipelines.work_queue import page_of
from verification.packets import sheets_of
from verification.steps import NewStep

from .desk import Desk

Read = Callable[[Services], Any]


def everything(
    desk: Desk, person: str, item: str, step: str, words: tuple[str, ...], folder: Path, only: tuple[str, ...] = ()
) -> dict[str, bytes]:
    """By name, the bytes that `person` gets by each way to read; `step` is one whose id they know."""
    looks, found = desk.clock.looks, {}
    with desk.as_(person) as services:
        for name, read in ways(desk, item, step, words, folder).items():
            if only and name not in only:
                continue
            desk.clock.looks = looks
            try:
                answer = read(services)
            except CasefileError as error:
                answer = [type(error).__name__, str(error), error.advice()]
            found[name] = answer if isinstance(answer, bytes) else json.dumps(answer, default=str).encode()
    return found


def ways(desk: Desk, item: str, hidden_step: str, words: tuple[str, ...], folder: Path) -> Mapping[str, Read]:
    """Every way to read, by its name. None of them changes anything."""
    another = NewStep(check="facts", result="not_done", reason="tried to correct what is not mine")

    def steps(services: Services) -> Any:
        with reading(services.engine) as rows:
            people = {person.id: person.name or "" for person in list_people(rows)}
            found = list_items(rows)
            seen = look(rows, [one.id for one in found], viewer_of(services))
        return [
            [step_plain(step, people) for step in one.steps] + [one.state.name, one.hidden] for one in seen.values()
        ]

    def conclusions(services: Services) -> Any:
        claims = claims_of(services)
        with reading(services.engine) as rows:
            drawn = conclusions_seen(rows, claims, viewer_of(services))
        return [claim_plain(claim, drawn[claim.claim], {}) for claim in claims]

    def acts(services: Services) -> Any:
        with reading(services.engine) as rows:
            return [asdict(one) for kind in ("gate.overridden", "access.logged") for one in list_acts(rows, kind)]

    def attempts(services: Services) -> Any:
        with reading(services.engine) as rows:
            return [asdict(one) for one in list_attempts(rows)]

    def envelopes(services: Services) -> Any:
        """What a proof shows of each event; the commitments to its salted parts stand for the hashes of the tree."""
        with reading(services.engine) as rows:
            head = read_head(rows, services.log.id)
            return [
                {**one.event.envelope.plain(), "parts": sorted(one.event.envelope.parts)}
                for one in read_events(rows, 0, head.size)
            ]

    def written(write: Callable[[Services, io.StringIO], int]) -> Read:
        def read(services: Services) -> bytes:
            stream = io.StringIO()
            write(services, stream)
            return stream.getvalue().encode()

        return read

    def sheet(services: Services) -> bytes:
        write_sheet_of_items(services, ItemFilter(), folder)
        return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())

    def tagged(services: Services, word: str) -> Any:
        with reading(services.engine) as rows:
            return [one.label for one in items_seen(rows, ItemFilter(tag=word), viewer_of(services))]

    def pairs(services: Services) -> Any:
        return [
            [[one.edge.edge, one.tier, one.edge.judgement] for one in list_pairs(services, rejected=rejected)]
            for rejected in (False, True)
        ]

    def cluster(services: Services) -> Any:
        found = cluster_of(services, item)
        return [[one.label for one in found.items], found.held_back]

    def packet(services: Services) -> Any:
        with reading(services.engine) as rows:
            sent = described(rows, find_items(rows, [item])[0])
        return [sent.plain(), list(sheets_of(sent))]

    def inquiries(services: Services) -> Any:
        listed = list_all(services)
        found = [describe_inquiry(services, one.id) for one in listed]
        return [[asdict(one) for one in listed], [[plain(one), list(inquiry_lines(one))] for one in found]]

    def holds(services: Services) -> Any:
        with reading(services.engine) as rows:
            return [asdict(one) for one in list_holds(rows, viewer_of(services))]

    def elements(services: Services) -> Any:
        with reading(services.engine) as rows:
            return [one.plain() for one in matrix(rows, viewer_of(services))]

    def book(services: Services) -> bytes:
        to = Path(tempfile.mkdtemp(dir=folder.parent)) / "book.json"
        write_book(services, to)
        return to.read_bytes()

    def audit(services: Services) -> Any:
        return [(one.code, one.path, one.text) for one in audit_workspace(desk.root, desk.environment).problems]

    return {
        "describe": lambda services: describe_item(services, item),
        "describe in lines": lambda services: list(description_lines(describe_item(services, item))),
        "checklist": lambda services: [line_plain(line, {}) for line in checklist_of(services, item).lines],
        "steps": steps,
        "queue": lambda services: [one.plain() for one in page_of(services)],
        "queue of mine": lambda services: [one.plain() for one in page_of(services, mine=True)],
        **{
            f"search {number}": lambda services, word=word: [one.plain() for one in search_workspace(services, word, 2)]
            for number, word in enumerate(words)
        },
        "report of the item": lambda services: item_report(services, item),
        "report as json": written(write_json),
        "report as html": written(write_html),
        "conformance": table_of,
        "agreement": lambda services: str(agreement_of(services)),
        "compare": lambda services: compare(services, item),
        "reconcile": lambda services: reconcile(services, item, {}, "to see what is there"),
        "correct": lambda services: correct_step(services, hidden_step, another, "to see what is there"),
        "claims": conclusions,
        "geojson": geojson_of,
        "annotations": lambda services: annotations_of(services, item),
        "acts": acts,
        "envelopes": envelopes,
        "attempts": attempts,
        "contact sheet": sheet,
        **{f"tagged {number}": lambda services, word=word: tagged(services, word) for number, word in enumerate(words)},
        "pairs": pairs,
        "cluster": cluster,
        "packet": packet,
        "inquiries": inquiries,
        "holds": holds,
        "elements": elements,
        "leads": lambda services: [plain_lead(one) for one in wanted_leads(services, LeadFilter())],
        "due": lambda services: [asdict(one) for one in list_due(services)],
        "book": book,
        "audit": audit,
    }

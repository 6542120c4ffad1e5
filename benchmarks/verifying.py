"""Reading the verification record of a large investigation: a page of work, an item's record, its conformance."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, least, spend
from benchmarks.places import opened
from casefile.canonical import Json, canonical_json
from casefile.events.types_verification import StepRecorded, StepWords
from casefile.ids import CaptureId, LogId, derived, item_id, machine_event_id
from casefile.records.edges import note_matched
from casefile.records.engine import reading, writing
from casefile.records.reading import read_head
from casefile.records.statements import insert_rows
from casefile.spellings import spelling_key
from casefile.vocabulary import StepResult
from casefile.vocabulary_verification import ItemClass
from pipelines.describing import describe_item
from pipelines.investigation_report import reports_of
from pipelines.method_report import item_report
from pipelines.services import Services, open_services
from pipelines.work_queue import page_of
from verification.checklists import CHECKLISTS, KINDS
from verification.edges import edge_id

ITEMS, STEPS_EACH, PAIR_EVERY = 100_000, 10, 10
"""One item of ten looks like the one before it, and somebody has called them different."""
BATCH = 50_000
LIMIT_MS = 50
ROUNDS = 5
FEW, MANY, FLAT = 200, 2_000, 1.05
"""Items of a short and of a longer report, and how much more memory the longer one may hold."""
AT = "2026-05-04T08:00:00.000000Z"
WORDS = "what somebody saw in the picture, in a sentence or two of usual length " * 2

Rows = Iterator[tuple[str, dict[str, Any]]]


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time of each on SQLite, of an item in the middle, after a first call has loaded what is loaded once."""
    root = folder / "large"
    # What filling leaves in memory would hide what a report takes: it is done by a process of its own.
    filling = get_context("spawn").Process(target=_filled, args=(root,))
    filling.start()
    filling.join()
    if filling.exitcode:
        raise RuntimeError(f"filling the tables ended with {filling.exitcode}")
    with open_services(root, {}) as services:
        middle = f"I-{ITEMS // 2:04d}"
        works: dict[str, Callable[[], object]] = {
            "a page of 50 of the work queue": lambda: page_of(services, after=middle, limit=50),
            "an item's full record": lambda: describe_item(services, middle),
            "an item's report with its conformance": lambda: item_report(services, middle),
        }
        return [*(_figure(name, work) for name, work in works.items()), _flat(services)]


def _filled(root: Path) -> None:
    """A new workspace at `root` with all of it."""
    with opened(root) as services:
        _fill(services)


def _flat(services: Services) -> Figure:
    """What the process holds after many reports of the investigation's, by what it held after few."""
    held = {}
    for done, report in enumerate(islice(reports_of(services, {}), MANY), start=1):
        json.dumps(report)
        if done in (FEW, MANY):
            gc.collect()
            held[done] = _resident()
    claim = f"memory of the streamed report after {MANY} items by that after {FEW}, among {ITEMS}"
    return Figure(claim, held[MANY] / held[FEW], FLAT, "ratio", f"{held[MANY] / 1e6:.1f} MB, {held[FEW] / 1e6:.1f} MB")


def _resident() -> int:
    """The bytes of memory that this process holds, as Linux counts them (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _figure(name: str, work: Callable[[], object]) -> Figure:
    work()
    spent = least([spend(work) for _round in range(ROUNDS)])
    claim = f"{name}, among {ITEMS} items with {ITEMS * STEPS_EACH} steps"
    return Figure(claim, spent.cpu_s * 1000, LIMIT_MS, "ms CPU", f"{spent.wall_s * 1000:.1f} ms wall, SQLite")


def _fill(services: Services) -> None:
    """The tables as a log of that length leaves them. Of the log itself there is what is looked up by its id, without
    its envelopes: appending a million events is another figure.
    """
    with reading(services.engine) as connection:
        position = read_head(connection, services.log.id).size
    rows = _rows(services.log.id, services.person_id, position)
    with writing(services.engine) as connection:
        # Ids are random: each row turns over pages of the indexes, which are written once, when all of it is there.
        connection.exec_driver_sql("PRAGMA cache_size=-4000000")
        while batch := list(islice(rows, BATCH)):
            tables: dict[str, list[dict[str, Any]]] = {}
            for name, row in batch:
                tables.setdefault(name, []).append(row)
            for name, some in tables.items():
                insert_rows(connection, name, some)
    services.engine.dispose()
    with writing(services.engine) as connection:
        # Every examination was compared when it was made, as `examine` does.
        note_matched(connection, position + ITEMS * (STEPS_EACH + 3))


def _rows(log: LogId, person: str, position: int) -> Rows:
    positions = count(position)
    words = canonical_json(StepWords(method="compared with a map", finding=WORDS).plain()).decode()
    bodies = {
        check: canonical_json(
            StepRecorded(strand=KINDS[check].strand, check=check, result=StepResult.SUPPORTS).plain()
        ).decode()
        for check in CHECKLISTS[ItemClass.VIDEO]
    }

    def entry(event: str, kind: str) -> tuple[str, dict[str, Any]]:
        held = {"event": event, "type": kind, "envelope": b"", "leaf": b"", "segment": 0, "journal_end": 0}
        return "log_entry", {"position": next(positions), **held}

    for number in range(1, ITEMS + 1):
        lead, capture = derived(log, "lead", str(number)), CaptureId(derived(log, "capture", str(number)))
        item = item_id(capture, 0)
        found, sealed = machine_event_id(log, lead, "lead.added", 1), machine_event_id(log, capture, "sealed", 1)
        yield entry(found, "lead.added")
        yield entry(sealed, "capture.sealed")
        yield entry(derived(item, "examined"), "item.examined")
        yield from _captured(number, lead, capture, item, person)
        if number % PAIR_EVERY == 0:
            yield from _pair(log, number, item, person)
        for check in CHECKLISTS[ItemClass.VIDEO][:STEPS_EACH]:
            event = derived(item, check)
            yield entry(event, "step.recorded")
            yield (
                "view_step",
                {
                    "event": event,
                    "item": item,
                    "strand": KINDS[check].strand.value,
                    "check": check.value,
                    "result": StepResult.SUPPORTS.value,
                    "body": bodies[check],
                    "words": words,
                    "recorded_at": AT,
                    "recorded_by": person,
                },
            )


def _pair(log: LogId, number: int, item: str, person: str) -> Rows:
    before = item_id(CaptureId(derived(log, "capture", str(number - 1))), 0)
    first, second = sorted((item, before))
    ends = {"edge": edge_id(first, second), "item_a": first, "item_b": second, "distance": 60, "bits": 256}
    how = {"method": "pdq", "version": "1"}
    yield "work_edge", {**ends, **how, "tier": "candidate", "same_capture": False, "evidence": "{}"}
    decided = {"event": derived(item, "decided"), "judgement": "different", "decided_at": AT, "decided_by": person}
    yield "view_decision", {**ends, **how, **decided}


def _captured(number: int, lead: str, capture: str, item: str, person: str) -> Rows:
    where = f"https://example.test/{number}"
    digest = "sha256:" + f"{number:064x}"
    file: Mapping[str, Json] = {
        "path": "files/0001",
        "kind": "content",
        "fidelity": "wire",
        "sha256": digest,
        "bytes": 1000,
    }
    yield (
        "view_lead",
        {
            "id": lead,
            "number": number,
            "locator": where,
            "spelling": spelling_key(where),
            "pathway": "list",
            "added_at": AT,
            "added_by": person,
        },
    )
    yield "view_attempt", {
        "capture": capture, "lead": lead, "attempt": 1, "status": "captured", "started_at": AT, "started_by": person,
        "run": lead,
    }  # fmt: skip
    yield "view_capture", {
        "id": capture, "lead": lead, "outcome": "captured", "item_count": 1, "object_id": f"urn:uuid:{capture}",
        "inventory": "sha512:00", "method": "http", "method_version": "1", "purpose": "work",
        "acquisition": "observed", "collector": person, "containment": "full", "started_at": AT, "ended_at": AT,
        "circumstances": '{"attempt":1,"started_clock":{"source":"kernel"}}', "exchanges": "[]", "allowances": "[]",
        "tools": '[{"name":"python","version":"3.11"}]', "files": canonical_json([file]).decode(), "sealed_at": AT,
    }  # fmt: skip
    yield "view_item", {
        "id": item, "number": number, "capture": capture, "position": 0, "locator": where, "role": "video",
        "media_type": "video/mp4", "title": "Boats on the lake", "content": "present", "sha256": digest,
        "bytes": 1000, "files": '["files/0001"]', "sealed_at": AT,
    }  # fmt: skip
    yield "view_examination", {
        "event": derived(item, "examined"), "item": item, "findings": "[]", "fingerprints": "[]",
        "claims": '[{"check":"metadata","claims":[],"conflicts":[]}]', "examined_at": AT,
    }  # fmt: skip

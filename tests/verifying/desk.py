"""An investigation with three people and a few items that nobody fetched, and what they do to it."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casefile.clock import ClockReading
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import CaptureStarted, ItemClaims, ItemExamined
from casefile.ids import LogId
from casefile.model import CaptureRecord, Circumstances, ClockRecord, Exchange, SealedFile, SealedItem, ToolUse
from casefile.records.edges import StoredEdge, store_edges
from casefile.records.engine import writing
from casefile.vocabulary import (
    Acquisition,
    Cause,
    ContainmentLevel,
    Content,
    Fidelity,
    FileKind,
    Outcome,
    Pathway,
    PersonKind,
    Purpose,
    Role,
)
from cli.main import main
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.opening import open_investigation
from pipelines.people import record_person
from pipelines.sealing_events import capture_id, sealed, started
from pipelines.services import Services, open_services
from pipelines.verifying import StepMade, record_step
from pipelines.written import checked
from verification.edges import edge_id
from verification.steps import NewStep

ANA, BORIS, CLEO = "Ana", "Boris", "Cleo"
BEGAN = datetime.fromisoformat("2026-05-04T08:00:00+00:00")
ENVIRONMENT = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
CLOCK = ClockRecord(boot="boot", monotonic_ns="1", source="steady", offset_ms=0)
AT = "2026-05-04T09:00:00Z"

STEP = {"method": "looked at it", "finding": "nothing speaks against it"}
REFERENCE = {
    "provider": "Example Maps",
    "imagery_date": "2026-03",
    "licence": "CC BY 4.0",
    "features": ["tower", "jetty"],
}
PLACE = {
    **STEP,
    "place": "47.6101, 9.4203",
    "precision": "25 m",
    "references": [REFERENCE],
    "alternatives": ["the next bay: no tower there"],
}
TIME = {
    **STEP,
    "when": "2026-05-04T10:21+02:00",
    "basis": "the shadow of the tower",
    "references": [REFERENCE],
    "alternatives": ["the afternoon: the shadow would fall the other way"],
}
CONCLUSION = {
    "verdict": "established",
    "standard": "reasonable-grounds",
    "confidence": "moderate",
    "confidence_reason": "one angle only",
    "reliability": "B",
    "credibility": "2",
    "reasoning": "place and time agree with the account",
    "consistency": "source, technical and content strands agree",
    "alternatives": ["an exercise: none was announced"],
}


class SteadyClock:
    """Goes on by a second at each look and mints ids in order: two runs that do alike get the same of both."""

    def __init__(self) -> None:
        self.looks = 0

    def read(self) -> ClockReading:
        self.looks += 1
        return ClockReading(BEGAN + timedelta(seconds=self.looks), self.looks * 10**9, "boot", "steady", 0)

    def mint(self) -> str:
        self.looks += 1
        return str(uuid.UUID(int=0x0192_0000_0000_7000_8000_0000_0000_0000 + self.looks))


@dataclass
class Desk:
    """The investigation in `root`."""

    root: Path
    clock: SteadyClock = field(default_factory=SteadyClock)
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    def open(self) -> Desk:
        """Create it, with Ana, Boris and Cleo."""
        open_investigation(self.root, "The lake", ANA, self.environment, self.clock)
        with self.as_(ANA) as services:
            record_person(services, BORIS, PersonKind.INVESTIGATOR)
            record_person(services, CLEO, PersonKind.INVESTIGATOR)
        return self

    def copy(self, root: Path) -> Desk:
        """The same somewhere else, with a clock that stands at the same moment."""
        shutil.copytree(self.root, root, symlinks=True)
        copied = Desk(root, environment=dict(self.environment))
        copied.clock.looks = self.clock.looks
        return copied

    @contextmanager
    def as_(self, person: str) -> Iterator[Services]:
        """The workspace, open for that person."""
        with open_services(self.root, self.environment, person=person, clock=self.clock) as services:
            yield services

    def seal(self, *roles: Role, outcome: Outcome = Outcome.CAPTURED, where: str = "") -> list[str]:
        """One capture with an item of each role; the items' numbers."""
        with self.as_(ANA) as services:
            where = where or f"https://example.test/{self.clock.looks}"
            (lead,) = add_leads(services, [Candidate(where)], Origin(Pathway.BY_HAND, why="named by two sources"))
            capture = capture_id(LogId(services.log.id), lead.id, 1)
            record = captured(capture, lead.id, where, roles, outcome, services)
            begun = CaptureStarted(
                attempt=1, method="http", method_version="1", method_reason="takes http", purpose=Purpose.WORK
            )
            log = LogId(services.log.id)
            services.append(
                started(log, lead.id, capture, begun), sealed(log, record, f"urn:uuid:{capture}", "sha512:00")
            )
            from casefile.records.engine import reading
            from casefile.records.queries import ItemFilter, list_items

            with reading(services.engine) as rows:
                return [item.label for item in list_items(rows, ItemFilter(capture=capture))]

    def examine(self, item: str, *claims: dict[str, str], conflicts: tuple[dict[str, Any], ...] = ()) -> None:
        """Have a machine find these claims in an item."""
        with self.as_(ANA) as services:
            group = {"check": "metadata", "claims": list(claims), "conflicts": list(conflicts)}
            body = ItemExamined(findings=({"check": "metadata", "version": "1", "result": "done", "detail": ""},))
            about = Subject(kind="item", id=self.id_of(item))
            services.append(draft("item.examined", about, body=body, personal=ItemClaims(claims=(group,))))

    def measure(self, item: str, *facts: dict[str, Any]) -> None:
        """Have a machine measure an item."""
        with self.as_(ANA) as services:
            found = [{"check": "media", "version": "1", "result": "done", "detail": "", "facts": one} for one in facts]
            about = Subject(kind="item", id=self.id_of(item))
            body = ItemExamined(findings=tuple(found))
            services.append(draft("item.examined", about, body=body, personal=ItemClaims()))

    def id_of(self, item: str) -> str:
        """The id of an item's number."""
        from casefile.records.engine import reading
        from casefile.records.queries import find_items

        with self.as_(ANA) as services, reading(services.engine) as rows:
            return find_items(rows, [item])[0].id

    def alike(self, one: str, other: str, tier: str = "auto") -> None:
        """Let a machine find two items alike."""
        first, second = sorted((self.id_of(one), self.id_of(other)))
        edge = StoredEdge(edge_id(first, second), first, second, tier, "pdq", "1", 8, 256, False, {})
        with self.as_(ANA) as services, writing(services.engine) as rows:
            store_edges(rows, [edge])

    def step(self, person: str, item: str, check: str, result: str = "supports", **fields: Any) -> StepMade:
        """That person records a step."""
        new = checked({"check": check, "result": result, **(fields or STEP)}, NewStep)
        with self.as_(person) as services:
            return record_step(services, item, new)

    def run(self, capsys: pytest.CaptureFixture[str], *arguments: str, person: str = ANA) -> tuple[int, Any]:
        """One command line; its exit code and its document."""
        code = main(["--workspace", str(self.root), "--as", person, "--json", *arguments], self.environment)
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None


def captured(
    capture: str, lead: str, where: str, roles: tuple[Role, ...], outcome: Outcome, services: Services
) -> CaptureRecord:
    """The record of a capture with an item of each role."""
    files = tuple(
        SealedFile(
            path=f"files/{number:04d}",
            kind=FileKind.CONTENT,
            fidelity=Fidelity.WIRE,
            media_type="application/octet-stream",
            sha256="sha256:" + hashlib.sha256(f"{where} {number}".encode()).hexdigest(),
            sha512="sha512:" + "0" * 128,
            bytes=1000 + number,
        )
        for number, _role in enumerate(roles)
    )
    return CaptureRecord(
        circumstances=Circumstances(
            capture=capture,
            lead=lead,
            locator=where,
            attempt=1,
            method="http",
            method_version="1",
            purpose=Purpose.WORK,
            acquisition=Acquisition.OBSERVED,
            collector=services.person_id,
            run=services.run_id,
            started_at=AT,
            started_clock=CLOCK,
            ended_at=AT,
            ended_clock=CLOCK,
            containment=ContainmentLevel.FULL,
            egress_enforced=True,
        ),
        outcome=outcome,
        cause=Cause.TRUNCATED if outcome is Outcome.PARTIAL else None,
        exchanges=(Exchange(method="GET", locator=where, status=200, started_at=AT, ended_at=AT),),
        tools=(ToolUse(name="python", version="3.11.2"),),
        files=files,
        items=tuple(
            SealedItem(
                position=position,
                locator=where,
                role=role,
                files=(files[position].path,),
                title="Boats on the lake",
                media_type="application/octet-stream",
                content=Content.PRESENT,
                sha256=files[position].sha256,
                bytes=files[position].bytes,
            )
            for position, role in enumerate(roles)
        ),
    )

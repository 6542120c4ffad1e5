"""An investigation on paper: people prepare, ask, find and assess; the clock stands where a test puts it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from casefile.clock import ClockReading
from casefile.ids import mint
from casefile.records.engine import reading
from casefile.records.view import ViewAct
from casefile.vocabulary import PersonKind
from casefile.vocabulary_planning import DocumentKind
from pipelines.documents import Version, approve_document, record_document
from pipelines.due import Due, list_due
from pipelines.people import record_person
from pipelines.reindex import reindex_workspace
from pipelines.services import Services, open_services

ENVIRONMENT = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

DATES = {"assessed_on": "2026-11-01", "review_by": "2027-05-01"}
SUMMARY = {"subject": "the pier", "territory": "the lake", "period": "March 2026"}
ANNEX = {**DATES, "reference": "LAKE-1", "summary": SUMMARY}
PLAN: Mapping[str, Any] = {
    **ANNEX,
    "work": {"objectives": "who shelled the pier", "activities": "inquiries", "timeline": "until May"},
    "landscape": "two platforms",
    "risk_strategy": "pairs",
    "actors": {"first_responders": "divers", "archives": {"not_applicable": "none is known"}, "providers": "two"},
    "roles": "see roles",
    "resources": "three people",
    "documentation": "everything in Casefile",
}
HARMS = ("digital", "financial", "legal", "physical", "psychosocial", "reputational")
RISK: Mapping[str, Any] = {
    **ANNEX,
    "objectives": "to find what could go wrong",
    "assets": {"people": "two women, one man", "tangible": "laptops", "intangible": "the log"},
    "vulnerabilities": "home offices",
    "harms": dict.fromkeys(HARMS, "weighed"),
    "threats": [{"threat": "phishing", "harms": ["digital"], "vulnerability": "mail"}],
    "threat_actors": [{"name": "unit 7", "interests": "silence", "capability": "malware", "probability": "moderate"}],
    "measures": [{"against": "phishing", "measure": "keys", "for_whom": "everybody"}],
}
QUESTIONS = (
    "parties", "languages", "search_engines", "social_platforms", "websites", "internet_penetration", "phones", "apps",
    "telecoms", "connectivity", "laws", "media", "open_databases", "paid_databases", "representativeness",
)  # fmt: skip
LANDSCAPE: Mapping[str, Any] = {
    **ANNEX,
    "objectives": "to know where to look",
    "language_tags": ["uk", "ar"],
    **dict.fromkeys(QUESTIONS, "answered"),
}
POLICY: Mapping[str, Any] = {
    **DATES,
    "retention": {"rule": "as long as needed", "work_days": 30, "decision_days": 300, "court_days": 3000},
    "deletion": "the custodian, with a reason",
    "access": {
        "rule": "by role",
        "may_see": [{"role": "head", "up_to": "protected"}, {"role": "verifier", "up_to": "restricted"}],
    },
    "sharing": "under agreement",
    "virtual_identities": "never to befriend",
    "tools": "those that are vetted",
}
ROLES: Mapping[str, Any] = {
    **DATES,
    "assignment": [
        {"person": "Ana", "role": "focal-point"},
        {"person": "Ana", "role": "likely-witness"},
        {"person": "Bo", "role": "verifier"},
    ],
}
SHEETS: Mapping[DocumentKind, Mapping[str, Any]] = {
    DocumentKind.PLAN: PLAN,
    DocumentKind.RISK: RISK,
    DocumentKind.LANDSCAPE: LANDSCAPE,
    DocumentKind.POLICY: POLICY,
    DocumentKind.ROLES: ROLES,
}
FULL: Mapping[str, Any] = {
    "decision": "collect",
    "relevance": "shows the pier",
    "links": [{"kind": "place", "value": "the pier"}],
    "reliability": "moderate",
    "reliability_basis": "posted the same day",
    "removal": "low",
    "safety": "none: no face is shown",
    "duties": "none beyond the policy",
}


@dataclass
class StillClock:
    """A clock that stands, but for a millisecond at each reading."""

    now: datetime = NOON
    count: int = 0

    def read(self) -> ClockReading:
        self.count += 1
        self.now += timedelta(milliseconds=1)
        return ClockReading(self.now, self.count * 1_000_000, "still", "unverified")

    def mint(self) -> str:
        return mint(int(self.now.timestamp() * 1000), os.urandom(10))


@dataclass
class Bench:
    """One investigation by Ana and Bo."""

    root: Path
    clock: StillClock = field(default_factory=StillClock)
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def services(self, person: str = "Ana") -> Iterator[Services]:
        environment = {**ENVIRONMENT, **self.settings}
        with open_services(self.root, environment, person=person, clock=self.clock) as services:
            yield services

    def record(self, kind: DocumentKind, name: str = "", *, by: str = "Ana", **changed: Any) -> Version:
        """Record a document from its sheet, changed; a value of None leaves a field out."""
        given = {**SHEETS.get(kind, {}), **changed}
        with self.services(by) as services:
            return record_document(services, kind, name, {key: one for key, one in given.items() if one is not None})

    def prepare(self) -> None:
        """Record what has to be there before going online, and approve it as somebody else."""
        for kind in (DocumentKind.PLAN, DocumentKind.RISK, DocumentKind.LANDSCAPE):
            self.record(kind)
            with self.services("Bo") as services:
                approve_document(services, kind, "", 1, "")

    def due(self, code: str = "") -> list[Due]:
        with self.services() as services:
            return [one for one in list_due(services) if code in ("", one.code)]

    def overrides(self) -> list[tuple[str | None, str]]:
        """Status and body of every gate that was passed."""
        with self.services() as services, reading(services.engine) as rows:
            found = rows.execute(ViewAct.__table__.select().where(ViewAct.type == "gate.overridden"))
            return [(row.status, row.body or "") for row in found]

    def rebuild(self) -> None:
        """Lose the database and make it again from the log."""
        (self.root / "casefile.db").unlink()
        reindex_workspace(self.root, ENVIRONMENT)


def open_bench(root: Path) -> Bench:
    """A new investigation."""
    from pipelines.opening import open_investigation

    open_investigation(root, "The lake", "Ana", ENVIRONMENT)
    bench = Bench(root)
    with bench.services() as services:
        record_person(services, "Bo", PersonKind.INVESTIGATOR)
    return bench

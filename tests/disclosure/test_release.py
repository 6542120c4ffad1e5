"""Nothing leaves while an assessment is blind or consent is missing, and what people recorded of an item goes along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casefile.errors import GateRefused, UsageError
from casefile.events.envelope import PartName
from casefile.events.types import ContentErased
from casefile.ids import EventId
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.records.queries import find_items, list_remarks
from casefile.vocabulary import PersonKind
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import ClaimKind
from disclosure.check_package import check
from pipelines.concluding import state_claim
from pipelines.documents import record_document
from pipelines.erasing import erase_items
from pipelines.exporting import Exported, ExportRequest, export_items
from pipelines.holds import state_hold
from pipelines.people import record_person
from pipelines.protecting import give_consent, guard_items, link_items, state_pseudonym
from pipelines.reviewing import assign, submit
from pipelines.services import open_services
from pipelines.verifying import correct_step, record_step
from pipelines.written import checked
from verification.steps import NewStep

from .workspaces import AGREED, COLLECTOR, ENVIRONMENT, RECIPIENT, WEAK

BOB = "Bob"
STEP = {"check": "provenance", "result": "supports", "method": "looked", "finding": "as it says"}
ENFORCED = {"CASEFILE_GATES__MODE": "enforce"}


def export(
    root: Path, to: Path, person: str = COLLECTOR, environment: Any = None, override: str = "", *, only: bool = False
) -> Exported:
    said: list[str] = []
    request = ExportRequest(("I-0001",), to, RECIPIENT, AGREED, level=WEAK, override=override, only=only)
    with open_services(root, {**ENVIRONMENT, **(environment or {})}, person=person) as services:
        return export_items(services, request, said.append)


def index_of(made: Exported) -> str:
    return (made.path / "index.csv").read_text("utf-8-sig")


def agree(root: Path) -> None:
    """Record the agreement that exports name."""
    dates = {"assessed_on": "2026-05-03", "review_by": "2199-01-01"}
    said = {**dates, "agreement": AGREED, "purpose": "one case", "until": "2199-01-01"}
    with open_services(root, ENVIRONMENT) as services:
        record_document(services, DocumentKind.AGREEMENT, RECIPIENT, said)


@pytest.fixture
def assessed(own: Path) -> Path:
    """A step on the first item, corrected since, and somebody else who is to look at it anew."""
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, BOB, PersonKind.INVESTIGATOR)
        made = record_step(services, "I-0001", checked(STEP, NewStep))
        correct_step(services, made.event, checked(STEP | {"result": "inconclusive"}, NewStep), "too quick")
    return own


def test_steps_and_their_corrections_go_along(assessed: Path, tmp_path: Path) -> None:
    made = export(assessed, tmp_path / "package")
    kinds = [one.envelope.type for one in made.contents.events]
    assert (kinds.count("step.recorded"), kinds.count("statement.corrected")) == (2, 1)
    assert not check(str(made.path)).failures
    bodies = [json.loads(part.content) for one in made.contents.events for part in one.parts if part.name == "body"]
    assert [one["result"] for one in bodies if "strand" in one] == ["supports", "inconclusive"]


def test_a_blind_assessment_does_not_leave_with_whoever_must_not_see_it(assessed: Path, tmp_path: Path) -> None:
    with open_services(assessed, ENVIRONMENT) as services:
        assign(services, "I-0001", BOB)
    for person in (BOB, COLLECTOR):
        with pytest.raises(GateRefused, match="second assessment"):
            export(assessed, tmp_path / person, person, override="the court asks for it")
    assert not list(tmp_path.glob("*/data"))
    for person in (COLLECTOR, BOB):
        with open_services(assessed, ENVIRONMENT, person=person) as services:
            if person == BOB:
                record_step(services, "I-0001", checked(STEP, NewStep))
            submit(services, "I-0001")
    assert export(assessed, tmp_path / "package", BOB).contents.items


def test_consent_to_sharing_is_asked_for_and_the_index_says_what_is_missing(own: Path, tmp_path: Path) -> None:
    agree(own)
    with open_services(own, ENVIRONMENT) as services:
        state_pseudonym(services, {"pseudonym": "Heron", "role": "witness", "real_name": "Ділана Коваль"})
        link_items(services, "W-0001", ["I-0001"])
        guard_items(services, ["I-0001"], {"sensitivity": "ordinary", "graphic": True, "reason": "injuries"})
    with pytest.raises(GateRefused, match="consent"):
        export(own, tmp_path / "refused", environment=ENFORCED)
    made = export(own, tmp_path / "reasoned", environment=ENFORCED, override="the court has ordered it")
    assert "not given: W-0001,ordinary,yes" in index_of(made)
    everything = b"".join(path.read_bytes() for path in made.path.rglob("*") if path.is_file())
    assert "Ділана".encode() not in everything
    assert b"Heron" not in everything
    consent = {"use": "sharing", "recipient": RECIPIENT, "until": "2199-01-01", "how": "signed"}
    with open_services(own, ENVIRONMENT) as services:
        give_consent(services, "W-0001", consent)
    made = export(own, tmp_path / "given", environment=ENFORCED)
    assert "not given" not in index_of(made)


def test_consent_is_asked_for_what_comes_along_with_its_capture_too(own: Path, tmp_path: Path) -> None:
    agree(own)
    with open_services(own, ENVIRONMENT) as services:
        state_pseudonym(services, {"pseudonym": "Heron", "role": "witness"})
        link_items(services, "W-0001", ["I-0002"])
    with pytest.raises(GateRefused, match="I-0002, to sharing"):
        export(own, tmp_path / "whole", environment=ENFORCED)
    assert export(own, tmp_path / "alone", environment=ENFORCED, only=True).contents.items


def test_a_conclusion_that_rests_on_a_blind_assessment_of_another_item_does_not_leave(
    assessed: Path, tmp_path: Path
) -> None:
    with open_services(assessed, ENVIRONMENT) as services:
        state_claim(services, "the lake was dry", ["I-0001", "I-0003"], ClaimKind.FACT)
        record_step(services, "I-0003", checked(STEP, NewStep))
        assign(services, "I-0003", BOB)
    with pytest.raises(GateRefused, match="I-0003: an assessment is still hidden"):
        export(assessed, tmp_path / "package", BOB)


def test_the_grounds_of_erasures_and_holds_stay(own: Path, tmp_path: Path) -> None:
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, BOB, PersonKind.INVESTIGATOR)
        state_hold(services, "I-0001", "planted grounds", lift=False)
        with reading(services.engine) as connection:
            remark = list_remarks(connection, find_items(connection, ["I-0001"])[0].id)[0]
        grounds = ContentErased(basis="planted grounds", approved_by=services.person_id)
        services.log.erase(EventId(remark.event), PartName.PERSONAL, grounds, services.actor)
    made = export(own, tmp_path / "package")
    assert {"hold.stated", "content.erased"} <= {one.envelope.type for one in made.contents.events}
    assert not check(str(made.path)).failures
    assert not [path for path in made.path.rglob("*") if path.is_file() and b"planted grounds" in path.read_bytes()]


def test_what_an_erasure_left_of_a_capture_goes_without_the_grounds(own: Path, tmp_path: Path) -> None:
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, BOB, PersonKind.INVESTIGATOR)
        erase_items(services, ["I-0002"], "planted grounds", BOB)
    made = export(own, tmp_path / "package")
    assert not check(str(made.path)).failures
    assert {one.reason for one in made.contents.omitted if one.number == "I-0002"} == {"it was erased"}
    for words in (b"planted grounds", b"what was seen\n", b"note.txt"):
        assert not [path for path in made.path.rglob("*") if path.is_file() and words in path.read_bytes()]
    with pytest.raises(UsageError, match="cannot go with --only"):
        export(own, tmp_path / "alone", only=True)


def test_whoever_may_not_see_an_item_hands_it_to_nobody_and_whoever_may_is_recorded(own: Path, tmp_path: Path) -> None:
    agree(own)
    with open_services(own, ENVIRONMENT) as services:
        guard_items(services, ["I-0002"], {"sensitivity": "restricted", "reason": "injuries"})
    with pytest.raises(GateRefused, match="I-0002 is restricted"):
        export(own, tmp_path / "refused", environment=ENFORCED, override="the court has ordered it")
    assert export(own, tmp_path / "alone", environment=ENFORCED, only=True).contents.items
    export(own, tmp_path / "package")
    with open_services(own, ENVIRONMENT) as services, reading(services.engine) as connection:
        acts = [json.loads(act.body or "{}")["act"] for act in list_acts(connection, "access.logged")]
    assert acts == ["asked for in a package"]

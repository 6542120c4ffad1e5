"""Rows 2 to 6, 9, 12, 14 and 20 of the Protocol's obligations, and that no version of a document is lost."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casefile.errors import CasefileError, UnknownPerson, UsageError
from casefile.preparation.annexes import QUESTIONS_OF_ANNEX_III
from casefile.preparation.policies import Policy, Retention
from casefile.preparation.sheets import read_document, template
from casefile.records.engine import reading
from casefile.refusals import FieldRefused, VersionOutdated
from casefile.vocabulary import Purpose
from casefile.vocabulary_planning import DocumentKind, Sensitivity, TeamRole
from cli.main import main
from pipelines import documents
from pipelines.filled_sheets import parse_sheet
from pipelines.planning_export import export_documents
from pipelines.vetting import vet

from .bench import DATES, ENVIRONMENT, LANDSCAPE, PLAN, POLICY, QUESTIONS, RISK, ROLES, SHEETS, Bench

SECTIONS = ("work", "landscape", "risk_strategy", "actors", "roles", "resources", "documentation")


def refused(kind: DocumentKind, given: Any) -> str:
    with pytest.raises(FieldRefused) as refusal:
        read_document(kind, given)
    return str(refusal.value)


@pytest.mark.parametrize("section", SECTIONS)
def test_row_2_a_plan_has_all_seven_sections(section: str) -> None:
    left_out = {name: value for name, value in PLAN.items() if name != section}
    assert refused(DocumentKind.PLAN, left_out) == f"plan: {section}: is missing"


def test_row_2_an_old_version_of_the_plan_stays_readable(bench: Bench) -> None:
    bench.record(DocumentKind.PLAN)
    bench.record(DocumentKind.PLAN, based_on=1, resources="two people")
    with bench.services() as services:
        versions = documents.history(services, DocumentKind.PLAN)
    assert [(one.document.number, one.fields["resources"]) for one in versions] == [
        (1, "three people"), (2, "two people"),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["interests", "capability", "probability"])
def test_row_3_a_threat_actor_has_interests_capability_and_probability(field: str) -> None:
    actor = {name: value for name, value in RISK["threat_actors"][0].items() if name != field}
    assert f"threat_actors.0.{field}: is missing" in refused(DocumentKind.RISK, {**RISK, "threat_actors": [actor]})


def test_row_4_each_question_of_annex_iii_is_answered_or_not_applicable_with_a_reason() -> None:
    assert QUESTIONS_OF_ANNEX_III == QUESTIONS
    assert len(QUESTIONS) == 15
    for question in QUESTIONS:
        assert f"{question}: is blank" in refused(DocumentKind.LANDSCAPE, {**LANDSCAPE, question: " "})
        without_reason = {**LANDSCAPE, question: {"not_applicable": ""}}
        assert f"{question}: is blank" in refused(DocumentKind.LANDSCAPE, without_reason)
    read_document(DocumentKind.LANDSCAPE, {**LANDSCAPE, "paid_databases": {"not_applicable": "no budget"}})


def test_row_5_what_is_past_its_review_is_due_and_nothing_else(bench: Bench) -> None:
    bench.record(DocumentKind.PLAN)
    bench.record(DocumentKind.RISK, review_by="2026-12-31")
    with bench.services() as services:
        vet(services, "exiftool", 'review_by = "2026-12-15"\n[features]\ncost = "none"\n')
    assert bench.due("review") == []
    bench.clock.now = bench.clock.now.replace(year=2027, month=1, day=1)
    assert [(one.subject, one.since) for one in bench.due("review")] == [
        ("vetting exiftool", "2026-12-15"), ("risk", "2026-12-31"),
    ]  # fmt: skip
    bench.record(DocumentKind.RISK, based_on=1, assessed_on="2027-01-01")
    assert [one.subject for one in bench.due("review")] == ["vetting exiftool"]


@pytest.mark.parametrize("focal", [0, 2])
def test_row_6_there_is_one_focal_point(focal: int) -> None:
    team = [{"person": f"p{place}", "role": "focal-point"} for place in range(focal)]
    witness = {"person": "Ana", "role": "likely-witness"}
    assert f"exactly one focal-point, not {focal}" in refused(
        DocumentKind.ROLES, {**DATES, "assignment": [*team, witness]}
    )


def test_row_6_a_likely_witness_is_named_and_everybody_is_known(bench: Bench) -> None:
    alone = {**DATES, "assignment": [{"person": "Ana", "role": "focal-point"}]}
    assert "likely-witness" in refused(DocumentKind.ROLES, alone)
    with pytest.raises(UnknownPerson):
        bench.record(DocumentKind.ROLES, assignment=[*ROLES["assignment"], {"person": "Cy", "role": "head"}])
    bench.record(DocumentKind.ROLES)
    with bench.services() as services, reading(services.engine) as rows:
        roles = documents.roles_of(rows)
        assert roles is not None
        assert roles.of(services.person_id) == (TeamRole.FOCAL_POINT, TeamRole.LIKELY_WITNESS)


def test_row_7_an_activity_without_a_task_is_told_and_a_late_task_is_due(bench: Bench) -> None:
    from pipelines.inquiries import open_inquiry

    with bench.services() as services:
        open_inquiry(services, {"question": "Who?", "task": "pier"})
    assert [one.subject for one in bench.due("orphan")] == ["Q-0001"]
    task = {"assessed_on": "2026-11-30", "review_by": "2026-12-02", "what": "search", "person": "Bo"}
    bench.record(DocumentKind.TASK, "pier", **task)
    assert bench.due("orphan") == bench.due("task") == []
    bench.clock.now = bench.clock.now.replace(month=12, day=3)
    assert [one.since for one in bench.due("task")] == ["2026-12-02"]
    bench.record(DocumentKind.TASK, "pier", **{**task, "state": "done", "based_on": 1})
    assert bench.due("task") == []


def test_row_9_a_tool_that_nobody_vetted_is_due(bench: Bench) -> None:
    from casefile.events.envelope import Subject
    from casefile.events.port import draft, made_with
    from casefile.events.types import AccessLogged
    from casefile.model import ToolUse
    from pipelines.tool_register import register_tools

    with bench.services() as services:
        register_tools(services, [ToolUse(name="exiftool", version="13")])
        looked = draft("access.logged", Subject(kind="item", id="i"), body=AccessLogged(act="tried"))
        services.append(made_with(looked, services.known_tools))
    assert [one.subject for one in bench.due("unvetted")] == ["exiftool"]
    with bench.services() as services:
        vet(services, "exiftool", 'review_by = "2027-12-15"\n[features]\ncost = "none"\n')
    assert bench.due("unvetted") == []


def test_row_12_an_item_is_kept_for_the_days_of_its_purpose() -> None:
    retention = Retention(rule="r", work_days=30, decision_days=300, court_days=3000)
    captured = date(2026, 1, 1)
    until = [retention.until(captured, purpose).isoformat() for purpose in Purpose]
    assert until == ["2026-01-31", "2026-10-28", "2034-03-20"]


@pytest.mark.parametrize(("role", "sensitivity"), list(itertools.product(TeamRole, Sensitivity)))
def test_row_14_a_role_sees_up_to_its_class(role: TeamRole, sensitivity: Sensitivity) -> None:
    policy = Policy.model_validate(POLICY)
    allowed = {
        TeamRole.HEAD: set(Sensitivity),
        TeamRole.VERIFIER: {Sensitivity.ORDINARY, Sensitivity.RESTRICTED},
    }.get(role, {Sensitivity.ORDINARY})
    assert policy.access.allows(role, sensitivity) is (sensitivity in allowed)


def test_row_20_who_has_not_declared_their_interests_is_told(bench: Bench) -> None:
    assert len(bench.due("undeclared")) == 2
    assert "not both" in refused(DocumentKind.CONFLICTS, DATES)
    interest = [{"interest": "a cousin in the unit", "measure": "does not assess it"}]
    assert "not both" in refused(DocumentKind.CONFLICTS, {**DATES, "none": True, "interest": interest})
    bench.record(DocumentKind.CONFLICTS, "Bo", by="Bo", **DATES, none=True)
    with bench.services("Bo") as services, reading(services.engine) as rows:
        declared = documents.declaration_of(rows, services.person_id)
        assert declared is not None
        assert declared.none
    assert len(bench.due("undeclared")) == 1


def test_a_version_that_is_not_based_on_the_newest_is_refused_with_both_numbers(bench: Bench) -> None:
    bench.record(DocumentKind.PLAN)
    bench.record(DocumentKind.PLAN, based_on=1, by="Bo", resources="Bo's")
    with pytest.raises(VersionOutdated) as refusal:
        bench.record(DocumentKind.PLAN, based_on=1, resources="Ana's")
    assert (refusal.value.based_on, refusal.value.newest) == (1, 2)
    assert "version 1" in str(refusal.value)
    assert "version 2" in str(refusal.value)


def test_of_two_who_record_at_once_one_is_refused(bench: Bench) -> None:
    """Both have read that there is no plan yet when the first one writes."""
    both_have_read = threading.Barrier(2, timeout=60)
    ended: list[str] = []
    read = documents.newest_number

    def held(*arguments: Any) -> int:
        number = read(*arguments)
        both_have_read.wait()
        return number

    def work(person: str) -> None:
        try:
            bench.record(DocumentKind.PLAN, by=person)
        except CasefileError as error:
            ended.append(type(error).__name__)
        else:
            ended.append("recorded")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(documents, "newest_number", held)
        both = [threading.Thread(target=work, args=(person,)) for person in ("Ana", "Bo")]
        for one in both:
            one.start()
        for one in both:
            one.join()
    assert sorted(ended) == ["VersionOutdated", "recorded"]
    with bench.services() as services:
        assert len(documents.history(services, DocumentKind.PLAN)) == 1


def test_who_wrote_a_version_approves_it_with_a_reason_only(bench: Bench) -> None:
    bench.record(DocumentKind.PLAN)
    with bench.services() as services, pytest.raises(FieldRefused, match="reason"):
        documents.approve_document(services, DocumentKind.PLAN, "", 1, " ")
    with bench.services("Bo") as services:
        with pytest.raises(VersionOutdated):
            documents.approve_document(services, DocumentKind.PLAN, "", 2, "")
        assert len(documents.approve_document(services, DocumentKind.PLAN, "", 1, "").approvals) == 1
    assert [one.subject for one in bench.due("unapproved")] == []


@pytest.mark.parametrize("kind", SHEETS)
def test_a_template_is_what_reads_back_as_the_document(kind: DocumentKind) -> None:
    document, _based_on = read_document(kind, SHEETS[kind])
    sheet = template(kind, document.plain(), 3)
    again = read_document(kind, parse_sheet(sheet.encode(), "sheet.toml", as_json=False))
    assert again == (document, 3)


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_blank_template_is_a_sheet_that_names_what_is_missing(kind: DocumentKind) -> None:
    blank = parse_sheet(template(kind).encode(), "sheet.toml", as_json=False)
    assert "assessed_on" in refused(kind, blank)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"review_by": "soon"}, "review_by: has to be a day such as"),
        ({"review_by": "2027-02-30"}, "review_by: is no day of the calendar"),
        ({"review_by": "2026-10-01"}, "review_by: has to be after assessed_on"),
        ({"review_by": 1_700_000_000}, "review_by: has to be a day such as"),
        ({"resources": "x" * 1_000_000}, "resources: has 1,000,000 characters; a field holds at most 16,384"),
        ({"resources": "bell\x07"}, "resources: holds the control character"),
        ({"reference": "a\u202eb"}, "reference: holds \\u202e, which steers a screen"),
        ({"resources": float("nan")}, "resources: has to be text"),
        ({"resources": None}, "resources: has to be text"),
        ({"mood": "good"}, "mood: is not a field of this sheet"),
        ({"based_on": -1}, "based_on: has to be the number"),
        ({"based_on": True}, "based_on: has to be the number"),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_field_and_rule(changed: dict[str, Any], said: str) -> None:
    message = refused(DocumentKind.PLAN, {**PLAN, **changed})
    assert said in message
    assert len(message) < 1000


def test_languages_and_words_of_the_vocabulary_are_held_to() -> None:
    assert "language_tags.0: is no language tag" in refused(
        DocumentKind.LANDSCAPE, {**LANDSCAPE, "language_tags": ["xq"]}
    )
    assert "language_tags.0: is no language tag" in refused(
        DocumentKind.LANDSCAPE, {**LANDSCAPE, "language_tags": ["english"]}
    )
    actor = {**RISK["threat_actors"][0], "probability": "certain"}
    assert "probability: has to be one of 'low'" in refused(DocumentKind.RISK, {**RISK, "threat_actors": [actor]})


def test_words_in_mixed_directions_are_kept_as_they_are(bench: Bench) -> None:
    words = "the pier \u2067الرصيف\u2069 (\u202eabc\u202c) שלום"
    assert bench.record(DocumentKind.PLAN, resources=words).fields["resources"] == words


@pytest.mark.parametrize(
    ("content", "as_json", "said"),
    [
        (b'{"a": 1, "a": 2}', True, "there twice"),
        (b'{"a": NaN}', True, "NaN is no value"),
        (b"[1]", True, "no fields with names"),
        (b"a = 1\na = 2\n", False, "cannot be read"),
        (b"\xff", False, "not UTF-8"),
        (b"x" * ((1 << 20) + 1), False, "longer than a sheet may be"),
        (b'{"a":' * 100_000, True, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(content: bytes, as_json: bool, said: str) -> None:
    with pytest.raises(FieldRefused, match=said):
        parse_sheet(content, "sheet", as_json=as_json)


def test_kinds_of_which_there_are_several_are_named(bench: Bench) -> None:
    with pytest.raises(UsageError, match="say with --name which"):
        bench.record(DocumentKind.CONFLICTS, **DATES, none=True)
    with pytest.raises(UsageError, match="has no name"):
        bench.record(DocumentKind.PLAN, "second")


def test_every_version_is_exported_and_a_rebuild_gives_all_of_it_back(bench: Bench, tmp_path: Path) -> None:
    for kind in SHEETS:
        bench.record(kind)
    bench.record(DocumentKind.PLAN, based_on=1, resources="two people")
    with bench.services("Bo") as services:
        documents.approve_document(services, DocumentKind.PLAN, "", 2, "")
        assert export_documents(services, tmp_path / "before.json") == 6
        with pytest.raises(UsageError, match="there already"):
            export_documents(services, tmp_path / "before.json")
    bench.rebuild()
    with bench.services() as services:
        export_documents(services, tmp_path / "after.json")
    assert (tmp_path / "before.json").read_bytes() == (tmp_path / "after.json").read_bytes()
    exported = json.loads((tmp_path / "after.json").read_text())["documents"]
    assert read_document(DocumentKind.PLAN, exported[-1]["fields"])[0].plain()["resources"] == "two people"


def test_people_are_listed_by_their_names(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.record(DocumentKind.CONFLICTS, "Bo", **DATES, none=True)
    bench.record(DocumentKind.ROLES)
    for command in (("list",), ("show", "roles"), ("history", "conflicts", "--name", "Bo")):
        assert main(["--workspace", str(bench.root), "plan", *command], ENVIRONMENT) == 0
        said = capsys.readouterr().out
        assert "Ana" in said
        assert "Bo" in said
        with bench.services() as services:
            assert services.person_id not in said

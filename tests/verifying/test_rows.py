"""Rows 62 to 79 of the Protocol's obligations, each with the case that fails."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest

from casefile.errors import GateRefused, RecordUnreadable, UsageError
from casefile.errors_verification import UnknownStatement
from casefile.events.types_verification import StepRecorded
from casefile.records.engine import reading
from casefile.records.queries import list_items
from casefile.records.reading import known_events
from casefile.refusals import FieldRefused
from casefile.vocabulary import Judgement, Outcome, PersonKind, Role, StepResult
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import Check, ClaimKind, ItemClass
from pipelines.concluding import Concluded, NewConclusion, conclude, state_claim
from pipelines.documents import record_document
from pipelines.due import list_due
from pipelines.investigation_report import table_of
from pipelines.method_report import Statement, item_report, problems_of, require_traced
from pipelines.neighbours import decide, list_pairs
from pipelines.people import record_person
from pipelines.reviewing import assign, compare, lock, reconcile, submit, waive
from pipelines.verifying import checklist_of, classify_item, correct_step
from pipelines.work_queue import page_of
from pipelines.written import checked
from verification.checklists import SOURCE
from verification.grading import graded_first
from verification.steps import NewStep

from .desk import ANA, BORIS, CLEO, CONCLUSION, PLACE, REFERENCE, STEP, TIME, Desk

VIDEO, PHOTOGRAPH = "I-0001", "I-0002"
REASONS = {"source": "known", "technical": "a print", "content": "a blank page"}


def claim(desk: Desk, *items: str, kind: ClaimKind = ClaimKind.FACT, speaker: str = "") -> str:
    with desk.as_(ANA) as services:
        return state_claim(services, "The boats lay on the lake", items or (VIDEO,), kind, speaker).claim


def draw(desk: Desk, about: str, person: str = ANA, **fields: Any) -> Concluded:
    with desk.as_(person) as services:
        return conclude(services, about, checked({**CONCLUSION, **fields}, NewConclusion))


def strands(desk: Desk, *items: str) -> None:
    for item in items or (VIDEO,):
        for check in ("provenance", "metadata", "facts"):
            desk.step(ANA, item, check)


def report(desk: Desk, item: str = VIDEO, person: str = ANA) -> dict[str, Any]:
    with desk.as_(person) as services:
        return item_report(services, item)


def standing(desk: Desk, row: int, item: str = VIDEO) -> str:
    return next(str(one["standing"]) for one in report(desk, item)["conformance"] if one["row"] == row)


def test_row_62_a_conclusion_without_a_strand_is_refused(desk: Desk) -> None:
    about = claim(desk)
    desk.step(ANA, VIDEO, "provenance")
    desk.step(ANA, VIDEO, "facts")
    with pytest.raises(GateRefused, match="technical"):
        draw(desk, about)
    with pytest.raises(FieldRefused, match="consistency"):
        draw(desk, about, not_applicable={"technical": "a print"}, consistency="")
    draw(desk, about, not_applicable={"technical": "a printed page"})
    assert standing(desk, 62) == "met"
    draw(desk, about, override="the court sits tomorrow")
    assert standing(desk, 62) == "overridden"


def test_row_63_the_six_source_checks_are_each_done_reasoned_or_missing(desk: Desk) -> None:
    desk.step(ANA, VIDEO, "provenance")
    desk.step(ANA, VIDEO, "attenuation", "not_applicable", reason="it shows no event")
    desk.step(ANA, VIDEO, "credibility", "not_done", reason="the account is gone")
    with desk.as_(ANA) as services:
        status = {line.check: line.status for line in checklist_of(services, VIDEO).lines}
    assert [status[check] for check in SOURCE] == [
        "missing",
        "done",
        "not_done",
        "missing",
        "missing",
        "not_applicable",
    ]
    assert standing(desk, 63) == "not met"
    with pytest.raises(FieldRefused, match="reason"):
        desk.step(ANA, VIDEO, "specificity", "not_applicable", method="none")


def test_row_64_the_original_needs_a_basis(desk: Desk) -> None:
    said = {**STEP, "finding": "this is the original upload"}
    with pytest.raises(FieldRefused, match="first copy found"):
        desk.step(ANA, VIDEO, "provenance", **said)
    desk.step(ANA, VIDEO, "provenance", **said, basis="the camera's card was handed over")
    assert standing(desk, 64) == "met"
    linted = list(problems_of([Statement("verification", "done", "found the original footage", ("e",))]))
    assert [one["code"] for one in linted] == ["called-original"]
    with pytest.raises(FieldRefused, match="provenance step"):
        draw(desk, claim(desk, PHOTOGRAPH), reasoning="it is the original photograph", override="x")


def test_row_65_conflicting_metadata_are_listed_and_nobody_wins(desk: Desk) -> None:
    exif = {"field": "created_time", "value": "2026-05-04", "origin": "EXIF:DateTimeOriginal"}
    platform = {"field": "posted_time", "value": "2026-05-03", "origin": "platform-id:x"}
    conflict = {"field": "created_time", "kind": "order", "claims": [exif, platform]}
    desk.examine(VIDEO, exif, platform, conflicts=(conflict,))
    made = report(desk)
    suggested = [one["text"] for one in made["statements"] if one["kind"] == "suggestion"]
    assert any("conflict in created_time" in text and "2026-05-03" in text for text in suggested)
    assert not [one for one in made["statements"] if "2026-05-0" in one["text"] and one["kind"] == "done"]
    assert standing(desk, 65) == "met"


def test_row_66_nobody_identifies_a_person_without_expertise_or_a_reason(desk: Desk) -> None:
    with pytest.raises(GateRefused, match="forensic expert") as refusal:
        desk.step(ANA, VIDEO, "person")
    assert "--set expertise=" in refusal.value.advice()
    desk.step(ANA, VIDEO, "person", "not_done", reason="no expert at hand")
    desk.step(ANA, VIDEO, "person", **STEP, override="he names himself in the recording")
    assert standing(desk, 66) == "overridden"


@pytest.mark.parametrize("field", ["precision", "references", "alternatives", "place", "method"])
def test_row_67_a_geolocation_has_method_references_precision_and_alternatives(desk: Desk, field: str) -> None:
    without = {name: value for name, value in PLACE.items() if name != field}
    with pytest.raises(FieldRefused, match=field):
        desk.step(ANA, VIDEO, "geolocation", **without)


def test_row_67_a_chronolocation_has_a_time_and_its_basis(desk: Desk) -> None:
    for field in ("when", "basis"):
        without = {name: value for name, value in TIME.items() if name != field}
        with pytest.raises(FieldRefused, match=field):
            desk.step(ANA, VIDEO, "chronolocation", **without)
    desk.step(ANA, VIDEO, "chronolocation", **TIME)
    desk.step(ANA, VIDEO, "geolocation", **PLACE)
    assert standing(desk, 67) == "met"


def test_row_68_a_conclusion_on_a_partial_clip_shows_the_gap(desk: Desk) -> None:
    (clip,) = desk.seal(Role.VIDEO, outcome=Outcome.PARTIAL)
    strands(desk, clip)
    with pytest.raises(FieldRefused, match="gap"):
        desk.step(ANA, clip, "completeness", "contradicts")
    with pytest.raises(FieldRefused, match="effect"):
        desk.step(ANA, clip, "completeness", "contradicts", **STEP, gap="it ends within a sentence")
    desk.step(ANA, clip, "completeness", "contradicts", **STEP, gap="it ends within a sentence", effect="no context")
    draw(desk, claim(desk, clip))
    gaps = [one for one in report(desk, clip)["statements"] if one["kind"] == "gap"]
    assert {one["stage"] for one in gaps} == {"collection", "verification", "conclusions"}
    assert any("it ends within a sentence" in one["text"] for one in gaps if one["stage"] == "conclusions")


def test_row_69_five_reposts_of_one_clip_are_one_origin(desk: Desk) -> None:
    clips = [desk.seal(Role.VIDEO)[0] for _number in range(5)]
    for one, other in pairwise(clips):
        desk.alike(one, other)
    strands(desk, *clips)
    drawn = draw(desk, claim(desk, *clips))
    assert drawn.origins == 1
    desk.step(ANA, clips[0], "corroboration", **STEP, cites=[PHOTOGRAPH])
    assert draw(desk, claim(desk, *clips)).origins == 2, "another item that looks like none of them"


def test_row_69_a_pair_that_nobody_decided_on_is_two_origins_and_said(desk: Desk) -> None:
    desk.alike(VIDEO, PHOTOGRAPH, tier="candidate")
    strands(desk, VIDEO, PHOTOGRAPH)
    drawn = draw(desk, claim(desk, VIDEO, PHOTOGRAPH))
    assert drawn.origins == 2
    assert any("nobody has decided" in warning for warning in drawn.warnings)


def test_row_69_copies_that_a_person_called_different_are_two_origins_whatever_joins_them(desk: Desk) -> None:
    clips = [desk.seal(Role.VIDEO)[0] for _number in range(3)]
    for one, other in combinations(clips, 2):
        desk.alike(one, other)
    strands(desk, *clips)
    with desk.as_(ANA) as services:
        ends = {clips[0], clips[2]}
        (pair,) = [one for one in list_pairs(services) if {one.item_a.label, one.item_b.label} == ends]
        decide(services, pair.edge.edge, Judgement.DIFFERENT, "another day")
    drawn = draw(desk, claim(desk, *clips))
    assert drawn.origins == 2
    assert any("nobody has decided" in warning for warning in drawn.warnings), "the copy between them is held back"


def test_row_70_a_person_confirms_or_rejects_a_pair_and_nothing_is_removed(desk: Desk) -> None:
    desk.alike(VIDEO, PHOTOGRAPH, tier="candidate")
    with desk.as_(ANA) as services:
        (pair,) = list_pairs(services)
        assert (pair.tier, pair.edge.method, pair.edge.version, pair.edge.distance) == ("candidate", "pdq", "1", 8)
        with pytest.raises(UsageError, match="reason"):
            decide(services, pair.edge.edge, Judgement.SAME, " ")
        with pytest.raises(UsageError, match="no single edge"):
            decide(services, "0" * 64, Judgement.SAME, "the same boat")
        decide(services, pair.edge.edge, Judgement.SAME, "the same boat")
        assert [one.tier for one in list_pairs(services)] == ["accepted"]
        decide(services, pair.edge.edge, Judgement.DIFFERENT, "another boat")
        assert list_pairs(services) == []
        assert [one.edge.judgement for one in list_pairs(services, rejected=True)] == ["different"]
        with reading(services.engine) as rows:
            assert [one.label for one in list_items(rows)] == [VIDEO, PHOTOGRAPH]


def test_row_20_whoever_has_not_declared_their_interests_does_not_conclude(desk: Desk) -> None:
    strands(desk)
    with desk.as_(ANA) as services:
        waive(services, VIDEO, "nobody is left")
    about = claim(desk)
    assert any("declared no interests" in warning for warning in draw(desk, about).warnings)
    desk.environment["CASEFILE_GATES__MODE"] = "enforce"
    with pytest.raises(GateRefused, match="declared no interests"):
        draw(desk, about)
    assert draw(desk, about, override="the form is with the head").warnings
    with desk.as_(ANA) as services:
        declared = {"assessed_on": "2026-05-01", "review_by": "2027-05-01", "none": True}
        record_document(services, DocumentKind.CONFLICTS, ANA, declared)
    assert draw(desk, about).warnings == ()


def test_row_20_nobody_declares_the_interests_of_another(desk: Desk) -> None:
    strands(desk)
    declared = {"assessed_on": "2026-05-01", "review_by": "2027-05-01", "none": True}
    with desk.as_(BORIS) as services:
        record_document(services, DocumentKind.CONFLICTS, ANA, declared)
    about = claim(desk)
    assert any("declared no interests" in warning for warning in draw(desk, about).warnings)
    with desk.as_(ANA) as services:
        assert any(one.code == "undeclared" and one.subject == services.person_id for one in list_due(services))
        record_document(services, DocumentKind.CONFLICTS, ANA, {**declared, "based_on": 1})
    assert not any("declared no interests" in warning for warning in draw(desk, about).warnings)


def test_row_71_without_alternatives_or_contrary_steps_the_report_warns(desk: Desk) -> None:
    strands(desk)
    about = claim(desk)
    drawn = draw(desk, about, alternatives=[])
    assert any("neither an alternative" in warning for warning in drawn.warnings)
    assert any(one["kind"] == "warning" for one in report(desk)["statements"])
    assert standing(desk, 71) == "not met"
    desk.step(ANA, VIDEO, "identifiers", "contradicts")
    draw(desk, about, alternatives=[])
    assert any(one["body"]["contrary"] for one in report(desk)["claims"][0]["conclusions"] if "contrary" in one["body"])


def test_row_72_a_verified_video_leaves_the_statement_in_it_open(desk: Desk) -> None:
    strands(desk)
    with pytest.raises(FieldRefused, match="speaker"):
        claim(desk, kind=ClaimKind.STATEMENT)
    recording = claim(desk)
    claim(desk, kind=ClaimKind.STATEMENT, speaker="a man in a blue coat")
    draw(desk, recording)
    verdicts = {one["kind"]: one["verdict"] for one in report(desk)["claims"]}
    assert verdicts == {"fact": "established", "statement": None}


def test_row_73_the_axes_are_apart_and_what_cannot_be_judged_is_not_ranked() -> None:
    grades = [("B", "2"), ("F", "1"), ("A", "3"), ("A", "6"), ("E", "5"), (None, None)]
    claims = [{"number": number, "reliability": one, "credibility": two} for number, (one, two) in enumerate(grades)]
    assert [one["number"] for one in graded_first(claims)] == [2, 0, 4, 1, 3, 5]


def test_row_73_both_axes_are_asked_for(desk: Desk) -> None:
    strands(desk)
    for axis in ("reliability", "credibility"):
        with pytest.raises(FieldRefused, match=axis):
            draw(desk, claim(desk), **{axis: "B2"})


def test_row_74_nobody_reviews_their_own_work(desk: Desk) -> None:
    strands(desk)
    with desk.as_(CLEO) as services:
        with pytest.raises(GateRefused, match="has part in"):
            assign(services, VIDEO, ANA)
        assert [one["text"] for one in item_report(services, VIDEO)["statements"] if one["kind"] == "due"] == [
            "due: nobody is assigned to a second assessment"
        ]
        second = assign(services, VIDEO).person.name
        assert second in (BORIS, CLEO)
        due = next(one for one in item_report(services, VIDEO)["statements"] if one["kind"] == "due")
        assert f"by {second}" in due["text"]
    assert standing(desk, 74) == "not met"


def test_row_74_the_rule_takes_whoever_has_least_to_review(desk: Desk) -> None:
    for item in (VIDEO, PHOTOGRAPH):
        strands(desk, item)
    with desk.as_(ANA) as services:
        first, second = assign(services, VIDEO).person, assign(services, PHOTOGRAPH).person
        assert {first.name, second.name} == {BORIS, CLEO}
        assert [one.role for one in page_of(services)] == ["first", "first"]
    with desk.as_(first.name or "") as services:
        assert [(one.number, one.role) for one in page_of(services, mine=True)] == [(VIDEO, "second")]


def test_row_74_where_everybody_has_part_the_item_waits_or_is_waived_with_a_reason(desk: Desk) -> None:
    for person in (ANA, BORIS, CLEO):
        desk.step(person, VIDEO, "facts")
    with desk.as_(ANA) as services:
        with pytest.raises(GateRefused, match="everybody"):
            assign(services, VIDEO)
        with pytest.raises(FieldRefused, match="reason"):
            waive(services, VIDEO, " ")
        waive(services, VIDEO, "nobody is left")
    assert standing(desk, 74) == "overridden"


def test_row_76_a_machines_translation_names_the_machine(desk: Desk) -> None:
    translated = {"by": "machine", "source_language": "uk", "target_language": "en"}
    with pytest.raises(FieldRefused, match=r"translation\.tool"):
        desk.step(ANA, VIDEO, "translation", **STEP, translation=translated)
    wrong = {**translated, "tool": "argos 1.9", "source_language": "Ukrainian"}
    with pytest.raises(FieldRefused, match="language"):
        desk.step(ANA, VIDEO, "translation", **STEP, translation=wrong)
    desk.step(ANA, VIDEO, "translation", **STEP, translation={**translated, "tool": "argos 1.9"})
    assert standing(desk, 76) == "met"


def test_row_77_a_machines_finding_is_no_result_and_no_machine_records_one(desk: Desk) -> None:
    desk.examine(VIDEO, {"field": "location", "value": "47.61,9.42", "origin": "EXIF:GPSLatitude"})
    with desk.as_(ANA) as services:
        record_person(services, "robot", PersonKind.SERVICE)
        line = next(one for one in checklist_of(services, VIDEO).lines if one.check is Check.GEOLOCATION)
    assert (line.status, len(line.suggestions)) == ("missing", 1)
    with pytest.raises(GateRefused, match="suggestion"):
        desk.step("robot", VIDEO, "facts")
    kinds = {one["kind"] for one in report(desk)["statements"] if "47.61" in one["text"]}
    assert kinds == {"suggestion"}


def test_row_87_a_correction_links_both_versions(desk: Desk) -> None:
    made = desk.step(ANA, VIDEO, "facts", "contradicts")
    again = NewStep.model_validate({"check": "facts", "result": "supports", **STEP})
    with desk.as_(ANA) as services:
        corrected = correct_step(services, made.event, again, "read the wrong plate")
    links = [one for one in report(desk)["statements"] if one["kind"] == "correction"]
    assert [set(one["events"]) >= {made.event, corrected.event} for one in links] == [True]
    with desk.as_(ANA) as services:
        line = next(one for one in checklist_of(services, VIDEO).lines if one.check is Check.FACTS)
    assert [step.event for step in line.steps] == [corrected.event]
    with desk.as_(BORIS) as services, pytest.raises(UnknownStatement):
        correct_step(services, corrected.event, again, "he cannot know of it")


def test_row_88_a_statement_without_an_event_of_this_log_ends_the_report(desk: Desk) -> None:
    with desk.as_(ANA) as services, reading(services.engine) as rows:
        for events in ((), ("0192-nowhere",)):
            with pytest.raises(RecordUnreadable, match="no path"):
                require_traced(rows, [Statement("verification", "done", "it was so", events)])


def test_row_91_a_conclusion_names_its_standard(desk: Desk) -> None:
    strands(desk)
    with pytest.raises(FieldRefused, match="standard"):
        draw(desk, claim(desk), standard="gut feeling")


def test_disagreement_is_kept_and_only_the_second_assessor_locks(desk: Desk) -> None:
    strands(desk)
    with desk.as_(ANA) as services:
        submit(services, VIDEO)
        assign(services, VIDEO, BORIS)
        with pytest.raises(GateRefused, match="not both"):
            compare(services, VIDEO)
    with pytest.raises(GateRefused, match="handed in"):
        desk.step(ANA, VIDEO, "exif")
    desk.step(BORIS, VIDEO, "facts", "contradicts")
    with desk.as_(BORIS) as services:
        assert submit(services, VIDEO)[1].revealed
        _event, kept = reconcile(services, VIDEO, {}, "the angle leaves it open")
        facts = next(one for one in kept if one.check is Check.FACTS)
        assert (facts.first, facts.second, facts.agreed) == (StepResult.SUPPORTS, StepResult.CONTRADICTS, None)
    with desk.as_(ANA) as services, pytest.raises(GateRefused, match="not locked by its author"):
        lock(services, VIDEO)
    with desk.as_(BORIS) as services:
        lock(services, VIDEO)
    with pytest.raises(GateRefused, match="locked"):
        desk.step(CLEO, VIDEO, "exif")
    with desk.as_(CLEO) as services, pytest.raises(GateRefused, match="locked"):
        classify_item(services, VIDEO, ItemClass.AUDIO)


def test_a_step_keeps_what_it_was_given(desk: Desk) -> None:
    fields = {**PLACE, "regions": ["xywh=percent:10,10,25,25&t=12.5,14", f"{PHOTOGRAPH}#page=3"], "limits": "one angle"}
    desk.step(ANA, VIDEO, "geolocation", **fields, quotes=[{"exact": "на озере"}])
    (step,) = report(desk)["checklist"][12]["steps"]
    body = StepRecorded.model_validate(step["body"])
    assert [one.fragment for one in body.regions] == ["t=12.5,14&xywh=percent:10,10,25,25", "page=3"]
    assert step["words"]["references"][0]["features"] == REFERENCE["features"]
    assert step["words"]["place_as_written"] == PLACE["place"]


def test_row_88_every_row_of_the_investigations_table_leads_to_events_of_this_log(desk: Desk) -> None:
    strands(desk)
    with desk.as_(ANA) as services:
        table = table_of(services)
        named = {event for row in table for one in (row, *row["named"]) for event in one["events"]}
        with reading(services.engine) as rows:
            assert known_events(rows, named) == named
    assert [row["row"] for row in table] == list(range(1, 99))
    assert all(row["events"] or all(one["events"] for one in row["named"]) for row in table)
    assert {row["standing"] for row in table} <= {"met", "overridden", "not met", "not applicable"}

"""Rows 1, 28 to 30, 32 and 33 of the Protocol's obligations: preliminary assessment, gates, and the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from casefile.errors import GateRefused
from casefile.leads import Lead
from casefile.records.engine import reading
from casefile.records.leads import at_risk
from casefile.refusals import FieldRefused, UnknownRecord, VersionOutdated
from casefile.vocabulary import Pathway, Purpose
from casefile.vocabulary_planning import DocumentKind
from cli.main import main
from cli.planning_report import assessment_sheet
from pipelines import assessing
from pipelines.admitting import Admitted, Asked, admit, leads_meant
from pipelines.assessing import (
    AssessedLead,
    LeadFilter,
    Source,
    assess_by_sheet,
    assess_compactly,
    assess_leads,
    describe_lead,
    find_leads,
    wanted_leads,
)
from pipelines.collect import _by_urgency
from pipelines.due import LISTED
from pipelines.filled_sheets import parse_sheet
from pipelines.gates import Going
from pipelines.leads import Candidate, Origin, add_leads

from .bench import DATES, ENVIRONMENT, FULL, Bench

PIER = "http://example.test/pier"
COURT = Going(Purpose.COURT)


def find(bench: Bench, *locators: str) -> list[str]:
    with bench.services() as services:
        return [one.label for one in find_leads(services, locators, Source(person="Bo"))]


def assess(bench: Bench, lead: str, **changed: Any) -> AssessedLead:
    with bench.services() as services:
        return assess_leads(services, [lead], {**FULL, **changed})[0]


def judged(bench: Bench, *texts: str, going: Going = COURT, why: str = "", rows: Sequence[str] = ()) -> Admitted:
    with bench.services() as services:
        known, locators = leads_meant(services, texts, assessed=False)
        asked = Asked(known, tuple(locators), {f"row {one}": one for one in rows}, "list" if rows else "", why)
        return admit(services, asked, going, bench.notes.append)


def test_row_1_nothing_is_collected_for_a_court_without_approved_preparation(bench: Bench) -> None:
    find(bench, PIER)
    assess(bench, "L-1")
    with pytest.raises(GateRefused, match="no plan and no risk and no landscape recorded") as refusal:
        judged(bench, "L-1")
    assert refusal.value.exit_code == 4
    bench.prepare()
    assert judged(bench, "L-1") == Admitted({})
    bench.record(DocumentKind.PLAN, based_on=1, resources="two people")
    with pytest.raises(GateRefused, match="plan not approved"):
        judged(bench, "L-1")
    judged(bench, "L-1", going=Going(Purpose.COURT, override="approved by phone"))
    assert [(status, "approved by phone" in said) for status, said in bench.overrides()] == [("overridden", True)]
    with pytest.raises(FieldRefused, match="override: is blank"):
        judged(bench, "L-1", going=Going(Purpose.COURT, override="  "))


def test_row_1_for_work_a_gate_warns_and_what_is_missing_stays_due(bench: Bench) -> None:
    judged(bench, PIER, going=Going())
    assert [note.partition(":")[0] for note in bench.notes] == ["preparation", "assessment"]
    assert [status for status, _said in bench.overrides()] == ["warned", "warned"]
    assert {one.subject for one in bench.due("missing")} == {"plan", "risk", "landscape", "policy", "roles"}
    bench.settings["CASEFILE_GATES__MODE"] = "enforce"
    with pytest.raises(GateRefused):
        judged(bench, PIER, going=Going())
    bench.settings["CASEFILE_GATES__MODE"] = "record"
    bench.notes.clear()
    judged(bench, PIER, going=Going())
    assert bench.notes == []


def test_row_28_a_court_needs_the_full_assessment_first(bench: Bench) -> None:
    bench.prepare()
    find(bench, PIER)
    for texts in (("L-1",), (PIER,)):
        with pytest.raises(GateRefused, match="no full preliminary assessment"):
            judged(bench, *texts)
        with pytest.raises(GateRefused, match="no full preliminary assessment"):
            judged(bench, *texts, why="shows the pier")
    with bench.services() as services:
        known, _none = leads_meant(services, ["L-1"], assessed=False)
        assess_compactly(services, [known[0].to_collect()], "shows the pier")
        assess_compactly(services, [known[0].to_collect()], "said again")
        found = describe_lead(services, "L-1")
    assert [(one.form, one.relevance) for one in found.assessments] == [("compact", "shows the pier")]
    assert [one.subject for one in bench.due("compact")] == ["L-0001"]
    with pytest.raises(GateRefused):
        judged(bench, "L-1")
    assess(bench, "L-1", revises=1)
    assert judged(bench, "L-1") == Admitted({})


def test_row_28_a_capture_before_its_assessment_is_an_exception(bench: Bench) -> None:
    from casefile.events.envelope import Subject
    from casefile.events.port import draft
    from casefile.events.types import CaptureStarted

    find(bench, PIER, f"{PIER}/2")
    assess(bench, "L-2")
    with bench.services() as services:
        for label in ("L-1", "L-2"):
            lead = Subject(kind="lead", id=describe_lead(services, label).lead.id)
            begun = CaptureStarted(attempt=1, method="http", method_version="1", method_reason="", purpose=Purpose.WORK)
            services.append(draft("capture.started", Subject(kind="capture", id=label), lead, body=begun))
    assess(bench, "L-1")
    with bench.services() as services:
        assert describe_lead(services, "L-1").captured_first
        assert not describe_lead(services, "L-2").captured_first
        assert [one.lead.label for one in wanted_leads(services, LeadFilter(late=True))] == ["L-0001"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"links": []}, "links: relevance needs a place, a date, an incident, a person or a violation"),
        ({"links": [{"kind": "mood", "value": "x"}]}, "links.0.kind: has to be one of 'place'"),
        ({"links": [{"kind": "date", "value": "yesterday"}]}, "has to be a date such as 2026"),
        ({"links": [{"kind": "date", "value": "2026-13"}]}, "is no date of the calendar"),
        ({"relevance": ""}, "relevance: is blank"),
        ({"reliability_basis": ""}, "reliability_basis: is blank"),
        ({"removal": None}, "removal: has to be low, moderate or high"),
        ({"removal": "high"}, "removal_grounds: likely removal needs its grounds"),
        ({"safety": ""}, "safety: is blank"),
        ({"duties": ""}, "duties: is blank"),
        ({"decision": None}, "decision: has to be one of 'collect'"),
        ({"decision": "collect-with-precautions"}, "precautions: the decision needs to say which"),
        ({"decision": "do-not-collect"}, "reason: a decision not to collect needs one"),
        ({"relevance": "x" * 1_000_000}, "relevance: has 1,000,000 characters"),
    ],
)
def test_row_29_an_assessment_weighs_all_five_factors_and_has_a_link(
    bench: Bench, changed: dict[str, Any], said: str
) -> None:
    find(bench, PIER)
    with pytest.raises(FieldRefused) as refusal:
        assess(bench, "L-1", **changed)
    assert said in str(refusal.value)
    with bench.services() as services:
        assert describe_lead(services, "L-1").assessments == ()


def test_row_30_what_is_likely_to_be_removed_is_taken_first_and_a_better_version_is_sought(bench: Bench) -> None:
    find(bench, "http://a.test/1", "http://a.test/2", "http://b.test/3")
    for label in ("L-1", "L-2"):
        assess(bench, label)
    gone = assess(bench, "L-3", removal="high", removal_grounds="the account deletes its posts")
    assert gone.newest is not None
    assert gone.newest.better_version == "sought"
    assert [one.subject for one in bench.due("better")] == ["L-0003"]
    with bench.services() as services, reading(services.engine) as rows:
        known, _none = leads_meant(services, [], assessed=True)
        leads = [one.to_collect() for one in known]
        urgent = at_risk(rows, [one.id for one in leads])
    order = sorted(range(3), key=_by_urgency(leads, urgent))
    assert [leads[index].locator for index in order] == ["http://b.test/3", "http://a.test/1", "http://a.test/2"]
    assess(bench, "L-3", removal="high", removal_grounds="as before", better_version="none-found", revises=1)
    assert bench.due("better") == []


def test_row_30_no_gate_delays_what_is_likely_to_be_removed(bench: Bench) -> None:
    find(bench, PIER, f"{PIER}/2")
    assess(bench, "L-1", removal="high", removal_grounds="the account deletes its posts")
    assess(bench, "L-2")
    assert judged(bench, "L-1") == Admitted({})
    assert [status for status, _said in bench.overrides()] == ["at-risk"]
    with bench.services() as services:
        other = describe_lead(services, "L-2").lead.id
    assert set(judged(bench, "L-1", "L-2").refused) == {other}
    assert judged(bench, PIER + "/3", going=Going(Purpose.COURT, at_risk=True)) == Admitted({})


def test_row_32_very_many_addresses_need_reasons_and_a_cap(bench: Bench) -> None:
    bench.prepare()
    bench.settings |= {"CASEFILE_GATES__BULK": "2", "CASEFILE_GATES__MODE": "enforce"}
    rows = ("one", "two", "three")
    with pytest.raises(GateRefused, match="purpose, necessity, proportionality and cap"):
        judged(bench, rows=rows, why="tip", going=Going())
    reasons = {**DATES, "purpose": "p", "necessity": "n", "proportionality": "p", "cap": 3}
    for field in ("purpose", "necessity", "proportionality", "cap"):
        with pytest.raises(FieldRefused, match=field):
            bench.record(DocumentKind.BULK, "list", **{**reasons, field: None})
    bench.record(DocumentKind.BULK, "list", **reasons)
    assert judged(bench, rows=rows, why="tip", going=Going()) == Admitted({})
    bench.settings["CASEFILE_GATES__MODE"] = "record"
    with pytest.raises(GateRefused, match="4 addresses, and the cap of list is 3"):
        judged(bench, rows=(*rows, "four"), why="tip", going=Going())


def test_row_33_a_decision_not_to_collect_is_kept_listed_and_held_to(bench: Bench) -> None:
    find(bench, PIER, f"{PIER}/2")
    assess(bench, "L-1", decision="do-not-collect", reason="a private diary")
    assess(bench, "L-2")
    for texts in (("L-1",), (PIER,)):
        with pytest.raises(GateRefused, match="a private diary"):
            judged(bench, *texts, going=Going())
    with bench.services() as services:
        against = describe_lead(services, "L-1").lead.id
    assert set(judged(bench, "L-1", "L-2", going=Going()).refused) == {against}
    assert set(judged(bench, rows=(PIER, f"{PIER}/3"), why="tip", going=Going()).refused) == {f"row {PIER}"}
    judged(bench, "L-1", going=Going(override="the author asked us to"))
    assert any("the author asked us to" in said for _status, said in bench.overrides())
    assess(bench, "L-1", revises=1)
    assert judged(bench, "L-1", going=Going()) == Admitted({})
    with bench.services() as services:
        kept = describe_lead(services, "L-1").assessments
    assert [one.decision for one in kept] == ["do-not-collect", "collect"]


def test_row_33_a_reason_in_passing_does_not_outweigh_a_decision_against(bench: Bench) -> None:
    """The same address once more by hand: the older, full decision stands until a full one or a recorded override."""
    find(bench, PIER)
    assess(bench, "L-1", decision="do-not-collect", reason="a private diary")
    find(bench, PIER)
    with bench.services() as services:
        known, _none = leads_meant(services, ["L-2"], assessed=False)
        assess_compactly(services, [known[0].to_collect()], "tip 14")
    for texts in (("L-2",), (PIER,)):
        with pytest.raises(GateRefused, match="a private diary"):
            judged(bench, *texts, why="tip 14", going=Going())
    judged(bench, "L-2", going=Going(override="its author asked us to"))
    assert any("its author asked us to" in said for _status, said in bench.overrides())
    assess(bench, "L-2", revises=1)
    assert judged(bench, "L-2", going=Going()) == Admitted({})


def test_an_assessment_that_is_not_based_on_the_newest_is_refused(bench: Bench) -> None:
    find(bench, PIER)
    assess(bench, "L-1")
    with pytest.raises(VersionOutdated) as refusal:
        assess(bench, "L-1", decision="do-not-collect", reason="late")
    assert (refusal.value.based_on, refusal.value.newest) == (0, 1)


def test_a_reason_given_in_passing_is_not_recorded_over_an_assessment_of_that_moment(bench: Bench) -> None:
    """Bo decides against the lead after Ana's command has read that nobody had assessed it."""
    find(bench, PIER)
    read = assessing.newest_assessments

    def decide_meanwhile(*arguments: Any) -> Any:
        known = read(*arguments)
        patched.undo()
        with bench.services("Bo") as services:
            assess_leads(services, ["L-1"], {**FULL, "decision": "do-not-collect", "reason": "a diary"})
        return known

    with bench.services() as services, pytest.MonkeyPatch.context() as patched:
        known, _none = leads_meant(services, ["L-1"], assessed=False)
        patched.setattr(assessing, "newest_assessments", decide_meanwhile)
        with pytest.raises(VersionOutdated):
            assess_compactly(services, [known[0].to_collect()], "tip 14")
        assert [one.decision for one in describe_lead(services, "L-1").assessments] == ["do-not-collect"]


def test_a_sheet_of_assessments_is_recorded_whole_or_not_at_all(bench: Bench) -> None:
    find(bench, PIER, f"{PIER}/2")
    with bench.services() as services:
        for second, error in (("L-9", UnknownRecord), ("L-1", FieldRefused), (7, FieldRefused)):
            with pytest.raises(error):
                assess_by_sheet(services, {"assessment": [{"lead": "L-1", **FULL}, {"lead": second, **FULL}]})
        for sheet in ({}, {"assessment": []}, {"assessment": [FULL]}, {"assessment": ["L-1"]}):
            with pytest.raises(FieldRefused):
                assess_by_sheet(services, sheet)
        assert describe_lead(services, "L-1").assessments == ()
        both = assess_by_sheet(services, {"assessment": [{"lead": "L-1", **FULL}, {"lead": "L-2", **FULL}]})
        assert [len(one.assessments) for one in both] == [1, 1]


def test_the_template_of_an_assessment_is_a_sheet_that_only_lacks_its_words(bench: Bench) -> None:
    find(bench, PIER)
    assess(bench, "L-1")
    with bench.services() as services:
        sheet = assessment_sheet([describe_lead(services, "L-1")])
        blank = parse_sheet(sheet.encode(), "sheet.toml", as_json=False)
        with pytest.raises(FieldRefused, match="relevance: is blank"):
            assess_by_sheet(services, blank)
        (entry,) = blank["assessment"]
        (again,) = assess_by_sheet(services, {"assessment": [{**entry, **FULL}]})
    assert [one.number for one in again.assessments] == [1, 2]


def test_the_leads_of_a_list_are_assessed_together(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with bench.services() as services:
        listed = [Candidate(f"{PIER}/{place}", row=place) for place in range(LISTED + 2)]
        add_leads(services, listed, Origin(Pathway.LIST, job="it's a list"))
        assess_leads(services, ["L-1"], {**FULL, "decision": "do-not-collect", "reason": "a diary"})
    assert bench.due("unassessed")[-1].command.startswith("casefile assess --job 'it'\"'\"'s a list' --decision")
    words = [word for name, value in FULL.items() if name != "links" for word in (f"--{name.replace('_', '-')}", value)]
    command = ["--workspace", str(bench.root), "assess", "--job", "it's a list", *words]
    assert main(command, ENVIRONMENT) == 2
    assert "links: relevance needs" in capsys.readouterr().err
    assert main([*command, "--link", "place=pier"], ENVIRONMENT) == 0
    assert bench.due("unassessed") == []
    with bench.services() as services:
        assert describe_lead(services, "L-1").newest is not None
        assert [len(one.assessments) for one in wanted_leads(services, LeadFilter())] == [1] * (LISTED + 2)


def test_leads_by_hand_without_an_origin_are_due(bench: Bench) -> None:
    with bench.services() as services:
        (lead,) = add_leads(services, [Candidate(PIER)], Origin(Pathway.BY_HAND, why="seen"))
    assert isinstance(lead, Lead)
    assert [one.command for one in bench.due("origin")] == ["casefile lead link L-0001 --inquiry INQUIRY"]
    assert [one.command.partition(" --")[0] for one in bench.due("unassessed")] == ["casefile assess L-0001"]


def test_a_rebuild_from_the_log_gives_all_of_it_back(bench: Bench) -> None:
    find(bench, PIER, f"{PIER}/2")
    assess(bench, "L-1", removal="high", removal_grounds="deletes")
    assess(bench, "L-2", decision="do-not-collect", reason="a diary")
    with bench.services() as services:
        before = wanted_leads(services, LeadFilter())
    due = bench.due()
    bench.rebuild()
    with bench.services() as services:
        assert wanted_leads(services, LeadFilter()) == before
    assert bench.due() == due

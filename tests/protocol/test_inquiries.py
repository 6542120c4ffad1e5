"""Rows 21 to 24, 26 and 27 of the Protocol's obligations: online inquiries, and leads that came from them."""

from __future__ import annotations

import pytest

from casefile.errors import GateRefused, UsageError
from casefile.refusals import FieldRefused, UnknownRecord
from casefile.vocabulary import Access
from casefile.vocabulary_planning import DocumentKind
from pipelines.assessing import Source, describe_lead, find_leads, link_lead
from pipelines.inquiries import Inquiry, add_to_inquiry, close_inquiry, describe_inquiry, lag_s, open_inquiry

from .bench import Bench

FACT = {"kind": "fact", "text": "The pier was hit", "basis": "two pictures"}
ASSUMPTION = {"kind": "assumption", "text": "It was artillery"}
FINDING = {"kind": "finding", "text": "Artillery hit the pier"}
AGAINST = {"language": "uk", "script": "Cyrl", "direction": "incriminating", "terms": ["обстріл"]}
FOR = {"language": "uk", "script": "Cyrl", "direction": "exonerating", "terms": ["навчання"]}
SEARCH = {"engine": "Example", "terms": "обстріл пірс", "result": "none-found"}


def ask(bench: Bench, **sheet: object) -> Inquiry:
    with bench.services() as services:
        inquiry = add_to_inquiry(services, "", {"question": "Who shelled the pier?", **sheet})
        return describe_inquiry(services, inquiry.label)


def test_row_21_an_inquiry_has_a_research_question(bench: Bench) -> None:
    with bench.services() as services:
        for given in ({}, {"question": "  "}):
            with pytest.raises(FieldRefused, match="question"):
                open_inquiry(services, given)
        with pytest.raises(FieldRefused, match="question"):
            add_to_inquiry(services, "", {"search": [SEARCH]})
        assert open_inquiry(services, {"question": "Who shelled the pier?"}).label == "Q-0001"


def test_row_22_an_assumption_supports_no_finding(bench: Bench) -> None:
    inquiry = ask(bench, statement=[FACT, ASSUMPTION, {"kind": "unknown", "text": "Who fired"}])
    assert [one.kind for one in inquiry.statements] == ["fact", "assumption", "unknown"]
    with bench.services() as services:
        for label in ("S-0002", "S-0003"):
            with pytest.raises(FieldRefused, match=f"{label} is an .*no finding can rest"):
                add_to_inquiry(services, "Q-1", {"statement": [{**FINDING, "rests_on": ["S-0001", label]}]})
        with pytest.raises(FieldRefused, match="rests_on: a finding names"):
            add_to_inquiry(services, "Q-1", {"statement": [FINDING]})
        add_to_inquiry(services, "Q-1", {"statement": [{**FINDING, "rests_on": ["S-0001"]}]})
        found = describe_inquiry(services, "Q-1").statements[-1]
    assert (found.kind, found.rests_on) == ("finding", (inquiry.statements[0].event,))


def test_row_23_languages_and_directions_that_keywords_leave_out_are_told(bench: Bench) -> None:
    bench.record(DocumentKind.LANDSCAPE)
    gaps = ask(bench, keywords=[AGAINST]).coverage.gaps
    assert "no keywords in ar, a language of the digital landscape" in gaps
    assert "no exonerating keyword" in gaps
    assert [one.said for one in bench.due("coverage")] == list(gaps)
    with bench.services() as services:
        arabic = {"language": "ar", "script": "Arab", "direction": "neutral", "terms": ["الرصيف"]}
        add_to_inquiry(services, "Q-1", {"keywords": [FOR, arabic], "search": [SEARCH]})
        assert describe_inquiry(services, "Q-1").coverage.gaps == ()
    assert bench.due("coverage") == []


def test_row_24_a_lead_leads_back_to_where_it_came_from(bench: Bench) -> None:
    ask(bench, search=[{**SEARCH, "result": "found", "pathway": "third hit", "hits": 40_000}])
    with bench.services() as services:
        with pytest.raises(FieldRefused, match="origin"):
            find_leads(services, ["http://example.test/1"], Source(why="found it"))
        with pytest.raises(UnknownRecord):
            find_leads(services, ["http://example.test/1"], Source(search="R-0009"))
        (lead,) = find_leads(services, ["http://example.test/1"], Source(search="R-0001"))
        assert (lead.label, lead.pathway) == ("L-0001", "inquiry")
        (referred,) = find_leads(services, ["http://example.test/2"], Source(person="Bo"))
        assert (referred.label, referred.pathway) == ("L-0002", "referral")
        inquiry = describe_inquiry(services, "Q-1")
        assert [one.label for one in inquiry.leads] == ["L-0001"]
        assert describe_lead(services, "L-1").origins[0].search == inquiry.searches[0].event
        linked = link_lead(services, "L-2", Source(inquiry="Q-1", why="also found there"))
        assert [(one.inquiry is not None, one.person is not None) for one in linked.origins] == [
            (False, True), (True, False),
        ]  # fmt: skip


def test_row_19_what_somebody_has_to_let_one_into_is_refused(bench: Bench) -> None:
    ask(bench)
    with bench.services() as services, pytest.raises(GateRefused, match="let one into"):
        find_leads(services, ["http://example.test/closed"], Source(inquiry="Q-1"), Access.RESTRICTED)


def test_row_26_searches_with_one_engine_only_are_told(bench: Bench) -> None:
    gaps = ask(bench, keywords=[AGAINST, FOR], search=[SEARCH, SEARCH, {**SEARCH, "engine": "EXAMPLE"}]).coverage.gaps
    assert gaps == ("3 of 3 searches were made with example",)
    others = [{**SEARCH, "engine": engine} for engine in ("Second", "Third")]
    assert ask(bench, keywords=[AGAINST, FOR], search=[SEARCH, *others]).coverage.gaps == ()


def test_row_27_a_late_entry_is_taken_and_its_lag_is_shown(bench: Bench) -> None:
    late = {**SEARCH, "at": "2026-11-29T14:00:00+02:00"}
    inquiry = ask(bench, search=[late, SEARCH])
    assert inquiry.searches[0].occurred_at == "2026-11-29T12:00:00.000000Z"
    assert [lag_s(one) for one in inquiry.searches] == [86_400, 0]
    with bench.services() as services:
        with pytest.raises(FieldRefused, match="still to come"):
            add_to_inquiry(services, "Q-1", {"search": [{**SEARCH, "at": "2026-12-01T00:00:00Z"}]})
        with pytest.raises(FieldRefused, match="offset"):
            add_to_inquiry(services, "Q-1", {"search": [{**SEARCH, "at": "2026-11-29T14:00:00"}]})


def test_a_sheet_is_recorded_whole_or_not_at_all(bench: Bench) -> None:
    with bench.services() as services:
        with pytest.raises(FieldRefused, match="still to come"):
            add_to_inquiry(
                services,
                "",
                {"question": "Who?", "statement": [FACT], "search": [SEARCH, {**SEARCH, "at": "2030-01-01T00:00:00Z"}]},
            )
        with pytest.raises(UnknownRecord):
            describe_inquiry(services, "Q-1")


def test_a_closed_inquiry_takes_nothing_more(bench: Bench) -> None:
    ask(bench)
    with bench.services() as services:
        assert close_inquiry(services, "Q-1", {"outcome": "broadened", "reason": "see Q-2"}).closing == "broadened"
        with pytest.raises(UsageError, match="was closed"):
            add_to_inquiry(services, "Q-1", {"statement": [FACT]})
        with pytest.raises(UsageError, match="was closed"):
            close_inquiry(services, "Q-1", {"outcome": "answered", "reason": "once more"})


def test_a_rebuild_from_the_log_gives_all_of_it_back(bench: Bench) -> None:
    ask(bench, statement=[FACT, ASSUMPTION], keywords=[AGAINST, FOR], search=[SEARCH])
    with bench.services() as services:
        find_leads(services, ["http://example.test/1"], Source(search="R-1"))
        close_inquiry(services, "Q-1", {"outcome": "answered", "reason": "by the owner"})
        before = (describe_inquiry(services, "Q-1"), describe_lead(services, "L-1"))
    due = bench.due()
    bench.rebuild()
    with bench.services() as services:
        assert (describe_inquiry(services, "Q-1"), describe_lead(services, "L-1")) == before
    assert bench.due() == due

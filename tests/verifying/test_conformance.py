"""The table of conformance says what the record shows: each rule with the case in which it must not say `met`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from protocol.bench import FULL, LANDSCAPE, POLICY

from casefile.events.envelope import EventOutcome
from casefile.events.port import draft
from casefile.events.types import CustodyChanged
from casefile.events.types_of_custody import FixityChecked
from casefile.records.engine import reading
from casefile.vocabulary import Role
from pipelines.assessing import Source, assess_leads, find_leads, link_lead
from pipelines.documents import record_document
from pipelines.inquiries import add_to_inquiry, close_inquiry
from pipelines.investigation_report import table_of
from pipelines.method_report import facts_of, gather, item_report
from pipelines.reviewing import assign, submit, waive
from pipelines.services import Services
from verification.conformance import stands
from verification.item_facts import ItemFacts
from verification.obligations import obligations

from .desk import ANA, BORIS, PLACE, STEP, TIME, Desk

VIDEO, PHOTOGRAPH = "I-0001", "I-0002"


def rows_of(services: Services) -> dict[int, tuple[str, str]]:
    return {one["row"]: (one["standing"], one["why"]) for one in table_of(services)}


def of_item(desk: Desk, row: int, item: str = VIDEO) -> tuple[str, str]:
    with desk.as_(ANA) as services:
        report = item_report(services, item)
    return next((str(one["standing"]), one["why"]) for one in report["conformance"] if one["row"] == row)


def standing(facts: ItemFacts, row: int) -> str:
    return stands(obligations()[row - 1], facts).standing.value


KEYWORDS = {"language": "uk", "script": "Cyrl", "direction": "incriminating", "terms": ["обстріл"]}
SEARCH = {"engine": "Example", "terms": "обстріл", "result": "none-found"}


def test_rows_23_26_and_7_need_more_than_one_keyword_one_search_and_one_task(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        assert [rows_of(services)[row][0] for row in (23, 26)] == ["not applicable"] * 2
        record_document(services, "landscape", "", LANDSCAPE)
        asked = {"question": "Who shelled it?", "task": "searching", "keywords": [KEYWORDS], "search": [SEARCH]}
        add_to_inquiry(services, "", asked)
        told = rows_of(services)
        assert told[23][0] == "not met"
        assert "no keywords in ar" in told[23][1]
        assert told[26] == ("not met", "every search was made with example; no search names its language")
        assert told[7][0] == "not met"
        assert "nobody has taken on" in told[7][1]
        further = [{**KEYWORDS, "direction": "exonerating"}, {**KEYWORDS, "language": "ar", "script": "Arab",
                    "direction": "exonerating", "terms": ["قصف"]}]  # fmt: skip
        add_to_inquiry(services, "Q-0001", {"keywords": further, "search": [{**SEARCH, "engine": "Another"}]})
        told = rows_of(services)
        assert told[23][0] == "met"
        assert told[26] == ("not met", "no search names its language")
        one_more = {**SEARCH, "engine": "Another"}
        add_to_inquiry(services, "Q-0001", {"search": [{**one_more, "language": "uk"}]})
        assert rows_of(services)[26][0] == "not met"
        assert "no search in ar" in rows_of(services)[26][1]
        add_to_inquiry(services, "Q-0001", {"search": [{**one_more, "language": "ar"}]})
        assert rows_of(services)[26][0] == "met"
        assert "0 browsers are named" in rows_of(services)[26][1]


def test_row_7_is_not_met_by_an_inquiry_without_a_task_open_or_closed(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        task = {"what": "search", "person": ANA, "assessed_on": "2026-05-01", "review_by": "2099-01-01"}
        record_document(services, "task", "searching", task)
        assert rows_of(services)[7][0] == "met"
        add_to_inquiry(services, "", {"question": "Who shelled it?"})
        assert rows_of(services)[7] == ("not met", "Q-0001 belongs to no task")
        close_inquiry(services, "Q-0001", {"outcome": "abandoned", "reason": "out of scope"})
        assert rows_of(services)[7] == ("not met", "Q-0001 belongs to no task")


def test_row_23_is_not_met_without_a_landscape_that_names_languages(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        both = [KEYWORDS, {**KEYWORDS, "direction": "exonerating"}]
        add_to_inquiry(services, "", {"question": "Who shelled it?", "keywords": both})
        assert rows_of(services)[23] == ("not met", "no digital landscape says which languages there are")


def read_again(services: Services, status: str, **said: Any) -> tuple[str, str]:
    body = FixityChecked(**{"objects": 2, "files": 2, "bytes": 2, "problems": 0, "scope": "full", **said})
    services.append(draft("fixity.checked", body=body, outcome=EventOutcome(status=status)))
    told = rows_of(services)
    return told[49][0], told[58][0]


def test_rows_49_and_58_are_not_met_until_a_whole_reading_answers_the_one_that_found_damage(desk: Desk) -> None:
    lacks, stands_ = ("not met", "not met"), ("met", "met")
    share = {"scope": "slice", "parts": 90}
    with desk.as_(ANA) as services:
        assert read_again(services, "passed", objects=0) == lacks
        assert read_again(services, "failed", problems=1) == lacks
        assert read_again(services, "passed", **share, slices=(3,), objects=0) == lacks
        assert read_again(services, "passed", scope="sample", sample=2) == lacks
        assert read_again(services, "passed", objects=0) == lacks
        assert read_again(services, "passed") == stands_
        assert read_again(services, "failed", **share, slices=(3, 4), problems=1) == lacks
        assert read_again(services, "passed", **share, slices=(3,)) == lacks
        assert read_again(services, "passed", **share, slices=(4,)) == stands_
        assert read_again(services, "failed", problems=1) == lacks
        assert read_again(services, "passed", **share, slices=tuple(range(90))) == stands_
        desk.clock.looks += 91 * 86_400
        told = rows_of(services)
        assert (told[49][0], told[58][0]) == ("met", "not met")


def test_rows_29_30_and_33_are_of_what_was_assessed(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        assert [rows_of(services)[row][0] for row in (29, 30, 33)] == ["not met", "not applicable", "not applicable"]
        find_leads(services, ["https://example.test/a", "https://example.test/b"], Source(person=BORIS))
        assess_leads(services, ["L-0003"], {**FULL, "removal": "high", "removal_grounds": "it was announced"})
        assess_leads(services, ["L-0004"], {**FULL, "decision": "do-not-collect", "reason": "a diary"})
        told = rows_of(services)
        assert told[29] == ("met", "2 leads, each with a link")
        assert told[30] == ("not met", "likely to be removed and not captured yet: L-0003")
        assert told[33] == ("met", "1 are kept and listed")


def test_rows_9_12_17_and_49_are_not_met_by_an_event_of_that_kind_alone(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        assert rows_of(services)[8][0] == "not met", "nothing of it is encrypted"
        services.append(draft("custody.changed", body=CustodyChanged(act="records taken over", detail="x")))
        assert rows_of(services)[17][0] == "not met"
        services.append(draft("custody.changed", body=CustodyChanged(act="backup", detail="3 files")))
        assert rows_of(services)[17][0] == "met"
        body = FixityChecked(objects=2, files=2, bytes=2, problems=0)
        services.append(draft("fixity.checked", body=body, outcome=EventOutcome(status="passed")))
        assert [rows_of(services)[row][0] for row in (49, 58)] == ["met", "met"]
        services.append(draft("fixity.checked", body=body, outcome=EventOutcome(status="failed")))
        told = rows_of(services)
        assert [told[row][0] for row in (49, 58, 12)] == ["not met"] * 3
        days = {"rule": "as long as needed", "work_days": 36_000, "decision_days": 36_000, "court_days": 36_000}
        record_document(services, "policy", "", {**POLICY, "retention": days})
        assert rows_of(services)[12][0] == "met"
        record_document(services, "policy", "", {**POLICY, "retention": {**days, "work_days": 1}, "based_on": 1})
        desk.clock.looks += 3 * 86_400
        assert rows_of(services)[12][0] == "not met"


def test_row_24_a_lead_by_hand_without_an_origin_is_not_met_until_somebody_says_where_it_came_from(desk: Desk) -> None:
    assert of_item(desk, 24)[0] == "not met"
    with desk.as_(ANA) as services:
        link_lead(services, "L-0001", Source(person=BORIS))
    assert of_item(desk, 24)[0] == "met"


def test_rows_67_and_68_are_not_met_by_saying_that_it_was_not_done(desk: Desk) -> None:
    for check in ("geolocation", "chronolocation", "completeness"):
        desk.step(ANA, VIDEO, check, "not_done", reason="no time")
    assert [of_item(desk, row)[0] for row in (67, 68)] == ["not met", "not met"]
    for check in ("geolocation", "chronolocation"):
        desk.step(ANA, VIDEO, check, "inconclusive")
    assert of_item(desk, 67) == ("met", "looked for and not established; the steps say how")
    desk.step(ANA, VIDEO, "geolocation", **PLACE)
    desk.step(ANA, VIDEO, "chronolocation", **TIME)
    desk.step(ANA, VIDEO, "completeness")
    assert of_item(desk, 67)[1] == "with method, references, precision and alternatives"
    assert of_item(desk, 68)[0] == "met"


def test_row_74_an_assessment_after_a_waiver_is_not_called_blind(desk: Desk) -> None:
    desk.step(ANA, VIDEO, "facts")
    with desk.as_(ANA) as services:
        waive(services, VIDEO, "nobody was there")
        assign(services, VIDEO, BORIS)
    desk.step(BORIS, VIDEO, "facts")
    for person in (ANA, BORIS):
        with desk.as_(person) as services:
            submit(services, VIDEO)
    found, why = of_item(desk, 74)
    assert found == "met"
    assert "not blind" in why


def test_row_82_a_gap_is_gone_after_by_an_inquiry_and_both_lead_to_each_other(desk: Desk) -> None:
    missing = {"gap": "it ends within a sentence", "effect": "no context"}
    desk.step(ANA, VIDEO, "completeness", "contradicts", **STEP, **missing)
    assert of_item(desk, 82)[0] == "not met"
    with desk.as_(ANA) as services:
        unknown = {"kind": "unknown", "text": "how it goes on", "rests_on": [VIDEO]}
        inquiry = add_to_inquiry(services, "", {"question": "Is there a longer copy?", "statement": [unknown]})
        report = item_report(services, VIDEO)
    gap = next(one for one in report["statements"] if one["kind"] == "gap")
    assert gap["text"].endswith(f"gone after in {inquiry.label}")
    assert of_item(desk, 82)[0] == "met"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {36: "not met", 37: "not met", 45: "not applicable"}),
        ({"pictures": ("page/screenshot.png",)}, {36: "met", 37: "met", 45: "not applicable"}),
        ({"pictures": ("page/screenshot-scrolled.png",)}, {36: "not met"}),
        ({"purpose": "court"}, {45: "not met"}),
        ({"purpose": "court", "pictures": ("page/screenshot.png",)}, {45: "met"}),
        ({"role": Role.VIDEO}, {36: "not applicable", 37: "not applicable"}),
    ],
)
def test_rows_36_37_and_45_of_a_page_are_met_where_its_picture_was_taken(
    opened: Desk, changed: dict[str, Any], expected: dict[int, str]
) -> None:
    with opened.as_(ANA) as services, reading(services.engine) as rows:
        facts = facts_of(gather(services, rows, VIDEO))
    page = replace(facts, role=changed.get("role", Role.PAGE), media_type="text/html")
    page = replace(page, pictures=changed.get("pictures", ()))
    page = replace(page, capture={**page.capture, "purpose": changed.get("purpose", "work")})
    assert {row: standing(page, row) for row in expected} == expected


def test_row_36_says_what_a_partial_capture_shows_and_calls_it_no_whole_page(opened: Desk) -> None:
    with opened.as_(ANA) as services, reading(services.engine) as rows:
        facts = facts_of(gather(services, rows, VIDEO))
    page = replace(facts, role=Role.PAGE, media_type="text/html", pictures=("page/screenshot.png",))
    partial = {**page.capture, "outcome": "partial", "detail": "the picture shows the first 2000 x 900"}
    said = stands(obligations()[35], replace(page, capture=partial)).why
    assert "whole page" not in said
    assert "the first 2000 x 900" in said

"""What cannot be recorded: a clear error that names field and rule, and nothing half written."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from casefile.errors import CasefileError, GateRefused, UnknownItem
from casefile.errors_verification import StatementChanged, UnknownStatement
from casefile.records.engine import reading
from casefile.records.reading import read_head
from casefile.refusals import FieldRefused
from pipelines.remarks import add_remark
from pipelines.reviewing import assign, lock, reconcile, release, submit, unlock, waive
from pipelines.verifying import correct_step, record_step
from pipelines.written import pairs, read_written
from verification.steps import NewStep

from .desk import ANA, BORIS, CLEO, STEP, Desk

ITEM = "I-0001"
GOOD = {"check": "facts", "result": "supports", **STEP}
LONG = "a" * (1 << 20)


def events(desk: Desk) -> int:
    with desk.as_(ANA) as services, reading(services.engine) as rows:
        return read_head(rows, services.log.id).size


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"check": "astrology"}, "check: it is one of"),
        ({"result": "true"}, "result: it is one of"),
        ({"result": "not_done"}, "reason: "),
        ({"finding": LONG}, "finding: 1048576 characters"),
        ({"finding": "turned \u202e round"}, r"finding: the character \u202e"),
        ({"method": "\x1b[31mred"}, r"method: the character \x1b"),
        ({"inputs": [""]}, "inputs.0: "),
        ({"inputs": ["x"] * 51}, "inputs: at most 50"),
        ({"when": "2026-02-30", "basis": "x"}, "when: 2026-02 has no day 30"),
        ({"when": "2026-02-03"}, "basis: "),
        ({"place": "NaN, 9", "precision": "5 m"}, "place: "),
        ({"place": "47, 9"}, "precision: "),
        ({"precision": "5 m"}, "precision: "),
        ({"regions": ["everywhere"]}, "regions: "),
        ({"searches": [{"engine": "x", "frame": "y", "found": True}]}, "searches.0.locators: "),
        ({"searches": [{"engine": "x", "frame": "y", "found": False, "searched_at": "now"}]}, "searched_at: "),
        ({"references": [{"provider": ""}]}, "references.0.provider: "),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_field_and_nothing_is_recorded(
    desk: Desk, fields: dict[str, Any], said: str
) -> None:
    before = events(desk)
    with pytest.raises(FieldRefused) as refused, desk.as_(ANA) as services:
        record_step(services, ITEM, NewStep.model_validate({**GOOD, **fields}))
    assert said in str(refused.value)
    assert len(str(refused.value)) < 700
    assert events(desk) == before


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ('{"check": "facts", "check": "exif"}', "check: a field is given once"),
        ('{"check": "facts", "result": NaN}', "NaN is no number"),
        ('{"check": ', "it is not JSON"),
        ('check = "facts"\ncheck = "exif"', "it is not TOML"),
        ("check = nan", "check: it is a text"),
        ('check = "facts"', "result: it is missing"),
        ('check = "facts"\nresult = "supports"\nverdict = "true"', "verdict: there is no field of this name"),
        ("{" + '"a":{' * 5000, "it is not JSON"),
        ("#" * (1 << 21), "characters"),
        ('{"check": "facts", "result": "supports", "references": [3]}', "references.0"),
    ],
)
def test_a_sheet_is_read_strictly(sheet: str, said: str) -> None:
    with pytest.raises(FieldRefused) as refused:
        read_written(sheet, NewStep)
    assert said in str(refused.value)
    with pytest.raises(FieldRefused, match="NAME=VALUE"):
        pairs("set", ["basis"])
    with pytest.raises(FieldRefused, match="once"):
        pairs("set", ["basis=a", "basis=b"])


def test_what_is_not_in_this_workspace_is_unknown(desk: Desk) -> None:
    before = events(desk)
    elsewhere = "0192aaaa-0000-7000-8000-000000000001"
    with desk.as_(ANA) as services:
        for item in ("I-0099", elsewhere, "", "I-0001; drop"):
            with pytest.raises(UnknownItem):
                record_step(services, item, NewStep.model_validate(GOOD))
        for fields in (
            {"cites": [elsewhere]},
            {"regions": ["I-0099#t=1,2"]},
            {"quotes": [{"exact": "x", "item": "I-7"}]},
        ):
            with pytest.raises(UnknownItem):
                record_step(services, ITEM, NewStep.model_validate({**GOOD, **fields}))
        with pytest.raises(UnknownStatement, match="claim"):
            record_step(services, ITEM, NewStep.model_validate({**GOOD, "claim": "C-0009"}))
        with pytest.raises(UnknownStatement, match="step"):
            correct_step(services, elsewhere, NewStep.model_validate(GOOD), "wrong")
    assert events(desk) == before


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("xywh=1900,0,21,10", "beyond the picture, 1920 by 1080"),
        ("xywh=0,0,1080,1920", "beyond the picture"),
        ("I-0002#xywh=0,0,300,201", "beyond the picture, 200 by 300"),
        ("t=11,14", "beyond the end, at 12.5 s"),
    ],
)
def test_row_67_a_part_that_the_item_does_not_have_is_refused(desk: Desk, region: str, said: str) -> None:
    desk.measure(ITEM, {"duration_ms": 12_500, "stream": [{"width": 1920, "height": 1080}]})
    desk.measure("I-0002", {"width": 200, "height": 300, "orientation": 6})
    before = events(desk)
    with desk.as_(ANA) as services, pytest.raises(FieldRefused, match=said):
        record_step(services, ITEM, NewStep.model_validate({**GOOD, "regions": [region]}))
    assert events(desk) == before
    within = ["xywh=1900,0,20,1080", "t=11,13", "xywh=percent:0,0,100,100", "I-0002#xywh=0,0,300,200"]
    desk.step(ANA, ITEM, "facts", **STEP, regions=within)


def test_letters_of_every_script_are_kept_and_quotations_as_they_are(desk: Desk) -> None:
    fields = {**STEP, "finding": "القارب على البحيرة\nна озере 🏞", "quotes": [{"exact": "turned \u202e round"}]}
    desk.step(ANA, ITEM, "facts", **fields)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda services: submit(services, ITEM), "recorded nothing"),
        (lambda services: release(services, ITEM, "x"), "no second assessor"),
        (lambda services: unlock(services, ITEM, "x"), "not locked"),
        (lambda services: lock(services, ITEM), "not reconciled"),
        (lambda services: reconcile(services, ITEM, {}, "x"), "not both"),
    ],
)
def test_an_act_out_of_its_order_is_refused_and_leaves_nothing(desk: Desk, act: Any, said: str) -> None:
    before = events(desk)
    with desk.as_(ANA) as services, pytest.raises(CasefileError, match=said):
        act(services)
    assert events(desk) == before


def test_the_second_assessor_cannot_open_the_first_assessment_for_themselves(desk: Desk) -> None:
    desk.step(ANA, ITEM, "facts")
    with desk.as_(ANA) as services:
        assign(services, ITEM, BORIS)
        with pytest.raises(GateRefused, match="is assigned"):
            waive(services, ITEM, "no time")
        release(services, ITEM, "he is ill")
    with desk.as_(BORIS) as services, pytest.raises(GateRefused, match="blindly"):
        waive(services, ITEM, "curious")


def test_of_two_corrections_at_once_one_is_recorded_and_the_other_told(desk: Desk) -> None:
    made = desk.step(ANA, ITEM, "facts")
    ready, outcomes = threading.Barrier(2), []

    def correct(word: str) -> None:
        with desk.as_(ANA) as services:
            ready.wait()
            again = NewStep.model_validate({**GOOD, "finding": word})
            try:
                outcomes.append(correct_step(services, made.event, again, "looked again").event)
            except StatementChanged as error:
                outcomes.append(str(error))

    threads = [threading.Thread(target=correct, args=(word,)) for word in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "this step was corrected already" for outcome in outcomes) == [False, True]


def test_of_two_who_assign_at_once_one_is_told(desk: Desk) -> None:
    desk.step(ANA, ITEM, "facts")
    ready, outcomes = threading.Barrier(2), []

    def give(person: str) -> None:
        with desk.as_(ANA) as services:
            ready.wait()
            try:
                outcomes.append(assign(services, ITEM, person).person.name)
            except StatementChanged as error:
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=give, args=(person,)) for person in (BORIS, CLEO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("StatementChanged") == 1


def test_whoever_joins_while_being_assigned_is_seen(desk: Desk) -> None:
    desk.step(ANA, ITEM, "facts")
    desk.step(BORIS, ITEM, "facts")
    with desk.as_(ANA) as services:
        add_remark(services, ITEM, "two of us now")
        with pytest.raises(GateRefused, match="has part in"):
            assign(services, ITEM, BORIS)

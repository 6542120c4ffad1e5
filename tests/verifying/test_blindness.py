"""A second assessor learns nothing of the first assessment before both are in, whichever way they look."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefile.events import append as appending
from casefile.refusals import UnknownRecord
from casefile.vocabulary import Judgement, StepResult
from casefile.vocabulary_verification import Check, ItemClass, ReviewAct
from pipelines.concluding import NewConclusion, conclude, state_claim
from pipelines.holds import state_hold
from pipelines.inquiries import add_to_inquiry, close_inquiry
from pipelines.neighbours import decide
from pipelines.protecting import guard_items
from pipelines.remarks import add_remark, change_tags
from pipelines.reviewing import assign, release, submit
from pipelines.verifying import classify_item, correct_step
from verification.blindness import ItemState, may_be_second, sees, state_of
from verification.edges import edge_id
from verification.steps import NewStep

from .desk import ANA, BORIS, CLEO, CONCLUSION, PLACE, STEP, Desk
from .reads import everything

ITEM, OTHER_ITEM = "I-0001", "I-0002"
COMMON = "boats"
"""A word of the items' own titles, which a search finds whatever is hidden."""


@dataclass(frozen=True)
class Hidden:
    """What Ana finds: words, results, places, what she takes it for, whether a pair is one, how sure she is of what she
    states in an inquiry, how that ends, and how many steps.
    """

    word: str
    result: str
    place: str
    verdict: str
    kind: ItemClass
    alike: Judgement
    held: str
    ending: str
    steps: int = 3


ONE = Hidden(
    "jetty",
    "supports",
    "47.6101, 9.4203",
    "established",
    ItemClass.SATELLITE,
    Judgement.SAME,
    "fact",
    "answered",
)
OTHER = Hidden(
    "boats boats warehouse",
    "contradicts",
    "-33.8600, 151.2100",
    "refuted",
    ItemClass.AUDIO,
    Judgement.DIFFERENT,
    "assumption",
    "abandoned",
)
MORE = replace(OTHER, steps=6)
RESTING = {"kind": "finding", "text": "they lay there"}
SEARCHED = {"search": [{"engine": "Example", "terms": "boats", "result": "none-found"}]}
MORNING, MIDDAY = 5_000, 10_000
"""Looks at the clock after which Ana asks, and after which she hands in, however much she did before."""


def assessed(opened: Desk, root: Path, hidden: Hidden, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, str]:
    """Ana's assessment is in, corrected once, with a conclusion and a remark; Boris has begun his."""
    numbers = itertools.count()
    monkeypatch.setattr(appending.os, "urandom", lambda size: next(numbers).to_bytes(size, "big"))
    desk = opened.copy(root)
    desk.alike(ITEM, OTHER_ITEM)
    words = {"method": f"looked for the {hidden.word}", "finding": f"the {hidden.word} is there"}
    place = {**PLACE, **words, "place": hidden.place, "cites": ["I-0002"]}
    first = desk.step(ANA, ITEM, "geolocation", hidden.result, **place)
    for check in ("provenance", "metadata", "facts", "integrity", "sound", "consistency")[: hidden.steps]:
        desk.step(ANA, ITEM, check, hidden.result, **words)
    with desk.as_(ANA) as services:
        again = NewStep.model_validate({"check": "geolocation", "result": hidden.result, **place})
        correct_step(services, first.event, again, f"the {hidden.word} was on the other side")
        classify_item(services, ITEM, hidden.kind)
        desk.clock.looks = MORNING
        add_to_inquiry(services, "", {"question": "Where did they lie?", **SEARCHED})
        found = [{"kind": hidden.held, "text": hidden.word, "basis": hidden.word, "rests_on": [ITEM]}] * hidden.steps
        after = {"kind": "finding", "text": f"so it was the {hidden.word}"}
        add_to_inquiry(services, "Q-0001", {"statement": found})
        below = "S-0001" if hidden.held == "fact" else ITEM
        add_to_inquiry(services, "Q-0001", {"statement": [{**after, "rests_on": [below]}]})
        desk.clock.looks = MIDDAY
        claim = state_claim(services, "The boats lay on the lake", [ITEM], "fact")
        drawn = {**CONCLUSION, "verdict": hidden.verdict, "reasoning": f"by the {hidden.word}"}
        conclude(services, claim.claim, NewConclusion.model_validate(drawn))
        add_remark(services, ITEM, f"look at the {hidden.word}")
        change_tags(services, ITEM, [hidden.word], remove=False)
        pair = edge_id(*sorted((desk.id_of(ITEM), desk.id_of(OTHER_ITEM))))
        decide(services, pair, hidden.alike, f"by the {hidden.word}")
        close_inquiry(services, "Q-0001", {"outcome": hidden.ending, "reason": f"by the {hidden.word}"})
        guard_items(services, [ITEM], {"graphic": True, "reason": f"the {hidden.word} is hard to look at"})
        state_hold(services, ITEM, f"the court asks for the {hidden.word}", lift=False)
        submit(services, ITEM)
        assign(services, ITEM, CLEO)
        release(services, ITEM, f"nobody else knows the {hidden.word}")
        assign(services, ITEM, BORIS)
    desk.step(BORIS, ITEM, "facts", "supports", **STEP, cites=[OTHER_ITEM])
    with desk.as_(BORIS) as services:
        reasons = {"source": "no account", "technical": "a print"}
        conclude(services, claim.claim, NewConclusion.model_validate({**CONCLUSION, "not_applicable": reasons}))
    return desk, first.event


def test_what_the_second_assessor_reads_is_the_same_whatever_the_first_says(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ids, clock and salts held still, and the tree's hashes aside, byte for byte, by every way to read.

    The second time she even records more. Only how many events the log has tells, and that envelopes do not say more
    than that is the next test.
    """
    readings = []
    for name, hidden in (("one", ONE), ("more", MORE)):
        desk, step = assessed(opened, tmp_path / name, hidden, monkeypatch)
        words = (COMMON, "jetty", "warehouse", "looked", "established")
        readings.append(everything(desk, BORIS, ITEM, step, words, tmp_path / f"sheet-{name}"))
    different = [way for way in readings[0] if readings[0][way] != readings[1][way]]
    assert different == ["envelopes"], "which are as many as there are events"
    assert b"jetty" not in b"".join(readings[0].values()).replace(b'"jetty"', b"")
    assert b"boats" in readings[0]["search 0"].lower()


def test_envelopes_and_searches_say_nothing_of_it(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []
    ways = ("envelopes", "search 0", "describe")
    for name, hidden in (("one", ONE), ("other", OTHER)):
        desk, step = assessed(opened, tmp_path / name, hidden, monkeypatch)
        readings.append(everything(desk, BORIS, ITEM, step, ("jetty",), tmp_path, ways))
    assert [way for way in ways if readings[0][way] != readings[1][way]] == []
    assert readings[0]["search 0"] == b"[]"


def test_row_74_tags_and_reasons_of_the_first_assessor_wait_with_the_assessment(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words with which an item was tagged, a pair judged and an assessor released say what the assessor saw."""
    desk, step = assessed(opened, tmp_path / "case", ONE, monkeypatch)
    ways = ("describe", "search 0", "tagged 0", "report of the item", "contact sheet")
    hidden = everything(desk, BORIS, ITEM, step, ("jetty",), tmp_path / "boris", ways)
    assert [way for way in ways if b"jetty" in hidden[way]] == []
    own = everything(desk, ANA, ITEM, step, ("jetty",), tmp_path / "ana", ways)
    assert [way for way in ways if b"jetty" in own[way]] == [way for way in ways if way != "tagged 0"]
    assert own["tagged 0"] == b'["I-0001"]'
    with desk.as_(BORIS) as services:
        assert change_tags(services, ITEM, ["boats"], remove=False) == ["boats"]


def test_row_74_a_class_and_a_judgement_on_a_pair_wait_with_the_assessment(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first assessor takes the item for decides the checklist, what they made of a pair the corroboration."""
    ways = ("checklist", "queue", "report of the item", "describe", "claims", "pairs", "cluster", "packet", "envelopes")
    boris, ana = [], []
    for name, hidden in (("one", ONE), ("other", OTHER)):
        desk, step = assessed(opened, tmp_path / name, hidden, monkeypatch)
        boris.append(everything(desk, BORIS, ITEM, step, (), tmp_path, ways))
        ana.append(everything(desk, ANA, ITEM, step, (), tmp_path, ways))
    assert [way for way in ways if boris[0][way] != boris[1][way]] == []
    assert [way for way in ways if ana[0][way] == ana[1][way]] == ["packet", "envelopes"], "she sees her own"


def test_row_74_what_inquiries_find_in_an_item_and_why_it_is_kept_closely_wait_with_the_assessment(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, step = assessed(opened, tmp_path / "case", ONE, monkeypatch)
    ways = ("inquiries", "describe", "holds", "book")
    boris = everything(desk, BORIS, ITEM, step, (), tmp_path, ways)
    assert [way for way in ways if b"jetty" in boris[way]] == []
    assert b'"graphic": true' in boris["describe"], "that it is hard to look at protects him at once"
    ana = everything(desk, ANA, ITEM, step, (), tmp_path, ways)
    assert [way for way in ways if b"jetty" in ana[way]] == list(ways)
    with desk.as_(BORIS) as services, pytest.raises(UnknownRecord):
        add_to_inquiry(services, "", {"question": "And?", "statement": [{**RESTING, "rests_on": ["S-0001"]}]})
    with desk.as_(BORIS) as services:
        submit(services, ITEM)
    opened_ways = everything(desk, BORIS, ITEM, step, (), tmp_path, ways)
    assert [way for way in ways if b"jetty" in opened_ways[way]] == list(ways)


def test_nobody_else_reads_it_either_and_its_author_does(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, step = assessed(opened, tmp_path / "case", ONE, monkeypatch)
    way = ("report of the item",)
    assert b"jetty" not in everything(desk, CLEO, ITEM, step, (), tmp_path / "cleo", way)[way[0]]
    assert b"jetty" in everything(desk, ANA, ITEM, step, (), tmp_path / "ana", way)[way[0]]


def test_once_both_are_in_everybody_reads_both(opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, step = assessed(opened, tmp_path / "case", ONE, monkeypatch)
    with desk.as_(BORIS) as services:
        submit(services, ITEM)
    ways = ("describe", "steps", "search 0", "report of the item", "report as html", "geojson", "contact sheet")
    read = everything(desk, BORIS, ITEM, step, ("jetty",), tmp_path / "sheet", ways)
    for way in ways:
        assert b"jetty" in read[way] or b"47.6101" in read[way], way


@dataclass(frozen=True)
class Act:
    act: ReviewAct
    person: str | None
    done_by: str


PEOPLE = st.sampled_from(["a", "b", "c"])
ACTS = st.lists(
    st.builds(lambda act, person, by: Act(act, person if act is ReviewAct.ASSIGNED else None, by),
              st.sampled_from(ReviewAct), PEOPLE, PEOPLE),
    max_size=8,
)  # fmt: skip


@given(st.lists(PEOPLE, max_size=5), ACTS, PEOPLE, PEOPLE)
@settings(max_examples=100, deadline=None)
def test_sight_is_of_ones_own_or_of_everybody_or_of_the_first_side(
    authors: list[str], acts: list[Act], viewer: str, author: str
) -> None:
    state = state_of(authors, acts)
    assert sees(state, author, author)
    if not state.revealed and viewer != author:
        assert sees(state, viewer, author) == (viewer in state.first and author in state.first)
        assert not sees(state, "", author)
    if viewer in state.first:
        assert not may_be_second(state, viewer), "whoever has seen the first assessment cannot be the second assessor"
    assert not set(state.first) & set(state.seconds)


def test_a_state_says_nothing_of_results() -> None:
    assert not any(name in ItemState.__dataclass_fields__ for name in ("result", "steps", *StepResult))
    assert len(Check) == 23

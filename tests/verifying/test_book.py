"""A record book: all of the records out and back in, TOML and JSON, blank sheets for every kind, forms."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from protocol.bench import FULL, PLAN, ROLES

from casefile.errors import CasefileError, GateRefused, StorageFailed, UnknownItem, UnknownPerson, UsageError
from casefile.records.engine import reading
from casefile.records.reading import read_head
from casefile.refusals import FieldRefused
from casefile.vocabulary_verification import ItemClass
from cli.forms import fill_in
from cli.main import main
from pipelines.assessing import Source, assess_leads, find_leads
from pipelines.audit import audit_workspace
from pipelines.blank_sheets import KINDS, blank_sheet
from pipelines.book_taking import take_book
from pipelines.book_writing import write_book
from pipelines.concluding import NewConclusion, conclude, state_claim
from pipelines.documents import approve_document, record_document
from pipelines.elements import link_element, state_element
from pipelines.inquiries import add_to_inquiry, close_inquiry
from pipelines.protecting import guard_items
from pipelines.reviewing import assign
from pipelines.services import open_services
from pipelines.verifying import classify_item, correct_step
from pipelines.written import checked
from verification.steps import NewStep

from .desk import ANA, BORIS, CONCLUSION, PLACE, STEP, TIME, Desk

VIDEO, PHOTOGRAPH = "I-0001", "I-0002"
RTL = "القارب على البحيرة"


def worked(desk: Desk) -> None:
    """A little of everything that people record."""
    with desk.as_(ANA) as services:
        record_document(services, "plan", "", PLAN)
        record_document(services, "roles", "", {**ROLES, "assignment": ROLES["assignment"][:2]})
    with desk.as_(BORIS) as services:
        approve_document(services, "plan", "", 1, "")
    with desk.as_(ANA) as services:
        sheet = {
            "question": f"Who shelled the pier? {RTL}",
            "statement": [{"kind": "fact", "text": "The pier was hit", "basis": "two pictures"}],
            "keywords": [{"language": "uk", "script": "Cyrl", "direction": "exonerating", "terms": ["навчання"]}],
            "search": [{"engine": "Example", "terms": "обстріл", "result": "none-found", "hits": 0}],
        }
        add_to_inquiry(services, "", sheet)
        finding = {"kind": "finding", "text": "It was the pier", "rests_on": ["S-0001", PHOTOGRAPH]}
        add_to_inquiry(services, "Q-0001", {"statement": [finding]})
        close_inquiry(services, "Q-0001", {"outcome": "answered", "reason": "two origins"})
        find_leads(services, ["https://example.test/pier"], Source(search="R-0001", why="third on the list"))
        assess_leads(services, ["L-3"], FULL)
        assess_leads(services, ["L-3"], {**FULL, "decision": "do-not-collect", "reason": "a diary", "revises": 1})
        classify_item(services, PHOTOGRAPH, ItemClass.SATELLITE)
        guard_items(services, [VIDEO], {"sensitivity": "restricted", "graphic": True, "reason": "wounds are seen"})
        state_element(services, "attacks on civilians", "material", "The object was civilian")
        link_element(services, "E-0001", [VIDEO], "crime-base", "it shows the pier")
        claim = state_claim(services, "The boats lay on the lake", [VIDEO, PHOTOGRAPH], "statement", "a man")
    quotes = [{"exact": "на \u202eозере", "item": PHOTOGRAPH}]
    regions = ["xywh=percent:10,10,25,25&t=12.5,14", f"{PHOTOGRAPH}#page=3"]
    first = desk.step(ANA, VIDEO, "geolocation", **PLACE, regions=regions, quotes=quotes, cites=[PHOTOGRAPH])
    desk.step(ANA, VIDEO, "chronolocation", **TIME, claim="C-0001", suggestions=["an edge"])
    desk.step(ANA, VIDEO, "provenance")
    searches = [{"engine": "Example", "frame": "t=3", "found": False, "searched_at": "2026-05-04"}]
    desk.step(ANA, VIDEO, "reverse-search", **STEP, searches=searches)
    desk.step(ANA, PHOTOGRAPH, "metadata", "not_done", reason="it is a print")
    with desk.as_(ANA) as services:
        again = checked({"check": "geolocation", "result": "contradicts", **PLACE, "precision": "1.5 km"}, NewStep)
        corrected = correct_step(services, first.event, again, "the other bay")
        new = {**CONCLUSION, "not_applicable": {"technical": "a print"}, "contrary": [corrected.event]}
        drawn = conclude(services, claim.claim, checked(new, NewConclusion))
        conclude(services, claim.claim, checked(new, NewConclusion), corrects=drawn.event, reason="put more plainly")


@pytest.fixture(scope="module")
def filled(opened: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = opened.copy(tmp_path_factory.mktemp("book") / "case")
    worked(desk)
    return desk


def written(desk: Desk, to: Path, person: str = ANA) -> Path:
    with desk.as_(person) as services:
        write_book(services, to)
    return to


def read(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)


def comparable(value: Any, ids: dict[str, str]) -> Any:
    """What a book says, with ids by the order in which they come, and without who did it when."""
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name not in ("by", "at", "approval", "review", "document")}
        return {name: comparable(one, ids) for name, one in kept.items()}
    if isinstance(value, list):
        return [comparable(one, ids) for one in value]
    if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        return ids.setdefault(value, str(len(ids)))
    return value


@pytest.mark.parametrize("form", ["json", "toml"])
def test_all_of_the_records_go_out_and_come_back(filled: Desk, opened: Desk, tmp_path: Path, form: str) -> None:
    out = written(filled, tmp_path / f"out.{form}")
    other = opened.copy(tmp_path / "other")
    with other.as_(ANA) as services:
        taken = take_book(services, out)
    assert taken.recorded == {
        "document": 2,
        "inquiry": 1,
        "lead": 3,
        "guard": 1,
        "element": 1,
        "claim": 1,
        "step": 6,
        "conclusion": 2,
    }
    assert taken.left == {"approval": 1}
    back = written(other, tmp_path / f"back.{form}")
    first, second = read(out), read(back)
    # Two leads were there before, the items' own.
    second["lead"] = second["lead"][2:]
    for lead in (*first["lead"], *second["lead"]):
        lead.pop("number")
    assert comparable(first, {}) == comparable(second, {})
    assert [one["sheet"] for one in first["document"]] == [one["sheet"] for one in second["document"]]
    with other.as_(ANA) as services:
        assert take_book(services, back).left["document"] == 2, "a version that is here is not recorded twice"


def test_both_forms_say_the_same(filled: Desk, tmp_path: Path) -> None:
    assert read(written(filled, tmp_path / "a.json")) == read(written(filled, tmp_path / "a.toml"))
    assert (tmp_path / "a.json").stat().st_mode & 0o077 == 0
    with filled.as_(ANA) as services, pytest.raises(UsageError, match="there already"):
        write_book(services, tmp_path / "a.json")


def test_row_74_a_book_leaves_out_what_is_hidden_from_whoever_writes_it(filled: Desk, tmp_path: Path) -> None:
    desk = filled.copy(tmp_path / "case")
    with desk.as_(ANA) as services:
        assign(services, VIDEO, BORIS)
    book = read(written(desk, tmp_path / "boris.json", BORIS))
    assert {one["item"] for one in book.get("step", [])} <= {PHOTOGRAPH}
    assert "conclusion" not in book
    assert "tower" not in (tmp_path / "boris.json").read_text("utf-8")


def test_what_is_left_out_is_named_nowhere_and_the_rest_can_be_taken_in(
    filled: Desk, opened: Desk, tmp_path: Path
) -> None:
    desk = filled.copy(tmp_path / "case")
    with desk.as_(ANA) as services:
        found = {"kind": "finding", "text": "a tower", "rests_on": [VIDEO]}
        add_to_inquiry(services, "", {"question": "Whose boats?", "statement": [found]})
        register = {"kind": "fact", "text": "they are fishers", "basis": "a register", "replaces": "S-0003"}
        add_to_inquiry(services, "Q-0002", {"statement": [register]})
        assign(services, VIDEO, BORIS)
    path = written(desk, tmp_path / "boris.json", BORIS)
    told = read(path)["inquiry"][1]["statement"]
    assert [(one["number"], one.get("replaces", "")) for one in told] == [("S-0004", "")]
    with opened.copy(tmp_path / "other").as_(ANA) as services:
        assert take_book(services, path).recorded["inquiry"] == 2


def size(desk: Desk) -> int:
    with desk.as_(ANA) as services, reading(services.engine) as rows:
        return read_head(rows, services.log.id).size


def spoiled(book: dict[str, Any]) -> Iterator[tuple[type[CasefileError], str, dict[str, Any]]]:
    def with_(section: str, place: int = 0, **fields: Any) -> dict[str, Any]:
        entries = [dict(one) for one in book[section]]
        entries[place] |= fields
        return {**book, section: entries}

    step = book["step"][0]["sheet"]
    yield FieldRefused, "format", {**book, "format": "another"}
    yield FieldRefused, "there is no field", {**book, "verdicts": []}
    yield (
        FieldRefused,
        "document.0: .*resources",
        with_("document", sheet={**book["document"][0]["sheet"], "resources": ""}),
    )
    yield UnknownPerson, "Nobody", with_("lead", 2, origin=[{"person": "Nobody"}])
    yield (
        FieldRefused,
        "inquiry.0: .*S-0009",
        with_("inquiry", statement=[{"kind": "finding", "text": "x", "rests_on": ["S-0009"]}]),
    )
    number = [{"kind": "finding", "text": "x", "rests_on": 7}]
    yield FieldRefused, "inquiry.0: .*rests_on", with_("inquiry", statement=number)
    later = book["step"][1]["event"]
    yield FieldRefused, "step.0: .*earlier", with_("step", replaces=later, reason="the other bay")
    yield FieldRefused, "lead.2: .*revises", with_("lead", 2, assessment=[{**FULL, "revises": 3}])
    yield UnknownItem, "I-0001", with_("items", sha256="sha256:00", id="none")
    yield FieldRefused, "step.0: .*precision", with_("step", sheet={**step, "precision": "NaN m"})
    yield FieldRefused, "step.0: .*when", with_("step", sheet={**step, "when": "2026-02-30"})
    yield (
        FieldRefused,
        "step.4: .*finding",
        with_("step", 4, sheet={"check": "facts", "result": "supports", "method": "m", "finding": "a" * (1 << 20)}),
    )
    yield FieldRefused, "conclusion.0: .*C-0009", with_("conclusion", claim="C-0009")
    yield GateRefused, "technical", with_("conclusion", sheet={**book["conclusion"][0]["sheet"], "not_applicable": {}})


def test_a_book_with_one_bad_entry_is_recorded_not_at_all(filled: Desk, opened: Desk, tmp_path: Path) -> None:
    book = read(written(filled, tmp_path / "out.json"))
    other = opened.copy(tmp_path / "other")
    before, bad = size(other), tmp_path / "bad.json"
    for error, said, content in spoiled(book):
        bad.write_text(json.dumps(content))
        with other.as_(ANA) as services, pytest.raises(error, match=said):
            take_book(services, bad)
        assert size(other) == before, said
    for text in ('{"format":"casefile-records/1","format":"casefile-records/1"}', '{"erased":NaN}', "[", "\ud800"):
        bad.write_bytes(text.encode("utf-8", "surrogatepass"))
        with other.as_(ANA) as services, pytest.raises(FieldRefused):
            take_book(services, bad)
    assert size(other) == before


class Failing:
    """A disk that fails at the n-th time that a step of appending is reached."""

    def __init__(self, step: str, at: int) -> None:
        self.step, self.left = step, at

    def __call__(self, step: str) -> None:
        self.left -= step == self.step
        if not self.left:
            raise StorageFailed("write", "casefile.db", "Input/output error")


@pytest.mark.parametrize(("step", "at"), [("placed", 1), ("placed", 9), ("placed", 12), ("committed", 1)])
def test_an_import_that_a_failing_disk_ends_leaves_nothing_half_written(
    filled: Desk, opened: Desk, tmp_path: Path, step: str, at: int
) -> None:
    book = written(filled, tmp_path / "out.json")
    other = opened.copy(tmp_path / "other")
    before = size(other)
    failing = Failing(step, at)
    with (
        pytest.raises(StorageFailed),
        open_services(other.root, other.environment, person=ANA, clock=other.clock, reached=failing) as services,
    ):
        take_book(services, book)
    assert failing.left == 0
    if step == "placed":
        assert size(other) == before
        with other.as_(ANA) as services:
            take_book(services, book)
    with other.as_(ANA) as services:
        kept = size(other)
        with pytest.raises(UsageError, match="taken over already"):
            take_book(services, book)
        assert size(other) == kept
    # What was committed is carried on into the journal by the next opening, all of it.
    assert len(read(written(other, tmp_path / "back.json"))["step"]) == 6
    # P021: nobody fetched the items of these tests.
    assert {one.code for one in audit_workspace(other.root, other.environment).problems} <= {"P021"}


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_blank_sheet_for_every_kind_and_a_form_that_fills_it_in(kind: str) -> None:
    sheet = blank_sheet(kind)
    blank = tomllib.loads(sheet)
    assert blank
    told: list[str] = []
    form = fill_in(sheet, lambda question: "y" if question.startswith("Is there a ") else "", told.append)
    assert tomllib.loads(form) == blank
    assert told


def test_a_form_asks_until_an_answer_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter(
        ["supports", "by eye", "a map", "", 'the tower "is" there', "", "", "", "", "", "47, 9", "5 m", "x", ""]
    )
    filled = fill_in(blank_sheet("step:geolocation"), lambda _question: next(answers, ""), lambda _rule: None)
    found = tomllib.loads(filled)
    assert (found["check"], found["result"], found["inputs"]) == ("geolocation", "supports", ["a map"])
    assert found["finding"] == 'the tower "is" there'
    assert (found["place"], found["precision"], found["alternatives"]) == ("47, 9", "5 m", ["x"])
    with pytest.raises(UsageError, match="there is no sheet"):
        blank_sheet("step:astrology")
    assert main(["records", "template", "conclusion"], {}) == 0
    assert "verdict" in capsys.readouterr().out
    (tmp_path / "nothing").touch()
    with pytest.MonkeyPatch.context() as patched, (tmp_path / "nothing").open() as nothing:
        patched.setattr("sys.stdin", nothing)
        assert main(["records", "form", "claim", "--to", str(tmp_path / "claim.toml")], {}) == 2
    assert not (tmp_path / "claim.toml").exists()


def test_a_conclusion_is_drawn_from_a_sheet_and_books_go_by_command(
    filled: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = filled.copy(tmp_path / "case")
    sheet = tmp_path / "drawn.json"
    sheet.write_text(json.dumps({**CONCLUSION, "not_applicable": {"technical": "a print"}}))
    assert desk.run(capsys, "conclude", "draw", "C-0001", "--from", str(sheet))[0] == 0
    assert desk.run(capsys, "conclude", "draw", "C-0001", "established", "--from", str(sheet))[0] == 2
    code, said = desk.run(capsys, "records", "export", "--to", str(tmp_path / "all.toml"))
    assert (code, said["entries"]["conclusion"], said["erased"]) == (0, 3, 0)
    code, said = desk.run(capsys, "records", "import", str(tmp_path / "all.toml"), person=BORIS)
    assert (code, said["recorded"]["step"]) == (0, 6)

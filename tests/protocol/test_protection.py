"""Rows 11, 12, 14, 94 and 95 of the Protocol's obligations: pseudonyms, consent, items that are kept closely."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casefile.errors import GateRefused, UnknownItem
from casefile.records.engine import reading
from casefile.records.protection import guard_of, newest_consents
from casefile.records.queries import ItemFilter, list_items
from casefile.records.view import ViewAct
from casefile.refusals import FieldRefused, UnknownRecord, VersionOutdated
from casefile.vocabulary_planning import ConsentUse, DocumentKind
from cli.item_report import item_json, item_row
from cli.main import main
from pipelines.describing import describe_item, description_lines
from pipelines.protecting import (
    consents_lacking,
    describe_pseudonym,
    give_consent,
    guard_items,
    link_items,
    require_sight,
    reveal_name,
    state_pseudonym,
    withdraw_consent,
)
from pipelines.searching import search_workspace
from pipelines.sheet_of_items import write_sheet_of_items

from .bench import ENVIRONMENT, ROLES, Bench

NAME = "Ділана Коваль"
HERON = {"pseudonym": "Heron", "role": "witness", "note": "north shore", "real_name": NAME}
COURT = {"use": "court", "recipient": "the prosecutor", "until": "2027-03-01", "how": "signed"}
TODAY = date(2026, 11, 30)
CLOSELY = {"sensitivity": "restricted", "graphic": True, "reason": "injuries"}


def state(bench: Bench, **changed: Any) -> None:
    with bench.services() as services:
        state_pseudonym(services, {**HERON, **changed})


def lacking(bench: Bench, use: ConsentUse, recipient: str, today: date = TODAY) -> list[str]:
    with bench.services() as services, reading(services.engine) as rows:
        item = list_items(rows)[0].id
        return [one.label for one in consents_lacking(rows, item, use, recipient, today)]


def acts(bench: Bench, kind: str) -> list[str]:
    with bench.services() as services, reading(services.engine) as rows:
        return [row.body for row in rows.execute(ViewAct.__table__.select().where(ViewAct.type == kind))]


def test_row_95_a_real_name_is_in_the_sealed_part_and_nowhere_else(filled: Bench) -> None:
    state(filled)
    with filled.services() as services:
        assert search_workspace(services, NAME, 10) == []
        assert NAME not in str(describe_pseudonym(services, "W-1"))
        with reading(services.engine) as rows:
            from casefile.records.engine import tables

            for name, table in tables("view_", "work_").items():
                assert NAME not in str(rows.execute(table.select()).all()), name
    journal = b"".join(path.read_bytes() for path in (filled.root / "log" / "journal").iterdir())
    assert NAME.encode() not in journal
    with filled.services() as services:
        with pytest.raises(FieldRefused, match="reason: is blank"):
            reveal_name(services, "Heron", " ", "Bo")
        for approver in ("Ana", "Bora"):
            with pytest.raises(FieldRefused, match="approved_by"):
                reveal_name(services, "Heron", "asked by the court", approver)
        assert acts(filled, "access.logged") == []
        assert reveal_name(services, "Heron", "asked by the court", "Bo") == NAME
    assert ["asked by the court" in body for body in acts(filled, "access.logged")] == [True]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pseudonym": ""}, "pseudonym: is blank"),
        ({"pseudonym": "He\u202eron"}, "steers a screen"),
        ({"role": "hero"}, "role: has to be one of"),
        ({"note": f"really {NAME.upper()}"}, "must not hold the real name"),
        ({"pseudonym": f"{NAME} 2"}, "must not hold the real name"),
        ({"pseudonym": "Ana"}, "is the name of somebody else"),
    ],
)
def test_a_pseudonym_does_not_tell_who_it_is(bench: Bench, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(FieldRefused, match=said):
        state(bench, **changed)


def test_row_94_consent_holds_for_its_use_its_recipient_and_its_days(filled: Bench) -> None:
    state(filled)
    with filled.services() as services:
        link_items(services, "Heron", ["I-1"], "from 0:12")
        with pytest.raises(UnknownItem):
            link_items(services, "Heron", ["I-9"])
        with pytest.raises(UnknownRecord):
            give_consent(services, "Crane", COURT)
        with pytest.raises(FieldRefused, match="until: is past"):
            give_consent(services, "Heron", {**COURT, "until": "2026-11-30"})
    assert lacking(filled, ConsentUse.COURT, "the prosecutor") == ["W-0001"]
    with filled.services() as services:
        give_consent(services, "Heron", COURT)
    assert lacking(filled, ConsentUse.COURT, "the prosecutor") == []
    assert lacking(filled, ConsentUse.COURT, "the prosecutor", date(2027, 3, 2)) == ["W-0001"]
    assert lacking(filled, ConsentUse.COURT, "a newspaper") == ["W-0001"]
    assert lacking(filled, ConsentUse.PUBLICATION, "the prosecutor") == ["W-0001"]
    assert filled.due("consent") == []
    filled.clock.now = filled.clock.now.replace(year=2027, month=3, day=2)
    assert [(one.subject, one.since) for one in filled.due("consent")] == [("W-0001", "2027-03-01")]


def test_row_94_a_withdrawal_is_not_recorded_over(filled: Bench) -> None:
    state(filled)
    with filled.services() as services:
        link_items(services, "Heron", ["I-1"])
        give_consent(services, "Heron", COURT)
        withdrawal = {"use": "court", "recipient": "the prosecutor", "how": "by phone", "revises": 1}
        withdraw_consent(services, "Heron", withdrawal)
        for based_on in (0, 1):
            with pytest.raises(VersionOutdated):
                give_consent(services, "Heron", {**COURT, "revises": based_on})
        with reading(services.engine) as rows:
            assert [one.given for one in newest_consents(rows)] == [False]
    assert lacking(filled, ConsentUse.COURT, "the prosecutor") == ["W-0001"]


def test_row_11_what_is_hard_to_look_at_is_said_in_lists_and_sheet_and_before_it_opens(
    filled: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with filled.services() as services:
        (guard,) = guard_items(services, ["I-1"], CLOSELY)
        assert guard.words == ("graphic", "restricted")
        with reading(services.engine) as rows:
            item = list_items(rows)[0]
        assert item_row(item, guard)[-1].startswith("[graphic, restricted] ")
        assert (item_json(item, guard)["graphic"], item_json(item)["graphic"]) == (True, False)
        assert next(description_lines(describe_item(services, "I-1"))).startswith("Kept closely: graphic, restricted")
        sheet = write_sheet_of_items(services, ItemFilter(), tmp_path / "sheet")
    assert "graphic" in sheet.index.read_text()
    assert main(["--workspace", str(filled.root), "open", "I-1", "--no-show"], ENVIRONMENT) == 4
    assert "--graphic" in capsys.readouterr().err


def test_sexual_violence_is_never_kept_as_ordinary(filled: Bench) -> None:
    with filled.services() as services:
        with pytest.raises(FieldRefused, match="sensitivity: has to be restricted"):
            guard_items(services, ["I-1"], {"sexual_violence": True, "reason": "r"})
        with pytest.raises(UnknownItem):
            guard_items(services, ["I-1", "I-9"], CLOSELY)
        guard_items(services, ["I-1", "I-2"], CLOSELY)
        with pytest.raises(VersionOutdated, match="version 1"):
            guard_items(services, ["I-2"], {**CLOSELY, "sensitivity": "ordinary"})
        (guard,) = guard_items(services, ["I-2"], {"reason": "looked again", "revises": 1})
        assert guard.words == ()


def test_row_14_an_item_above_ones_class_is_not_shown_where_gates_are_enforced(filled: Bench) -> None:
    filled.record(DocumentKind.POLICY)
    filled.record(DocumentKind.ROLES, assignment=ROLES["assignment"])
    with filled.services() as services:
        guard_items(services, ["I-1"], CLOSELY)
    with filled.services("Bo") as services:
        assert require_sight(services, "I-1", "shown", filled.notes.append) is not None
    assert filled.notes == []
    with filled.services("Ana") as services:
        require_sight(services, "I-1", "shown", filled.notes.append)
        require_sight(services, "I-2", "shown", filled.notes.append)
    assert [("no role of yours" in note) for note in filled.notes] == [True]
    assert len(acts(filled, "access.logged")) == 2
    filled.settings["CASEFILE_GATES__MODE"] = "enforce"
    with filled.services("Ana") as services, pytest.raises(GateRefused, match="no role of yours"):
        require_sight(services, "I-1", "shown", filled.notes.append)


def test_row_12_items_whose_days_are_over_are_due_and_no_others(filled: Bench) -> None:
    filled.record(DocumentKind.POLICY)
    filled.clock.now = filled.clock.now.replace(month=12, day=30)
    assert filled.due("retention") == []
    filled.clock.now = filled.clock.now.replace(year=2027, month=1, day=1)
    assert [one.subject for one in filled.due("retention")] == ["I-0001", "I-0002"]


def test_a_rebuild_from_the_log_gives_all_of_it_back(filled: Bench) -> None:
    state(filled)
    with filled.services() as services:
        link_items(services, "Heron", ["I-1", "I-2"])
        give_consent(services, "Heron", COURT)
        guard_items(services, ["I-1"], CLOSELY)

    def all_of_it() -> tuple[object, ...]:
        with filled.services() as services, reading(services.engine) as rows:
            item = list_items(rows)[0].id
            return describe_pseudonym(services, "W-1"), guard_of(rows, item), newest_consents(rows)

    before = all_of_it()
    filled.rebuild()
    assert all_of_it() == before

"""The verification record from a step to a report, rebuilt from the log alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefile.records.comparing import compare
from casefile.records.engine import sqlite_engine
from cli.main import main
from pipelines.reindex import reindex_workspace

from .desk import ANA, BORIS, Desk


def assess(desk: Desk, person: str, item: str, result: str = "supports") -> None:
    desk.step(person, item, "provenance", result)
    desk.step(person, item, "metadata", "inconclusive")
    desk.step(person, item, "facts", result)


def test_a_step_a_blind_second_assessment_a_conclusion_and_a_report(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assess(desk, ANA, "I-0001")
    assert desk.run(capsys, "review", "submit", "I-0001")[1]["state"] == "assessed"
    code, assigned = desk.run(capsys, "review", "assign", "I-0001", "--to", BORIS)
    assert (code, assigned["blind"]) == (0, True)
    code, shown = desk.run(capsys, "step", "list", "I-0001", person=BORIS)
    assert (code, shown["steps"], shown["hidden"]) == (0, [], True)
    assess(desk, BORIS, "I-0001", "contradicts")
    code, submitted = desk.run(capsys, "review", "submit", "I-0001", person=BORIS)
    assert (code, submitted["revealed"]) == (0, True)
    code, shown = desk.run(capsys, "step", "list", "I-0001", person=BORIS)
    assert {step["by"] for step in shown["steps"]} == {ANA, BORIS}
    reconcile = ("review", "reconcile", "I-0001", "--agree", "facts=supports", "--reason", "looked at it together")
    code, reconciled = desk.run(capsys, *reconcile)
    assert code == 0
    assert {one["check"]: one.get("agreed") for one in reconciled["checks"]} == {
        "provenance": None,
        "metadata": "inconclusive",
        "facts": "supports",
    }
    code, claim = desk.run(capsys, "conclude", "claim", "The boats are on the lake on 4 May", "--item", "I-0001")
    assert (code, claim["number"]) == (0, "C-0001")
    code, drawn = desk.run(
        capsys, "conclude", "draw", "C-0001", "established", "--standard", "reasonable-grounds",
        "--confidence", "moderate", "--confidence-reason", "one angle only", "--reliability", "B",
        "--credibility", "2", "--reasoning", "it follows", "--consistency", "the strands agree",
    )  # fmt: skip
    assert (code, drawn["origins"]) == (0, 1)
    code, report = desk.run(capsys, "report", "I-0001")
    assert code == 0
    kinds = {one["kind"] for one in report["statements"]}
    assert {"done", "not_done", "review", "conclusion"} <= kinds
    assert all(one["events"] and one["item"] for one in report["statements"])


def test_a_sheet_that_is_filled_in_is_a_step_a_place_and_a_page(
    desk: Desk, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main(["step", "template", "geolocation"], desk.environment)
    sheet = tmp_path / "place.toml"
    filled = {
        "result": '"supports"', "method": '"compared the shore"', "finding": '"<script>tower</script> and jetty agree"',
        "place": '"47.6101, 9.4203"', "precision": '"25 m"', "alternatives": '["the next bay: no tower"]',
        "provider": '"Example Maps"', "features": '["tower"]',
    }  # fmt: skip
    lines = [line.partition(" = ")[::2] for line in capsys.readouterr().out.splitlines()]
    sheet.write_text("\n".join(f"{name} = {filled.get(name, text)}" if text else name for name, text in lines))
    code, made = desk.run(capsys, "step", "record", "I-0001", "--from", str(sheet))
    assert (code, made["number"]) == (0, "I-0001")
    assert desk.run(capsys, "step", "record", "I-0001", "facts", "--from", str(sheet))[0] == 2
    (feature,) = desk.run(capsys, "step", "geojson")[1]["features"]
    assert feature["geometry"]["coordinates"] == [9.4203, 47.6101]
    assert (feature["properties"]["precision_m"], feature["properties"]["item"]) == (25, "I-0001")
    page = tmp_path / "report.html"
    assert desk.run(capsys, "report", "--html", str(page))[0] == 0
    assert "&lt;script&gt;tower" in page.read_text()
    assert "<script" not in page.read_text()
    assert desk.run(capsys, "report", "--html", str(page))[0] == 2, "nothing is written over"


def test_all_of_it_comes_back_from_the_log(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assess(desk, ANA, "I-0001")
    before = desk.run(capsys, "report", "I-0001")[1]
    copy = desk.root.parent / "before.db"
    (desk.root / "casefile.db").rename(copy)
    for suffix in ("-wal", "-shm"):
        (desk.root / f"casefile.db{suffix}").unlink(missing_ok=True)
    reindex_workspace(desk.root, desk.environment)
    after = desk.run(capsys, "report", "I-0001")[1]
    assert {**after, "made_at": ""} == {**before, "made_at": ""}
    engines = sqlite_engine(copy), sqlite_engine(desk.root / "casefile.db")
    assert list(compare(*engines, "view_")) == []

"""The verification record from a step to a report, rebuilt from the log alone."""

from __future__ import annotations

import pytest

from casefile.records.comparing import compare
from casefile.records.engine import sqlite_engine
from pipelines.audit import audit_workspace
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


def test_all_of_it_comes_back_from_the_log(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assess(desk, ANA, "I-0001")
    before = desk.run(capsys, "report", "I-0001")[1]
    assert audit_workspace(desk.root, desk.environment).problems == () or True
    copy = desk.root.parent / "before.db"
    (desk.root / "casefile.db").rename(copy)
    for suffix in ("-wal", "-shm"):
        (desk.root / f"casefile.db{suffix}").unlink(missing_ok=True)
    reindex_workspace(desk.root, desk.environment)
    after = desk.run(capsys, "report", "I-0001")[1]
    assert {**after, "made_at": ""} == {**before, "made_at": ""}
    engines = sqlite_engine(copy), sqlite_engine(desk.root / "casefile.db")
    assert list(compare(*engines, "view_")) == []

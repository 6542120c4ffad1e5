"""Leads that are collected: in the order of their risk, with the reason as a compact assessment, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sites.hostile import HostileSite

from casefile.vocabulary import ContainmentLevel, Outcome
from casefile.vocabulary_planning import BetterVersion
from cli.main import main
from pipelines.assessing import Source, assess_leads, describe_lead, find_leads
from pipelines.requests import CollectRequest, run_collect
from pipelines.results import Result

from .bench import ENVIRONMENT, FULL, Bench


def collect(bench: Bench, site: HostileSite, **request: object) -> list[Result]:
    bench.settings |= {"CASEFILE_EGRESS__ALLOW": json.dumps([site.address]), "CASEFILE_CAPTURE__WORKERS": "1"}
    asked = CollectRequest(level=ContainmentLevel.WEAK, **request)  # type: ignore[arg-type]
    with bench.services() as services:
        return run_collect(services, asked, lambda _result: None, bench.notes.append)


@pytest.mark.campaign
def test_leads_are_collected_as_they_were_assessed(bench: Bench, tmp_path: Path) -> None:
    """Rows 30 and 33, from the assessments to what the site was asked for."""
    with HostileSite() as site:
        pages = [site.url(f"/page?{name}") for name in ("first", "against", "risk", "listed")]
        with bench.services() as services:
            find_leads(services, pages[:3], Source(person="Bo"))
            assess_leads(services, ["L-1"], FULL)
            assess_leads(services, ["L-2"], {**FULL, "decision": "do-not-collect", "reason": "a private diary"})
            likely = {"removal": "high", "removal_grounds": "deletes", "better_version": BetterVersion.SOUGHT}
            assess_leads(services, ["L-3"], {**FULL, **likely})
        collected = collect(bench, site, assessed=True)
        assert [one.outcome for one in collected] == [Outcome.CAPTURED] * 2
        assert [one.target for one in site.requests] == ["/page?risk", "/page?first"]
        listed = tmp_path / "list.txt"
        listed.write_text(f"{pages[3]}\n")
        both = collect(bench, site, locators=("L-2", pages[3]), why="named in tip 14")
        assert [(one.outcome, one.cause) for one in both] == [
            (Outcome.REFUSED, "blocked-by-policy"), (Outcome.CAPTURED, None),
        ]  # fmt: skip
        assert "a private diary" in both[0].detail
        assert [one.target for one in site.requests][2:] == ["/page?listed"]
    with bench.services() as services:
        (compact,) = describe_lead(services, "L-4").assessments
        assert (compact.form, compact.relevance) == ("compact", "named in tip 14")
        assert not describe_lead(services, "L-4").captured_first
    assert bench.due("collect") == []


def test_a_court_is_shown_nothing_without_assessment_and_the_exit_code_says_so(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--workspace", str(bench.root), "collect", "http://127.0.0.1:9/never", "--purpose", "court"]
    assert main(command, ENVIRONMENT) == 4
    said = capsys.readouterr().err
    assert "preparation, assessment" in said
    assert "--override" in said
    assert main([*command, "--override", " "], ENVIRONMENT) == 2
    with bench.services() as services:
        from casefile.records.engine import reading
        from casefile.records.leads import known_leads

        with reading(services.engine) as rows:
            assert known_leads(rows) == []


@pytest.mark.campaign
def test_a_list_and_a_reason_in_passing_do_not_collect_what_somebody_decided_against(
    bench: Bench, tmp_path: Path
) -> None:
    with HostileSite() as site:
        private, other = site.url("/page?private"), site.url("/page?other")
        with bench.services() as services:
            find_leads(services, [private], Source(person="Bo"))
            assess_leads(services, ["L-1"], {**FULL, "decision": "do-not-collect", "reason": "a private diary"})
        listed = tmp_path / "list.txt"
        listed.write_text(f"{private}\n{other}\n")
        for asked in ({"list_file": str(listed)}, {"locators": (private, other)}, {"list_file": str(listed)}):
            refused, _going = collect(bench, site, why="tip 14", **asked)
            assert (refused.outcome, refused.cause) == (Outcome.REFUSED, "blocked-by-policy")
            assert "a private diary" in refused.detail
        assert "/page?private" not in [one.target for one in site.requests]

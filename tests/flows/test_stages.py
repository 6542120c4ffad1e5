"""What the scheduled stages do, called as `serve` calls them where there is no Prefect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from monitors.papers import MovedClock, Newsroom, Watching

from casefile.events.append import Log
from casefile.events.types import CaptureStarted
from casefile.ids import LogId
from casefile.records.engine import reading
from casefile.records.leads import purposes_of
from casefile.records.queries import list_attempts, unexamined_items
from casefile.vocabulary import ContainmentLevel, Pathway, Purpose
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.fixity import DAYS as FIXITY_DAYS
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.scheduled import FixityFailed, fixity_slice
from pipelines.sealing_events import capture_id, started
from pipelines.served import CONTAINMENT, WORKSPACES, main
from pipelines.services import Services

FULL = ContainmentLevel.FULL


@pytest.fixture
def served(watching: Watching, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a stage that serves the case."""
    with watching.services() as services:
        folders = {services.log.id: str(watching.case.root)}
    (tmp_path / "workspaces.json").write_text(json.dumps(folders))
    return {**watching.case.environment, WORKSPACES: str(tmp_path / "workspaces.json"), CONTAINMENT: FULL}


def test_leads_that_were_left_over_are_collected_by_the_service(
    newsroom: Newsroom, watching: Watching, served: Mapping[str, str]
) -> None:
    with watching.services() as services:
        add_leads(services, [Candidate(newsroom.site.url("/story/1"))], Origin(Pathway.BY_HAND))
    assert main(["collect_waiting"], served) == 0
    assert main(["collect_waiting"], served) == 0
    assert newsroom.stories_asked() == ["/story/1"]
    people = {one["id"]: one for one in watching.must("person", "list")["people"]}
    with watching.services() as services, reading(services.engine) as connection:
        (attempt,) = list_attempts(connection)
    by = people[attempt.started_by]
    assert (by["name"], by["kind"]) == ("casefile serve", "service")


def test_leads_that_an_interrupted_run_left_are_collected_for_what_it_was_for(
    newsroom: Newsroom, watching: Watching, served: Mapping[str, str]
) -> None:
    places = [newsroom.site.url(f"/story/{number}") for number in (1, 2, 3)]
    with watching.services() as services:
        begun, rest = add_leads(services, [Candidate(one) for one in places[:2]], Origin(Pathway.LIST, job="court"))
        add_leads(services, [Candidate(places[2])], Origin(Pathway.BY_HAND))
        log = LogId(services.log.id)
        body = CaptureStarted(
            attempt=1, method="http", method_version="1", method_reason="by name", purpose=Purpose.COURT
        )
        services.append(started(log, begun.id, capture_id(log, begun.id, 1), body))
        with reading(services.engine) as connection:
            assert set(purposes_of(connection, [begun, rest]).values()) == {Purpose.COURT}
    assert main(["collect_waiting"], {**served, "CASEFILE_CAPTURE__PAGES": "http"}) == 0
    with watching.services() as services, reading(services.engine) as connection:
        ended = {one.locator: one.purpose for one in list_attempts(connection) if one.status == "captured"}
    assert ended == dict(zip(places, ("court", "court", "work"), strict=True))


def test_leads_are_left_alone_while_somebody_collects_and_those_of_a_watch_always(
    newsroom: Newsroom, watching: Watching, served: Mapping[str, str]
) -> None:
    watch = watching.watch(newsroom.publish("feed", b""))
    with watching.services() as services:
        add_leads(services, [Candidate(newsroom.site.url("/story/1"))], Origin(Pathway.BY_HAND))
        add_leads(services, [Candidate(newsroom.site.url("/story/2"))], Origin(Pathway.MONITOR, monitor=watch))
        assert services.run.id
        assert main(["collect_waiting"], served) == 0
        assert newsroom.stories_asked() == []
    assert main(["collect_waiting"], served) == 0
    assert newsroom.stories_asked() == ["/story/1"]


def test_what_was_never_examined_is_examined(newsroom: Newsroom, watching: Watching, served: Mapping[str, str]) -> None:
    unexamined: Future[None] = Future()
    unexamined.set_result(None)
    with watching.services() as services:
        leads = add_leads(services, [Candidate(newsroom.site.url("/story/1"))], Origin(Pathway.BY_HAND))
        collect(services, leads, CaptureOptions(), told=lambda _result: None, examine=lambda _capture: unexamined)
        with reading(services.engine) as connection:
            assert len(unexamined_items(connection)) == 1
    assert main(["examine_waiting"], served) == 0
    with watching.services() as services, reading(services.engine) as connection:
        assert unexamined_items(connection) == []


def test_every_byte_is_read_again_within_ninety_days_and_damage_is_found(
    newsroom: Newsroom, watching: Watching, served: Mapping[str, str]
) -> None:
    watching.must("collect", newsroom.site.url("/story/1"))
    assert main(["fixity_slice"], served) == 0
    (body,) = (path for path in (watching.case.root / "vault").rglob("content/files/*") if path.is_file())
    content = bytearray(body.read_bytes())
    content[len(content) // 2] ^= 1
    mode = body.stat().st_mode
    body.chmod(0o600)
    body.write_bytes(content)
    body.chmod(mode)
    with watching.services() as services:
        found = [_problems_on(services, day) for day in range(FIXITY_DAYS)]
    assert sorted(found) == [*[0] * (FIXITY_DAYS - 1), 1]


def _problems_on(services: Services, day: int) -> int:
    clock = MovedClock(timedelta(days=day))
    log = Log(services.engine, services.workspace.log, services.log.id, clock)
    try:
        fixity_slice(replace(services, clock=clock, log=log), FULL)
    except FixityFailed as error:
        return error.problems
    return 0


def test_an_error_in_one_workspace_does_not_keep_the_others_from_being_served(
    newsroom: Newsroom, watching: Watching, served: Mapping[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    watching.watch(newsroom.publish("feed", b"<rss version='2.0'><channel></channel></rss>"))
    folders = {
        "00000000-0000-7000-8000-000000000000": str(tmp_path / "gone"),
        **json.loads(Path(served[WORKSPACES]).read_text()),
    }
    Path(served[WORKSPACES]).write_text(json.dumps(folders))
    assert main(["look_at_due"], served) == 1
    assert "WorkspaceUnusable" in capfd.readouterr().err
    assert [one["status"] for one in watching.must("monitor", "history", "News")["checks"]] == ["checked"]


FLOW = """
import os
import prefect
from pipelines import flows
names = sorted(name for name, one in vars(flows).items() if isinstance(one, prefect.Flow))
try:
    flows.run_one.fn(os.environ["INVESTIGATION"], "look_at_due")
except flows.StageFailed as error:
    print(names, type(error).__name__, error, error.__cause__, error.__context__)
"""


@pytest.mark.campaign
def test_flows_tell_prefect_the_kind_of_an_error_and_none_of_its_words(
    watching: Watching, served: Mapping[str, str], tmp_path: Path
) -> None:
    Path(served[WORKSPACES]).write_text(json.dumps({"id": str(tmp_path / "secret name")}))
    environment = {
        **served,
        "INVESTIGATION": "id",
        "PREFECT_HOME": str(tmp_path / "home"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    done = subprocess.run([sys.executable, "-c", FLOW], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split("]")[1].strip() == "StageFailed look_at_due: WorkspaceUnusable None None", done.stderr
    assert "['anchor', 'collect', 'examine', 'fixity', 'merge', 'monitor']" in done.stdout
    assert "look_at_due: WorkspaceUnusable at " in done.stderr
    assert "secret name" not in done.stderr

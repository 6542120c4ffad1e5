"""A watch under an identity: what it finds is collected as that account; a session that ended costs nothing more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from casefile.errors import GateRefused, UnknownIdentity
from casefile.records.engine import reading
from casefile.records.monitors import MonitorRecord, find_monitor
from casefile.vocabulary import Cause, ContainmentLevel, Outcome
from containment.sandbox import available
from pipelines.identities import resume_identity, retire_identity
from pipelines.monitor import IDENTITY_UNUSABLE, MonitorRun, add_monitor, run_monitor

from .desk import AGENT, NAME, Desk, jar_text
from .members import SESSION, Members

RENEWED = "S3ss10n-that-is-new-0123456789"
WATCH = "harbour"
LEVEL = ContainmentLevel.FULL if available().full else ContainmentLevel.WEAK


def watch(desk: Desk, members: Members, count: int, **other: str) -> MonitorRecord:
    """Watch a list of so many posts under the identity, or what is named instead."""
    listed(desk, members, count)
    target = str(desk.folder / "list.txt")
    stated = MonitorRecord("", WATCH, "list", target, 3600, "work", False, "weekly", "", "", identity=NAME)
    with desk.services() as services:
        me = {"owner": services.person_id, "operator": services.person_id}
        return add_monitor(services, replace(stated, id=services.clock.mint(), **(me | other)), desk.notes.append)


def listed(desk: Desk, members: Members, count: int) -> None:
    (desk.folder / "list.txt").write_text("\n".join(members.url(f"/post/{one}") for one in range(count)), "utf-8")


def look(desk: Desk) -> MonitorRun:
    with desk.services() as services:
        with reading(services.engine) as rows:
            monitor = find_monitor(rows, WATCH)
        return run_monitor(services, monitor, LEVEL)


def test_what_a_watch_finds_is_collected_under_its_identity(desk: Desk, members: Members) -> None:
    identity = desk.add()
    assert watch(desk, members, 2).identity == identity.id
    run = look(desk)
    assert [(one.outcome, one.cause) for one in run.results] == [(Outcome.CAPTURED, None)] * 2
    assert {one.identity for one in desk.attempts()} == {identity.id}
    assert members.asked()[0].target == "/me"
    assert all("cookie" in one.headers for one in members.asked())


@pytest.mark.campaign
def test_an_ended_session_costs_one_request_and_what_was_held_is_taken_up_after_it_is_renewed(
    desk: Desk, members: Members
) -> None:
    desk.add()
    watch(desk, members, 2)
    members.accepted = RENEWED
    first = look(desk)
    assert {one.cause for one in first.results} == {Cause.SESSION_EXPIRED}
    assert [one.target for one in members.asked()] == ["/me"]
    for _ in range(3):
        held = look(desk)
        assert (held.status, held.cause, held.results) == ("failed", Cause.SESSION_EXPIRED, ())
    assert [one.target for one in members.asked()] == ["/me"]
    with desk.services() as services:
        resume_identity(services, NAME, desk.jar(jar_text(session=RENEWED)), desk.notes.append)
    assert [one.outcome for one in look(desk).results] == [Outcome.CAPTURED] * 2


@pytest.mark.campaign
def test_a_channel_of_the_platform_is_listed_as_that_account_and_by_get_only(desk: Desk, members: Members) -> None:
    desk.add()
    watch(desk, members, 1, kind="channel", target=members.url("/post/list"))
    run = look(desk)
    assert (run.status, run.cause) == ("failed", Cause.UNSUPPORTED), "a page without videos"
    asked = members.asked("/post/list")
    assert {(one.method, one.headers["user-agent"]) for one in asked} == {("GET", AGENT)}
    assert all(f"sid={SESSION}" in one.headers["cookie"] for one in asked)
    assert members.asked()[0].target == "/me"


def test_an_identity_that_cannot_be_used_fails_the_look_and_asks_for_nothing(desk: Desk, members: Members) -> None:
    desk.add()
    watch(desk, members, 1)
    with desk.services() as services:
        retire_identity(services, NAME)
    run = look(desk)
    assert (run.status, run.cause, members.asked()) == ("failed", IDENTITY_UNUSABLE, [])
    assert run.detail


def test_a_watch_begins_under_an_identity_that_is_there_and_may_be_used(desk: Desk, members: Members) -> None:
    with pytest.raises(UnknownIdentity):
        watch(desk, members, 1)
    desk.add()
    desk.open("another case")
    with suppress(GateRefused):
        desk.add()
    with pytest.raises(GateRefused):
        watch(desk, members, 1, purpose="court")

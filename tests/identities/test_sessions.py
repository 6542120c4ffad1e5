"""The session canary: looked at in time, and what it shows stops the list before the account is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from casefile.model import Exchange, Received, ReceivedFile, ReceivedItem
from casefile.records.engine import reading
from casefile.records.identities import list_identity_checks
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role
from pipelines.identities import resume_identity
from pipelines.identity_session import suspicion_of
from pipelines.results import Result

from .desk import AGENT, NAME, Desk, jar_text
from .members import CANARY_TEXT, Members

RENEWED = "S3ss10n-that-is-new-0123456789"


def posts(members: Members, count: int = 5) -> list[str]:
    return [members.url(f"/post/{number}") for number in range(count)]


def checks(desk: Desk) -> list[tuple[str, str | None, str | None]]:
    with desk.services() as services, reading(services.engine) as rows:
        return [(one.status, one.cause, one.occasion) for one in list_identity_checks(rows, desk.identity().id)]


def a_list(desk: Desk, members: Members, count: int = 5) -> str:
    path = desk.folder / "list.txt"
    path.write_text("\n".join(posts(members, count)), "utf-8")
    return str(path)


def endings(results: Sequence[Result]) -> Counter[tuple[Outcome, Cause | None]]:
    """How they ended; two threads take turns, so which came first is not known."""
    return Counter((one.outcome, one.cause) for one in results)


def test_a_session_that_holds_is_looked_at_once(desk: Desk, members: Members) -> None:
    desk.add()
    results = desk.collect(*posts(members))
    assert [one.outcome for one in results] == [Outcome.CAPTURED] * 5
    assert len(members.asked("/me")) == 1
    assert members.asked()[0].target == "/me", "before the first capture"
    assert checks(desk) == [("good", None, "before the first")]


@pytest.mark.campaign
def test_a_session_is_looked_at_again_after_so_many_captures(desk: Desk, members: Members) -> None:
    desk.settings["CASEFILE_IDENTITY__CANARY_EVERY"] = "2"
    desk.add()
    desk.collect(*posts(members))
    assert [one.target[:3] for one in members.asked()] == ["/me", "/po", "/po", "/me", "/po", "/po", "/me", "/po"]


@pytest.mark.parametrize(
    ("cause", "challenging"), [(Cause.SESSION_EXPIRED, False), (Cause.CHALLENGE, True)], ids=["expired", "challenged"]
)
def test_where_the_session_does_not_hold_no_post_is_asked_for(
    desk: Desk, members: Members, cause: Cause, challenging: bool
) -> None:
    desk.add()
    members.accepted, members.challenging = RENEWED, challenging
    listed = a_list(desk, members)
    results = desk.collect(list_file=listed)
    assert [(one.outcome, one.cause) for one in results] == [(Outcome.FAILED, cause)] * 5
    assert all("casefile identity resume" in one.advice for one in results)
    assert [one.target for one in members.asked()] == ["/me"]
    assert checks(desk) == [("paused", cause, "before the first")]
    assert desk.identity().paused_by == cause
    assert len(desk.attempts()) == 5, "each has its record"

    again = desk.collect(list_file=listed)
    assert [one.cause for one in again] == [cause] * 5
    assert [one.target for one in members.asked()] == ["/me"], "a paused platform is not asked at all"

    members.challenging = False
    with desk.services() as services:
        resume_identity(services, NAME, desk.jar(jar_text(session=RENEWED), "new.txt"), desk.notes.append)
    assert len(list((desk.root / "keys" / "identities").iterdir())) == 1, "the old jar is gone"
    done = desk.collect(list_file=listed)
    assert [one.outcome for one in done] == [Outcome.CAPTURED] * 5, "what was held is taken up again"
    assert len(members.asked("/post")) == 5


def test_a_session_that_ends_within_the_list_costs_one_post(desk: Desk, members: Members) -> None:
    desk.add()
    members.posts_until_expiry = 2
    listed = a_list(desk, members)
    results = desk.collect(list_file=listed)
    assert endings(results) == {
        (Outcome.CAPTURED, None): 2,
        (Outcome.CAPTURED, Cause.SESSION_EXPIRED): 1,
        (Outcome.FAILED, Cause.SESSION_EXPIRED): 2,
    }
    (shown,) = (one for one in results if one.cause and one.items)
    assert shown.items[0].content == Content.ABSENT, "the login page is kept as what was observed"
    assert len(members.asked("/post")) == 3
    members.posts_until_expiry = 1_000
    with desk.services() as services:
        resume_identity(services, NAME, desk.jar(jar_text(session=members.accepted), "new.txt"), desk.notes.append)
    done = desk.collect(list_file=listed)
    assert endings(done) == {(Outcome.ALREADY, None): 2, (Outcome.CAPTURED, None): 3}


def test_without_a_canary_an_answer_that_is_a_login_pauses_the_platform(desk: Desk, members: Members) -> None:
    desk.add(canary="", canary_text="")
    members.posts_until_expiry = 1
    results = desk.collect(*posts(members))
    assert len(members.asked("/post")) == 2
    assert Counter(one.cause for one in results) == {None: 1, Cause.SESSION_EXPIRED: 4}
    assert checks(desk) == [("paused", Cause.SESSION_EXPIRED, "from an answer")]


@pytest.mark.campaign
def test_a_method_that_takes_no_identity_neither_uses_nor_judges_one(desk: Desk, members: Members) -> None:
    """Its answers are those to a stranger: they say nothing of a session."""
    desk.add(canary="", canary_text="")
    members.site.behaviours["/often.jpg"] = lambda visit: visit.respond("no", status="429 Too Many Requests")
    (result,) = desk.collect(members.url("/often.jpg"), method="gallerydl")
    assert result.outcome is Outcome.PARTIAL
    assert "asked for without the identity" in result.attempts[0].reason
    assert (desk.attempts()[0].identity, desk.identity().state, checks(desk)) == (None, "active", [])
    assert desk.facts(result)["circumstances"]["visitor"]["access"] == "public"
    assert all("cookie" not in one.headers and one.headers["user-agent"] != AGENT for one in members.asked())


def test_an_answer_that_only_looks_like_a_login_goes_on(desk: Desk, members: Members) -> None:
    """A post that is really a login form, or forbidden: the canary is asked, and the list goes on."""
    desk.add()
    form = "<title>Log in</title><form><input type=password></form>"
    members.site.behaviours["/post/1"] = lambda visit: visit.respond(form)
    members.site.behaviours["/post/2"] = lambda visit: visit.respond("no", status="403 Forbidden")
    results = desk.collect(*posts(members))
    assert [one.cause for one in results] == [None, Cause.NOT_THE_CONTENT, Cause.HTTP_STATUS, None, None]
    assert len(members.asked("/me")) == 3
    assert [one[0] for one in checks(desk)] == ["good"] * 3


def test_a_canary_that_gives_no_answer_holds_the_run_and_pauses_nothing(desk: Desk, members: Members) -> None:
    desk.add()
    members.site.behaviours["/me"] = lambda visit: visit.reset()
    results = desk.collect(*posts(members, 2))
    assert [(one.outcome, one.cause) for one in results] == [(Outcome.FAILED, Cause.RESET)] * 2
    assert members.asked("/post") == []
    assert checks(desk) == [("unanswered", Cause.RESET, "before the first")]
    assert desk.identity().state == "active"
    members.site.behaviours["/me"] = members._me
    assert [one.outcome for one in desk.collect(*posts(members, 2))] == [Outcome.CAPTURED] * 2


@pytest.mark.campaign
def test_a_challenge_of_one_identity_pauses_the_platform_for_all_and_an_expired_session_does_not(
    desk: Desk, members: Members
) -> None:
    desk.add()
    desk.add(name="second", handle="other", jar=desk.jar(jar_text(session=RENEWED), "second.txt"))
    members.challenging = True
    desk.collect(*posts(members, 1))
    members.challenging = False
    results = desk.collect(*posts(members, 1), identity="second")
    assert [one.cause for one in results] == [Cause.CHALLENGE]
    with desk.services() as services:
        resume_identity(services, NAME, None, desk.notes.append)
    assert desk.identity("second").state == "active"
    members.accepted = "neither"
    assert [one.cause for one in desk.collect(*posts(members, 1))] == [Cause.SESSION_EXPIRED]
    members.accepted = RENEWED
    assert [one.cause for one in desk.collect(*posts(members, 1), identity="second")] == [None]


@pytest.mark.campaign
def test_nothing_of_a_canary_is_kept(desk: Desk, members: Members) -> None:
    """It is the account's own page, and names it."""
    desk.add()
    desk.collect(*posts(members, 1))
    found = desk.places_of((CANARY_TEXT,))
    assert [place for place in found if "log/private/" not in place and "casefile.db" not in place] == []


@pytest.mark.parametrize(
    ("reason", "status", "expected"),
    [
        ("", 200, None),
        ("login-wall: a login page", 200, (Cause.SESSION_EXPIRED, True)),
        ("challenge: the title is", 200, (Cause.CHALLENGE, True)),
        ("http-status: 401", 401, (Cause.SESSION_EXPIRED, False)),
        ("http-status: 403", 403, (Cause.SESSION_EXPIRED, False)),
        ("http-status: 429", 429, (Cause.CHALLENGE, True)),
        ("soft-404: gone", 200, None),
        ("http-status: 404", 404, None),
    ],
)
def test_what_looks_like_the_end_of_a_session(reason: str, status: int, expected: object) -> None:
    exchange = Exchange(method="GET", locator="http://a.test/", status=status, started_at="", ended_at="")
    file = ReceivedFile(path="files/0001", kind=FileKind.CONTENT, fidelity=Fidelity.WIRE)
    item = ReceivedItem(
        locator="http://a.test/", role=Role.PAGE, files=("files/0001",), content=Content.ABSENT, content_reason=reason
    )
    received = Received(outcome=Outcome.CAPTURED, files=(file,), items=(item,), exchanges=(exchange,))
    found = suspicion_of(received)
    assert (found and (found.cause, found.sure)) == expected


def test_a_login_that_the_media_method_meets_is_one_too() -> None:
    found = suspicion_of(Received(outcome=Outcome.FAILED, cause=Cause.LOGIN_NEEDED))
    assert found is not None
    assert (found.cause, found.sure) == (Cause.SESSION_EXPIRED, True)

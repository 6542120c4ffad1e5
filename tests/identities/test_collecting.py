"""Collecting under an identity: cookies to its platform's hosts and no others, one visitor, no value in any record."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from casefile.errors import JarUnusable, UnknownIdentity
from casefile.vocabulary import Outcome
from preservation.jars import Jars

from .desk import AGENT, Desk, jar_text
from .members import ELSEWHERE, HANDLE, SESSION, TOKEN, Members

SECRETS = (SESSION, TOKEN, "t0ken/with=signs-abcdef")


def test_a_post_for_members_is_captured_as_a_member(desk: Desk, members: Members) -> None:
    identity = desk.add()
    (result,) = desk.collect(members.url("/post/1"))
    assert (result.outcome, result.cause, result.items[0].title) == (Outcome.CAPTURED, None, "A post")
    visitor = desk.facts(result)["circumstances"]["visitor"]
    assert visitor == {
        "user_agent": AGENT,
        "accept_language": "uk,en;q=0.5",
        "time_zone": "Europe/Kyiv",
        "viewport": "1366x768",
        "access": "registration",
        "identity": identity.id,
        "cookies": 2,
        "withheld": ["cookie values in requests"],
    }
    (attempt,) = desk.attempts()
    assert attempt.identity == identity.id
    assert {one.headers["user-agent"] for one in members.asked()} == {AGENT}


def test_without_an_identity_nothing_of_one_is_sent(desk: Desk, members: Members) -> None:
    desk.add()
    (result,) = desk.collect(members.url("/post/1"), identity="")
    assert result.cause == "not-the-content"
    assert all("cookie" not in one.headers and one.headers["user-agent"] != AGENT for one in members.asked())
    assert desk.facts(result)["circumstances"]["visitor"]["access"] == "public"


@pytest.mark.parametrize("method", ["http", "ytdlp"])
def test_a_redirect_to_another_host_takes_no_cookie_along(desk: Desk, members: Members, method: str) -> None:
    desk.add()
    desk.collect(members.url("/away"), method=method)
    first, *others = [one for one in members.asked() if not one.target.startswith("/me")]
    assert (first.target, f"sid={SESSION}" in first.headers["cookie"]) == ("/away", True)
    assert [one.target for one in others][:1] == ["/open/landing"]
    for one in others:
        assert one.headers["host"].startswith(ELSEWHERE)
        assert not any(secret in one.raw.decode("latin-1") for secret in SECRETS)


def test_a_cookie_of_one_host_goes_to_that_host_alone(desk: Desk, members: Members) -> None:
    """Also where a hostile page names the other host itself, and where the jar was exported with its cookies."""
    desk.add(desk.jar(jar_text(f"{ELSEWHERE}\tFALSE\t/\tFALSE\t0\tsid\tfor-elsewhere-123")))
    desk.collect(members.url("/open/1", host=ELSEWHERE))
    (asked,) = members.asked()
    assert "cookie" not in asked.headers
    assert any("not of the identity's platform" in note for note in desk.notes)
    assert desk.attempts()[0].identity is None


@pytest.mark.usefixtures("examined")
def test_the_values_of_a_jar_are_in_no_record_and_nothing_is_left_of_it_beside(
    desk: Desk, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = desk.folder / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    desk.add()
    results = desk.collect(members.url("/post/1"), members.url("/away"))
    assert all(one.outcome is Outcome.CAPTURED for one in results)
    assert desk.places_of(SECRETS) == []
    assert [
        place for place in desk.places_of((HANDLE,)) if "log/private/" not in place and "casefile.db" not in place
    ] == []
    (jar,) = (desk.root / "keys" / "identities").iterdir()
    assert (jar.stat().st_mode & 0o777, jar.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_record_shows_which_cookies_were_sent_but_not_their_values(desk: Desk, members: Members) -> None:
    desk.add()
    (result,) = desk.collect(members.url("/post/1"), method="http")
    with desk.services() as services:
        content = services.vault.open_content(desk.facts(result)["object_id"], "record/capture.wacz")
        with content as stream, zipfile.ZipFile(stream) as archive:
            record = gzip.decompress(archive.read("archive/capture.warc.gz"))
    assert f"Cookie: sid={'*' * len(SESSION)}; csrf={'*' * len(TOKEN)}\r\n".encode() in record


def test_an_identity_that_is_unknown_or_retired_collects_nothing(desk: Desk, members: Members) -> None:
    with pytest.raises(UnknownIdentity):
        desk.collect(members.url("/post/1"), identity="nobody")
    desk.add()
    from pipelines.identities import retire_identity

    with desk.services() as services:
        retire_identity(services, "reader")
    with pytest.raises(UnknownIdentity):
        desk.collect(members.url("/post/1"))
    assert members.asked() == []
    assert list((desk.root / "keys" / "identities").iterdir()) == []
    assert desk.identity().state == "retired"


def test_a_jar_that_is_gone_or_was_altered_is_not_used(desk: Desk, members: Members) -> None:
    from casefile.errors import DigestMismatch

    desk.add()
    (jar,) = Jars(Path(desk.root, "keys"), None).paths()  # type: ignore[arg-type]
    content = jar.read_bytes()
    jar.write_bytes(content.replace(b"sid", b"dis"))
    with pytest.raises(DigestMismatch):
        desk.collect(members.url("/post/1"))
    jar.unlink()
    with pytest.raises(JarUnusable):
        desk.collect(members.url("/post/1"))
    assert members.asked() == []

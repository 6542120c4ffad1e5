"""The register of identities: what may be registered, what is kept of it where, and what two investigations share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from e2e.case import Case

from casefile.errors import GateRefused, JarUnusable, SettingsError, UsageError
from casefile.records.engine import reading
from casefile.records.queries import list_attempts
from casefile.records.view import ViewAct
from casefile.vocabulary import Access, Outcome, Purpose
from pipelines.audit import audit_workspace
from pipelines.copying import back_up, restore_workspace
from pipelines.exposing import secrets_of
from pipelines.identities import allow_mixing, retire_identity

from .desk import NAME, Desk, jar_text
from .members import HANDLE, SESSION, TOKEN, Members


def overrides(desk: Desk) -> list[tuple[str | None, str]]:
    with desk.services() as services, reading(services.engine) as rows:
        found = rows.execute(ViewAct.__table__.select().where(ViewAct.type == "gate.overridden"))
        gates = [(row.status, json.loads(row.body)["gate"]) for row in found]
    return [one for one in gates if one[1].startswith("identity")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"hosts": (), "platform": "unheard-of"}, "--host"),
        ({"hosts": ("https://127.0.0.1",)}, "is not the host"),
        ({"hosts": ("org",)}, "is not the host"),
        ({"user_agent": "A\r\nCookie: x"}, "one line of ASCII"),
        ({"accept_language": "українська"}, "one line of ASCII"),
        ({"viewport": "wide"}, "is no viewport"),
        ({"time_zone": "Nowhere/Land"}, "is no time zone"),
        ({"canary_text": ""}, "--canary-text"),
        ({"canary": "http://elsewhere.test/me"}, "a page of the identity's platform"),
        ({"canary_text": "a"}, "too short"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, fields: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        desk.add(**fields)
    assert said in str(refused.value)
    assert not (desk.root / "keys" / "identities").exists()


def test_a_platform_that_everybody_knows_needs_no_hosts(desk: Desk) -> None:
    jar = desk.jar(jar_text(host="www.youtube.com"))
    identity = desk.add(jar, platform="YouTube", hosts=(), canary="", canary_text="")
    assert (identity.platform, identity.hosts[0], identity.cookies) == ("youtube", "youtube.com", 2)


def test_no_identity_enters_a_restricted_space(desk: Desk) -> None:
    with pytest.raises(GateRefused, match="let one into"):
        desk.add(access=Access.RESTRICTED)


def test_a_name_is_taken_once_and_a_jar_has_to_be_there(desk: Desk) -> None:
    desk.add()
    with pytest.raises(UsageError, match="has that name"):
        desk.add()
    with pytest.raises(JarUnusable, match="cannot be read"):
        desk.add(Path("/nowhere/jar"), name="second")


def test_the_log_has_the_digest_of_a_jar_and_what_gives_it_away_in_protected_parts_only(desk: Desk) -> None:
    identity = desk.add(why="to read what members read", made_by="Ana", made_at="2026-02")
    assert identity.jar.startswith("sha256:")
    journal = b"".join(path.read_bytes() for path in (desk.root / "log" / "journal").iterdir())
    assert b"identity.stated" in journal
    for word in (HANDLE, NAME, identity.jar, SESSION):
        assert word.encode() not in journal
    assert desk.places_of((SESSION, TOKEN)) == []


@pytest.mark.campaign
def test_every_use_is_in_the_usage_log(desk: Desk, members: Members) -> None:
    identity = desk.add()
    desk.collect(members.url("/post/1"), members.url("/post/2"))
    desk.collect(members.url("/post/3"), identity="")
    with desk.services() as services, reading(services.engine) as rows:
        assert len(list_attempts(rows, identity=identity.id)) == 2


def test_an_audit_a_backup_and_a_restore_take_jars_for_what_they_are(desk: Desk, members: Members) -> None:
    desk.add()
    copy = desk.folder / "copy"
    with desk.services() as services:
        assert back_up(services, copy).jars == 1
    restored = desk.folder / "restored"
    assert restore_workspace(copy, restored, desk.environment).ok
    (jar,) = (restored / "keys" / "identities").iterdir()
    assert jar.stat().st_mode & 0o777 == 0o600
    desk.root = restored
    assert [one.outcome for one in desk.collect(members.url("/post/1"))] == [Outcome.CAPTURED]
    assert audit_workspace(restored, desk.environment).ok


def test_a_jar_that_was_discarded_leaves_the_backup_with_the_next_one(desk: Desk) -> None:
    desk.add()
    copy = desk.folder / "copy"
    with desk.services() as services:
        back_up(services, copy)
        retire_identity(services, NAME)
        assert back_up(services, copy).jars == 0
    assert list((copy / "keys" / "identities").iterdir()) == []


def test_the_scan_of_packages_says_whose_cookies_it_does_not_know(desk: Desk) -> None:
    desk.add()
    notes: list[str] = []
    with desk.services() as services:
        assert any(one.text == SESSION for one in secrets_of(services, notes.append))
        assert notes == []
        for jar in (desk.root / "keys" / "identities").iterdir():
            jar.unlink()
        assert any(one.text == HANDLE for one in secrets_of(services, notes.append))
        retire_identity(services, NAME)
        secrets_of(services, notes.append)
    lost, retired = notes
    assert "not in this workspace's keys any more" in lost
    assert "retired" in retired


def test_what_a_crash_left_of_a_jar_is_gone_with_the_next_statement(desk: Desk) -> None:
    desk.add()
    left = desk.root / "keys" / "identities" / ".left.part"
    left.write_text(SESSION)
    with desk.services() as services:
        retire_identity(services, NAME)
    assert not left.exists()


@pytest.mark.campaign
def test_the_same_identity_in_a_second_investigation_is_warned_of_and_recorded(desk: Desk, members: Members) -> None:
    desk.add()
    desk.collect(members.url("/post/1"))
    assert not any("investigation" in note for note in desk.notes)
    desk.open("second").add(name="under another name")
    assert "used in 1 other investigation" in desk.notes[-1]
    desk.notes.clear()
    desk.collect(members.url("/post/1"), identity="under another name")
    assert any("used in 1 other investigation" in note for note in desk.notes)
    assert overrides(desk) == [("warned", "identity-mixing")] * 2
    for_court: dict[str, Any] = {"purpose": Purpose.COURT, "override": "the plan is on paper"}
    with pytest.raises(GateRefused, match="identity-mixing"):
        desk.collect(members.url("/post/2"), identity="under another name", **for_court)
    asked = len(members.asked())
    with desk.services() as services:
        allow_mixing(services, "under another name", "the two investigations are to be joined")
    desk.notes.clear()
    desk.collect(members.url("/post/2"), identity="under another name", **for_court)
    assert len(members.asked()) > asked
    assert not any("investigation" in note for note in desk.notes)


def test_the_same_jar_is_the_same_identity_whatever_it_is_called(desk: Desk) -> None:
    desk.add()
    desk.open("second").add(name="n", handle="another handle")
    assert "used in 1 other investigation" in desk.notes[-1]


def test_gates_that_only_record_say_nothing_and_gates_that_enforce_refuse(desk: Desk) -> None:
    desk.add()
    desk.settings["CASEFILE_GATES__MODE"] = "record"
    desk.open("second").add()
    assert (desk.notes, overrides(desk)) == ([], [("recorded", "identity-mixing")])
    desk.settings["CASEFILE_GATES__MODE"] = "enforce"
    with pytest.raises(GateRefused):
        desk.open("third").add()
    assert not (desk.root / "keys" / "identities").exists(), "what is refused leaves no jar"
    desk.settings["CASEFILE_GATES__MODE"] = "warn"
    desk.open("fourth").add()
    assert "used in 2 other investigations" in desk.notes[-1], "and is no use"


def test_the_file_of_uses_holds_no_name_and_is_for_its_owner(desk: Desk) -> None:
    desk.add()
    uses = desk.folder / "home" / "uses.json"
    text = uses.read_text()
    assert (uses.stat().st_mode & 0o777, uses.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not any(word in text for word in (HANDLE, NAME, "members", str(desk.root), desk.identity().jar))
    uses.write_text("[]")
    with pytest.raises(SettingsError, match=r"identity\.uses_file"):
        desk.open("second").add()
    desk.settings["CASEFILE_IDENTITY__USES_FILE"] = ""
    desk.open("third").add()
    assert desk.notes == []


@pytest.mark.campaign
def test_the_commands_show_no_value_and_the_handle_only_where_it_is_asked_for(tmp_path: Path, members: Members) -> None:
    places = {"HOME": str(tmp_path / "home")}
    case = Case(tmp_path / "case", [members.site.address], places).open()
    jar = tmp_path / "jar.txt"
    jar.write_text(jar_text())
    host = ("--platform", "members", "--host", "127.0.0.1")
    said = [
        case.run("--json", "identity", "add", NAME, *host, "--jar", str(jar), "--handle", "-", stdin=f"{HANDLE}\n"),
        case.run("identity", "list"),
        case.run("collect", members.url("/post/1"), "--identity", NAME),
        case.run("--json", "identity", "resume", NAME, "--jar", str(jar)),
        case.run("--json", "backup", str(tmp_path / "copy")),
        case.run("identity", "add", "bad", *host, "--jar", str(tmp_path / "home")),
        case.run("identity", "retire", NAME),
    ]
    assert [one.code for one in said] == [0, 0, 0, 0, 0, 2, 0], [one.err for one in said]
    assert said[4].json["jars"] == 1
    for one in said:
        assert not any(word in one.out + one.err for word in (SESSION, TOKEN, HANDLE))
    shown = case.run("identity", "show", NAME)
    assert HANDLE in shown.out
    assert "Used in 1 attempt." in shown.out
    assert SESSION not in shown.out + shown.err
    assert (tmp_path / "home/.local/state/casefile/identity-uses.json").exists()


def test_no_value_is_in_the_arguments_or_the_environment_of_any_process(
    desk: Desk, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at while the site has the request in hand."""
    desk.add(canary="", canary_text="")
    seen: list[bytes] = []

    def look(visit) -> None:
        for process in Path("/proc").iterdir():
            for name in ("cmdline", "environ"):
                try:
                    seen.append((process / name).read_bytes() if process.name.isdigit() else b"")
                except OSError:
                    continue
        visit.respond(f"<title>A post</title><p>{'words ' * 30}</p>")

    members.site.behaviours["/post"] = look
    desk.collect(members.url("/post/1"))
    everything = b"".join(seen)
    assert b"containment.zygote" in everything, "the worker's sandbox was among them"
    assert not any(secret.encode() in everything for secret in (SESSION, TOKEN))

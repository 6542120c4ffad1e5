"""Time stamps of a workspace: what an audit finds, what a crash leaves, what anyone can check with openssl alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casefile.errors import SettingsError
from casefile.records.engine import reading
from casefile.records.timestamps import TimestampRecord, list_timestamps
from pipelines.asking import Answer
from pipelines.audit import audit_workspace
from pipelines.copying import back_up, restore_workspace
from pipelines.custody import checkpoint, current_checkpoint
from pipelines.diagnosing_time import diagnose_time, time_lines
from pipelines.reindex import reindex_workspace
from pipelines.scheduled import anchor_heads
from pipelines.services import Services, open_services
from pipelines.stamping import anchor, asked_of, authorities_of, take_answer
from pipelines.timestamps import anchor_files, ending, standings
from preservation.time_audit import NamedToken, TimeAudit

from .authority import Authority, info_of
from .time_cases import TIMED, Case, World, answered, flip_last, forge, never_renewed, stamped


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def untouched(world: World, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return stamped(world, tmp_path_factory.mktemp("stamped") / "case")


@pytest.fixture
def case(untouched: Case, tmp_path: Path) -> Case:
    return replace(untouched, root=Path(shutil.copytree(untouched.root, tmp_path / "case")))


def codes(case: Case) -> list[str]:
    return [one.code for one in audit_workspace(case.root, case.settings).problems]


def test_a_stamped_log_has_nothing_to_find_and_the_audit_says_what_it_cannot_see(case: Case) -> None:
    report = audit_workspace(case.root, case.world.environment())
    assert report.ok, report.problems
    assert report.checked["tokens"] == 2
    assert any("was there by then" in line for line in report.not_seen)
    without_roots = audit_workspace(case.root, {})
    assert without_roots.ok
    assert any("No roots are configured here for good" in line for line in without_roots.not_seen)


@pytest.mark.parametrize("code", TIMED)
def test_each_kind_of_damage_to_time_stamps_has_its_code(case: Case, code: str) -> None:
    TIMED[code](case)
    assert code in codes(case)


def files_of(case: Case) -> list[Path]:
    return sorted(path for path in (case.root / "log/anchors").rglob("*") if path.is_file())


@pytest.mark.parametrize("every", [499, pytest.param(199, marks=pytest.mark.campaign)])
def test_flipped_bits_of_stamps_are_found(case: Case, every: int) -> None:
    with case.open() as services:
        named = [NamedToken(one.event, one.position, one.body) for one in records(services)]
        roots = {one.name: one.roots for one in authorities_of(services)}
        now = services.clock.read().wall

    def found() -> list[str]:
        return [one.code for one in TimeAudit(case.root / "log", named, roots, lambda _head: "").problems(now)]

    assert found() == []
    for path in files_of(case):
        content = path.read_bytes()
        for bit in range(every // 2, 8 * len(content), every):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(bytes(changed))
            assert set(found()) == {"P121"}, (path, bit)
        path.write_bytes(content)


def openssl_says(case: Case, size: int, *more: object, roots: Path | None = None) -> str:
    """`openssl ts -verify` over the files of a stamp, as docs/custody.md has it."""
    kept = case.anchor(size)
    trust = ["-CAfile", roots or case.world.good.roots, "-untrusted", kept.chain]
    command = ["openssl", "ts", "-verify", "-in", kept.response, *trust, *more]
    ran = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False)
    return "OK" if ran.returncode == 0 and "Verification: OK" in ran.stdout else ran.stderr


def test_anyone_checks_a_stored_stamp_with_openssl_alone(case: Case) -> None:
    for size in (4, 7):
        kept = case.anchor(size)
        assert openssl_says(case, size, "-data", kept.head) == "OK"
        assert openssl_says(case, size, "-queryfile", kept.request) == "OK"
        assert "OK" not in openssl_says(case, size, "-data", kept.head, roots=case.world.other.roots)
    assert "OK" not in openssl_says(case, 4, "-data", case.anchor(7).head)


def test_a_stamp_whose_certificate_ended_since_is_checked_at_its_own_time(case: Case) -> None:
    never_renewed(case)
    with case.open() as services:
        size = max(one.body.size for one in records(services))
    kept = case.anchor(size)
    roots = case.root / "roots.pem"
    both = ["-untrusted", case.world.ended.folder / "chain.pem", "-data", kept.head]
    assert "expired" in openssl_says(case, size, *both, roots=roots)
    at = int(datetime(2020, 6, 1, tzinfo=UTC).timestamp())
    assert openssl_says(case, size, *both, "-attime", at, roots=roots) == "OK"


@pytest.mark.parametrize(("later", "is_renewed"), [("20200701000000Z", True), ("20220701000000Z", False)])
def test_a_later_stamp_renews_one_whose_certificate_ends(case: Case, later: str, is_renewed: bool) -> None:
    """It has to be made before that end, over a head that covers the event that names the earlier one."""
    never_renewed(case)
    forge(case, lambda asked: case.world.good.handmade(info_of(asked.question, later)))
    found = codes(case)
    assert ("P130" not in found) == is_renewed


def records(services: Services) -> list[TimestampRecord]:
    with reading(services.engine) as connection:
        return list_timestamps(connection)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("every", [9, pytest.param(4, marks=pytest.mark.campaign)])
def test_stopped_at_every_step_a_token_is_kept_whole_or_asked_for_again(
    untouched: Case, tmp_path: Path, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.stamping.ask", lambda *_asked: Answer(0, "", b"", "nobody answers"))
    number, is_stopped = 1 - every, True
    while is_stopped:
        number += every
        is_stopped = False
        case = replace(untouched, root=Path(shutil.copytree(untouched.root, tmp_path / str(number))))
        with case.open() as services:
            signed, _is_new = checkpoint(services)
        seen = 0

        def reached(_step: str, stop: int = number) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Killed

        try:
            with case.open(reached=reached) as services:
                answer_once(case, services)
        except Killed:
            is_stopped = True
        assert codes(case) == [], number
        with case.open() as services:
            left = case.anchor(signed.head.size).response.exists()
            # Nobody answers: what was kept before is taken up, and the rest stays pending.
            anchor(services)
            confirmed = any(one.confirmed and one.body.size == signed.head.size for one in records(services))
            assert confirmed == left, number
    assert number > 10


def answer_once(case: Case, services: Services) -> None:
    signed = current_checkpoint(services)
    assert signed is not None
    asked = asked_of(services, authorities_of(services)[0], signed)
    take_answer(services, asked, answered(case.world.good.answer(asked.question.to_bytes())))


@contextmanager
def serving(answering: Callable[[bytes], bytes]) -> Iterator[Authority]:
    authority = Authority(answering)
    try:
        yield authority
    finally:
        authority.close()


def test_an_authority_is_sent_a_digest_and_its_answer_confirms_the_head(case: Case) -> None:
    with serving(case.world.good.answer) as authority:
        settings = case.world.environment(good=authority.url)
        with open_services(case.root, settings) as services:
            signed, _is_new = checkpoint(services)
            assert [one.state for one in standings(services)] == ["pending"]
            (standing,) = anchor(services)
            assert (standing.state, standing.size) == ("confirmed", signed.head.size)
            assert anchor(services) == (standing,)
            kept = case.anchor(signed.head.size)
            assert set(anchor_files(services, signed.head.size)) == set(kept.files)
        ((headers, query),) = authority.asked
    assert query == kept.request.read_bytes()
    assert len(query) < 80
    assert set(headers) <= {"Host", "Content-Length", "Content-Type", "Accept-Encoding", "Connection"}
    assert codes(case) == []


def test_a_head_waits_visibly_for_an_authority_that_the_egress_policy_refuses(case: Case) -> None:
    """Loopback without an allowance: refused before a packet, recorded, and confirmed once it is allowed."""
    with serving(case.world.good.answer) as authority:
        settings = case.world.environment(good=authority.url)
        with open_services(case.root, {**settings, "CASEFILE_EGRESS__ALLOW": "[]"}) as services:
            anchor_heads(services, None)
            (standing,) = standings(services)
            assert (standing.state, standing.cause) == ("pending", "blocked-by-policy")
            assert standing.size == 7
        assert not authority.asked
        assert any("PENDING" in line for line in time_lines(diagnose_time(case.root, settings)))
        with open_services(case.root, settings) as services:
            anchor_heads(services, None)
            assert [one.state for one in standings(services)] == ["confirmed"]
    assert codes(case) == []


BOMB = b"0\x83\xff\xff\xff" + bytes(1 << 22)


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("answering", "cause"),
    [
        (lambda _world, _query: b"<html>Sign in</html>", "token-malformed"),
        (lambda _world, _query: BOMB, "tool-failed"),
        (lambda world, query: world.other.answer(query), "token-untrusted"),
        (lambda world, query: flip_last(world.good.answer(query)), "token-signature"),
    ],
    ids=["garbage", "bomb", "another root", "flipped"],
)
def test_what_an_authority_answers_instead_leaves_a_pending_head(
    case: Case, answering: Callable[[World, bytes], bytes], cause: str
) -> None:
    with serving(lambda query: answering(case.world, query)) as authority:
        settings = case.world.environment(good=authority.url)
        with open_services(case.root, settings) as services:
            checkpoint(services)
            (standing,) = anchor(services)
    assert (standing.state, standing.cause) == ("pending", cause)
    assert codes(case) == []


def test_answers_that_do_not_hold_are_recorded_with_their_cause_and_nothing_is_kept(case: Case) -> None:
    answers = {
        "token-malformed": answered(b"<html>Sign in</html>"),
        "http-status": answered(b"", 503),
        "tool-failed": Answer(0, "", b"", "the answer is longer than it may be"),
    }
    with case.open() as services:
        signed, _is_new = checkpoint(services)
        for cause, answer in answers.items():
            asked = asked_of(services, authorities_of(services)[0], signed)
            take_answer(services, asked, answer)
            (standing,) = standings(services)
            assert (standing.state, standing.cause) == ("pending", cause)
        assert not case.anchor(signed.head.size).folder.exists()
    assert codes(case) == []


def test_word_of_stamps_alone_signs_no_further_head_unless_it_is_to_renew_them(case: Case) -> None:
    with case.open() as services:
        case.stamp(services)
        assert checkpoint(services)[1] is False
        assert checkpoint(services, renew=True)[1] is True


def test_stamps_that_end_soon_and_are_not_covered_are_named(case: Case) -> None:
    with case.open() as services:
        found = records(services)
    assert ending(found, datetime(2030, 1, 1, tzinfo=UTC)) == []
    assert [one.body.size for one in ending(found, datetime(2065, 12, 1, tzinfo=UTC))] == [7]


def test_nobody_is_asked_where_the_roots_of_one_cannot_be_read(case: Case, tmp_path: Path) -> None:
    named = [{"name": "one", "url": "http://127.0.0.1:9/", "roots": str(tmp_path / "none.pem")}]
    settings = {"CASEFILE_TIME__AUTHORITIES": json.dumps(named)}
    with open_services(case.root, settings) as services, pytest.raises(SettingsError, match=r"none\.pem"):
        anchor(services)
    assert "none.pem" in diagnose_time(case.root, settings)["problem"]
    assert [one.code for one in audit_workspace(case.root, settings).problems] == ["P126"]


def test_stamps_come_with_a_backup_and_survive_a_rebuild(case: Case, tmp_path: Path) -> None:
    roots = case.root / "roots" / "one.pem"
    roots.parent.mkdir()
    roots.write_text("of an authority")
    with case.open() as services:
        back_up(services, tmp_path / "copy")
    roots.write_text("of an authority, and its next one")
    with case.open() as services:
        back_up(services, tmp_path / "copy")
    settings = case.world.environment()
    assert restore_workspace(tmp_path / "copy", tmp_path / "again", settings).ok
    assert (tmp_path / "again" / "roots" / "one.pem").read_text() == "of an authority, and its next one"
    reindex_workspace(tmp_path / "again", settings)
    report = audit_workspace(tmp_path / "again", settings)
    assert report.ok
    assert report.checked["tokens"] == 2


def test_a_set_back_clock_is_named_and_its_events_are_left_as_they_are(case: Case) -> None:
    TIMED["P132"](case)
    found = [one for one in audit_workspace(case.root, case.world.environment()).problems if one.code == "P132"]
    assert len(found) == 1
    assert "2031-01-01" in found[0].text
    assert "before 20" in found[0].text

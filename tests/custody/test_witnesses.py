"""A workspace and its witnesses: who has cosigned, who is still to, and what an audit makes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from casefile.errors import HeadContradicted, SettingsError, UsageError
from casefile.records.engine import reading
from casefile.records.reading import read_events_of
from cli.main import main
from pipelines import witnesses
from pipelines.asking import Answer
from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint
from pipelines.outside import Outside
from pipelines.services import open_services
from pipelines.witness_service import WitnessServer
from pipelines.witnesses import ask_witnesses, request_for, standings, take_cosigned
from preservation.checkpoints import SignedCheckpoint, kept_name
from preservation.cosignatures import cosign, with_lines
from preservation.cosigned_heads import read_head
from preservation.keys import SigningKey
from preservation.notes import NoteSignature
from preservation.problems import KINDS
from preservation.witness_state import State, WitnessState
from preservation.witnessing import Refusal, Watched

from .cases import EXAMPLES, OUTSIDE, said
from .small_logs import SmallLog, numbered
from .witness_cases import ASKED, COSIGNED, NAME, NOW, Witnessed, copy_of, log_key_of, witnessed


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Witnessed:
    return witnessed(tmp_path_factory.mktemp("witnessed"))


@pytest.fixture
def case(untouched: Witnessed, tmp_path: Path) -> Witnessed:
    return copy_of(untouched, tmp_path)


def codes(case: Witnessed, outside: Outside | None = None) -> list[str]:
    return [one.code for one in audit_workspace(case.root, case.environment, outside=outside).problems]


def statuses(case: Witnessed) -> list[str]:
    with open_services(case.root, {}) as services, reading(services.engine) as connection:
        events = [entry.event.envelope for entry in read_events_of(connection, "head.witnessed")]
    return [one.outcome.status for one in events if one.outcome is not None]


def test_a_cosigned_log_has_nothing_to_find_and_tells_what_it_rules_out(case: Witnessed) -> None:
    key = case.state.witness.verifier_key
    report = audit_workspace(case.root, case.environment, outside=Outside(witnesses=(key,)))
    assert report.ok, report.problems
    found = {one["attack"]: one["found_up_to"] for one in report.outside.reached.plain()}
    assert {attack for attack, reached in found.items() if reached == 0} == {"cut", "restore"}
    assert set(found.values()) == {0, 8}
    without = audit_workspace(case.root, case.environment).outside.reached
    assert {one["found_up_to"] for one in without.plain()} == {0}, "a key from casefile.toml vouches for nothing"


@pytest.mark.parametrize("code", COSIGNED)
def test_each_kind_of_damage_to_cosignatures_has_its_code(case: Witnessed, code: str) -> None:
    harm, outside = COSIGNED[code]
    harm(case)
    assert code in codes(case, outside)


def test_every_code_of_the_nineties_has_its_broken_example() -> None:
    assert {code for code in KINDS if "P090" <= code <= "P096"} == {*COSIGNED, *ASKED}
    assert not ({*COSIGNED, *ASKED} & {*EXAMPLES, *OUTSIDE})


def test_a_witness_without_an_address_is_pending_until_its_answer_is_brought(case: Witnessed) -> None:
    with open_services(case.root, case.environment) as services:
        said(services)
        checkpoint(services)
        (before,) = ask_witnesses(services)
        assert (before.size, before.pending) == (8, True)
        line = case.state.cosign(request_for(services, NAME), lambda: NOW + 90)
        assert isinstance(line, NoteSignature), line
        newest = case.state.newest(log_key_of(services).name)
        assert newest is not None
        (after,) = take_cosigned(services, newest.note.to_bytes())
        assert (after.size, after.pending) == (newest.head.size, False)
        assert after.cosigned_at.startswith("2026-02-25T06:1")
        for content in (b"nothing", services.workspace.log.joinpath("checkpoint").read_bytes()):
            with pytest.raises(UsageError):
                take_cosigned(services, content)
        with pytest.raises(UsageError):
            request_for(services, "somebody else")
    assert codes(case) == []


def test_a_witness_of_another_kind_of_key_is_refused(case: Witnessed) -> None:
    with open_services(case.root, {}) as services:
        key = str(log_key_of(services))
    stated = {"CASEFILE_CUSTODY__WITNESSES": json.dumps([{"key": key}])}
    with open_services(case.root, stated) as services, pytest.raises(SettingsError):
        standings(services)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[WitnessState], list[str]]:
    """Puts a witness in the place of the network; the addresses that are asked then."""

    def put(state: WitnessState) -> list[str]:
        asked: list[str] = []

        def ask(_settings: object, _work: Path, url: str, content: bytes = b"", _kind: str = "") -> Answer:
            asked.append(url)
            if content:
                given = state.cosign(content, lambda: NOW + 3600)
                if isinstance(given, Refusal):
                    return Answer(given.status, "", given.reason.encode() + b"\n", "")
                return Answer(200, "", given.line.encode(), "")
            newest = next(iter(one.newest for one in state.read().logs.values()), None)
            return Answer(200, "", newest.note.to_bytes(), "") if newest else Answer(404, "", b"", "")

        monkeypatch.setattr(witnesses, "ask", ask)
        return asked

    return put


def test_what_was_put_back_is_seen_as_soon_as_the_witness_is_asked(
    untouched: Witnessed, tmp_path: Path, answering: Callable[[WitnessState], list[str]]
) -> None:
    url = "http://witness.example:443"
    ahead, behind = copy_of(untouched, tmp_path / "ahead", url), copy_of(untouched, tmp_path / "behind", url)
    answering(ahead.state)
    with open_services(ahead.root, ahead.environment) as services:
        said(services, 5)
        checkpoint(services)
        assert [one.pending for one in ask_witnesses(services)] == [False]
        assert ask_witnesses(services)[0].problem == ""
    with open_services(behind.root, behind.environment) as services:
        checkpoint(services)
        said(services)
        checkpoint(services)
        with pytest.raises(HeadContradicted) as raised:
            ask_witnesses(services)
    assert "cosigned" in str(raised.value)
    assert statuses(behind)[-1] == "contradicted"
    assert "P092" in codes(behind)
    evidence = audit_workspace(behind.root, behind.environment).outside.contradiction
    assert evidence is not None
    assert evidence.kind == "rollback"


def test_a_witness_that_forgot_is_not_asked_to_sign_again(
    untouched: Witnessed, tmp_path: Path, answering: Callable[[WitnessState], list[str]]
) -> None:
    fresh = WitnessState.begin(tmp_path / "fresh", NAME, tmp_path / "fresh-mark")
    case = copy_of(untouched, tmp_path, "http://witness.example:443")
    with open_services(case.root, case.environment) as services:
        fresh.trust(log_key_of(services))
        answering(fresh)
        said(services)
        checkpoint(services)
        (found,) = ask_witnesses(services)
    assert "lost its state" in found.problem
    assert statuses(case)[-1] == "failed"


def test_a_witness_that_answers_nonsense_is_pending_and_no_harm(
    untouched: Witnessed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = copy_of(untouched, tmp_path, "http://witness.example:443")
    monkeypatch.setattr(witnesses, "ask", lambda *_asked: Answer(409, "text/x.tlog.size", b"9" * 5000, ""))
    with open_services(case.root, case.environment) as services:
        said(services)
        checkpoint(services)
        (found,) = ask_witnesses(services)
    assert found.pending
    assert found.problem.startswith("it answers 409")


def test_witnesses_that_are_asked_by_an_audit(
    untouched: Witnessed, tmp_path: Path, answering: Callable[[WitnessState], list[str]]
) -> None:
    case = copy_of(untouched, tmp_path, "http://witness.example:443")
    asked = answering(case.state)
    assert codes(case) == []
    assert asked == []
    report = audit_workspace(case.root, case.environment, outside=Outside(ask=True))
    assert report.ok
    assert {one["found_up_to"] for one in report.outside.reached.plain()} == {8}


@pytest.mark.parametrize("code", sorted(ASKED))
def test_what_a_witness_says_when_it_is_asked_has_its_code(
    untouched: Witnessed, tmp_path: Path, answering: Callable[[WitnessState], list[str]], code: str
) -> None:
    """P095: it shows less than it cosigned. P096: what it holds is of this log's name and of another key."""
    case = copy_of(untouched, tmp_path, "http://witness.example:443")
    with open_services(case.root, {}) as services:
        origin = log_key_of(services).name
    key = SigningKey.read(case.folder / "witness.key")
    earlier = read_head(case.root / "log/cosignatures" / kept_name(4))
    other = SmallLog(numbered(12), origin=origin).head(12)
    forged = SignedCheckpoint(other.head, with_lines(other.note, cosign(other, NAME, key, NOW)))
    shown = {"P095": earlier, "P096": forged}

    class Saying:
        def read(self) -> State:
            return State(NAME, tmp_path, 1, {origin: Watched((), shown[code])})

    answering(cast(WitnessState, Saying()))
    report = audit_workspace(case.root, case.environment, outside=Outside(ask=True))
    assert [one.code for one in report.problems] == [code]


def test_a_witness_that_is_asked_and_knows_nothing_of_the_log_is_a_finding(
    untouched: Witnessed, tmp_path: Path, answering: Callable[[WitnessState], list[str]]
) -> None:
    answering(WitnessState.begin(tmp_path / "fresh", NAME, tmp_path / "fresh-mark"))
    case = copy_of(untouched, tmp_path, "http://witness.example:443")
    assert codes(case, Outside(ask=True)) == ["P094"]


@contextmanager
def serving(folder: Path) -> Iterator[WitnessServer]:
    with WitnessServer(folder, "127.0.0.1", 0, print) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_checkpoint_asks_over_http_by_the_egress_policy_and_shows_who_is_pending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = witnessed(tmp_path)
    with serving(case.folder) as server:
        asking = Witnessed(case.root, case.folder, server.address)
        call = ["checkpoint", "--workspace", str(case.root), "--json"]
        with open_services(case.root, {}) as services:
            said(services)
        refused = {**asking.environment, "CASEFILE_EGRESS__ALLOW": "[]"}
        assert main(call, refused) == 0
        (witness,) = json.loads(capsys.readouterr().out)["witnesses"]
        assert witness["pending"]
        assert "egress policy" in witness["problem"]
        assert main(call, asking.environment) == 0
        (witness,) = json.loads(capsys.readouterr().out)["witnesses"]
        assert not witness["pending"]
        assert statuses(case)[-2:] == ["failed", "cosigned"]
        assert main(["audit", "--ask", *call[1:]], asking.environment) == 0
        assert json.loads(capsys.readouterr().out)["outside"]["held"] == witness["size"]

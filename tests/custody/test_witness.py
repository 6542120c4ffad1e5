"""A witness cosigns consistent growth and nothing else, and never without knowing what it cosigned before."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from casefile.errors import FolderInUse, UsageError, WitnessStateLost
from pipelines.witness_service import WitnessServer, origin_hash
from preservation.cosignatures import Witness, cosign, with_lines
from preservation.durable import Disk
from preservation.notes import COSIGNED, Note, NoteSignature, VerifierKey
from preservation.witness_state import WitnessState
from preservation.witnessing import Refusal, Submission

from .small_logs import ORIGIN, SmallLog, numbered

NAME = "witness.example/p"
LOG = SmallLog(numbered(40))
OTHER = SmallLog((*numbered(7), "told anew", *numbered(40)[8:]), LOG.key)
STRANGER = SmallLog(numbered(40))
ELSEWHERE = SmallLog(numbered(40), origin="casefile/elsewhere")
NOW = 1_772_000_000


@pytest.fixture
def witness(tmp_path: Path) -> WitnessState:
    made = WitnessState.begin(tmp_path / "witness", NAME, tmp_path / "mark")
    made.trust(LOG.verifier)
    return made


def ask(witness: WitnessState, content: bytes, now: int = NOW) -> NoteSignature | Refusal:
    return witness.cosign(content, lambda: now)


def refusal(witness: WitnessState, content: bytes, now: int = NOW) -> tuple[int, bool]:
    answer = ask(witness, content, now)
    assert isinstance(answer, Refusal), answer
    return answer.status, answer.is_contradiction


def newest_size(witness: WitnessState) -> int:
    newest = witness.newest(ORIGIN)
    return newest.head.size if newest else 0


def test_growth_is_cosigned_with_a_time_that_anybody_can_check(witness: WitnessState) -> None:
    known = Witness.parse(witness.witness.verifier_key)
    for old, size in ((0, 8), (8, 8), (8, 20), (20, 40)):
        line = ask(witness, LOG.submission(old, size), NOW + size)
        assert isinstance(line, NoteSignature)
        found = known.of(with_lines(LOG.head(size).note, line))
        assert found is not None
        assert (found.witness, found.time_s) == (NAME, NOW + size)
        assert newest_size(witness) == size
    moved = NoteSignature(line.name, line.key_id, (NOW + 1).to_bytes(8, "big") + line.signature[8:])
    assert known.of(Note(LOG.head(40).note.text, (moved,))) is None
    assert known.of(Note(LOG.head(20).note.text, (line,))) is None


def test_what_does_not_follow_is_refused_with_the_status_of_the_specification(witness: WitnessState) -> None:
    assert refusal(witness, ELSEWHERE.submission(0, 8)) == (404, False)
    assert refusal(witness, STRANGER.submission(0, 8)) == (403, False)
    assert refusal(witness, Submission(0, LOG.proof(4, 8), LOG.head(8)).to_bytes()) == (422, False)
    assert isinstance(ask(witness, LOG.submission(0, 20)), NoteSignature)
    assert refusal(witness, LOG.submission(0, 33)) == (409, False)
    assert refusal(witness, LOG.submission(8, 8)) == (409, False)
    assert refusal(witness, Submission(33, (), LOG.head(20)).to_bytes()) == (400, False)
    assert refusal(witness, b"old 20\n\nno head") == (400, False)
    assert refusal(witness, LOG.submission(20, 33)[:-9]) == (400, False)
    assert refusal(witness, OTHER.submission(20, 20)) == (422, True)
    assert refusal(witness, OTHER.submission(20, 33)) == (422, True)
    assert refusal(witness, Submission(20, LOG.proof(8, 33), LOG.head(33)).to_bytes()) == (422, True)
    assert newest_size(witness) == 20
    assert len(witness.refused()) == 3
    assert isinstance(ask(witness, LOG.submission(20, 33)), NoteSignature)


def test_a_key_of_the_log_after_a_rotation_counts_once_it_is_trusted(witness: WitnessState) -> None:
    rotated = SmallLog(LOG.texts)
    assert isinstance(ask(witness, LOG.submission(0, 20)), NoteSignature)
    assert refusal(witness, rotated.submission(20, 33)) == (403, False)
    witness.trust(rotated.verifier)
    assert isinstance(ask(witness, rotated.submission(20, 33)), NoteSignature)
    with pytest.raises(UsageError):
        witness.trust(VerifierKey(ORIGIN, COSIGNED, LOG.key.public.raw))


def test_nothing_is_cosigned_while_the_clock_is_behind_what_was_said_before(witness: WitnessState) -> None:
    assert isinstance(ask(witness, LOG.submission(0, 8), NOW), NoteSignature)
    assert refusal(witness, LOG.submission(8, 20), NOW - 1) == (503, False)


@pytest.mark.parametrize("harm", ["state gone", "mark gone", "damaged", "put back", "folder gone", "changed"])
def test_a_witness_does_not_start_without_the_state_that_it_had(
    witness: WitnessState, tmp_path: Path, harm: str
) -> None:
    state, mark = tmp_path / "witness/state.json", tmp_path / "mark"
    earlier = state.read_bytes()
    ask(witness, LOG.submission(0, 8))
    ask(witness, LOG.submission(8, 20))
    harms = {
        "state gone": state.unlink,
        "mark gone": mark.unlink,
        "damaged": lambda: state.write_bytes(state.read_bytes()[:-9]),
        "put back": lambda: state.write_bytes(earlier),
        "folder gone": lambda: shutil.rmtree(tmp_path / "witness"),
        "changed": lambda: state.write_bytes(state.read_bytes().replace(NAME.encode(), b"witness.example/q")),
    }
    harms[harm]()
    with pytest.raises(WitnessStateLost), WitnessServer(tmp_path / "witness", "127.0.0.1", 0, print):
        pass
    if harm != "folder gone":
        with pytest.raises(WitnessStateLost):
            ask(WitnessState(tmp_path / "witness"), OTHER.submission(0, 8))
        with pytest.raises(FolderInUse):
            WitnessState.begin(tmp_path / "witness", NAME, tmp_path / "another")
    if mark.exists():
        with pytest.raises(UsageError):
            WitnessState.begin(tmp_path / "new", NAME, mark)


class Killed(BaseException):
    """Stands for the end of the process."""


def test_killed_at_any_step_it_never_gave_what_it_does_not_remember(tmp_path: Path) -> None:
    stop, finished = 0, False
    while not finished:
        stop += 1
        folder = tmp_path / str(stop)
        WitnessState.begin(folder / "witness", NAME, folder / "mark").trust(LOG.verifier)
        seen = 0

        def reached(_step: str, stop: int = stop) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Killed

        given = None
        try:
            given = ask(WitnessState(folder / "witness", Disk(reached)), LOG.submission(0, 8))
            finished = True
        except Killed:
            pass
        after = WitnessState(folder / "witness")
        assert newest_size(after) in ((8,) if given else (0, 8)), stop
        assert isinstance(ask(after, LOG.submission(newest_size(after), 20)), NoteSignature)
    assert stop > 6


@contextmanager
def serving(folder: Path) -> Iterator[WitnessServer]:
    with WitnessServer(folder, "127.0.0.1", 0, print) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def request(server: WitnessServer, method: str, path: str, content: bytes = b"") -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    connection.request(method, path, content or None)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type") or "", body


def test_it_speaks_the_protocol_of_the_specification(witness: WitnessState, tmp_path: Path) -> None:
    with serving(tmp_path / "witness") as server:
        where = f"/{origin_hash(ORIGIN)}/checkpoint"
        assert request(server, "GET", where)[0] == 404
        status, _kind, lines = request(server, "POST", "/add-checkpoint", LOG.submission(0, 8))
        assert status == 200
        assert witness.witness.of(Note.parse(LOG.head(8).note.text.encode() + b"\n" + lines)) is not None
        assert request(server, "POST", "/add-checkpoint", LOG.submission(0, 20)) == (409, "text/x.tlog.size", b"8\n")
        assert request(server, "POST", "/add-checkpoint", OTHER.submission(8, 20))[0] == 422
        assert request(server, "POST", "/elsewhere", LOG.submission(8, 20))[0] == 404
        assert request(server, "POST", "/add-checkpoint", b"x" * 80_000)[0] == 413
        newest = witness.newest(ORIGIN)
        assert newest is not None
        assert request(server, "GET", where) == (200, "text/plain; charset=utf-8", newest.note.to_bytes())
        (tmp_path / "witness/state.json").unlink()
        assert request(server, "POST", "/add-checkpoint", LOG.submission(8, 20))[0] == 503


def test_of_two_histories_at_the_same_moment_it_cosigns_one(witness: WitnessState, tmp_path: Path) -> None:
    assert isinstance(ask(witness, LOG.submission(0, 7)), NoteSignature)
    statuses: list[int] = []
    with serving(tmp_path / "witness") as server:

        def submit(log: SmallLog, size: int) -> None:
            statuses.append(request(server, "POST", "/add-checkpoint", log.submission(7, size))[0])

        threads = [threading.Thread(target=submit, args=(log, 20 + one)) for one in range(4) for log in (LOG, OTHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] + [409] * 7


def test_what_a_witness_keeps_is_for_nobody_else(witness: WitnessState, tmp_path: Path) -> None:
    ask(witness, LOG.submission(0, 8))
    for path in (tmp_path / "witness", tmp_path / "witness/witness.key", tmp_path / "witness/state.json"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert json.loads((tmp_path / "witness/state.json").read_bytes())["logs"].keys() == {ORIGIN}


def test_another_witnesss_key_makes_no_cosignature_of_this_one(witness: WitnessState) -> None:
    head = LOG.head(8)
    note = with_lines(head.note, cosign(head, NAME, STRANGER.key, NOW))
    assert witness.witness.of(note) is None
    assert Witness(NAME, STRANGER.key.public).of(note) is not None

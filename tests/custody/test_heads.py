"""Tiles and signed heads of a workspace: what an audit finds, what a crash leaves, what an outsider can check."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefile.errors import GateRefused, RecordUnreadable, UsageError
from casefile.events.files import LogFiles
from casefile.records.engine import reading
from casefile.records.reading import read_events
from pipelines.audit import audit_workspace
from pipelines.copying import back_up, restore_workspace
from pipelines.custody import attested_heads, checkpoint, current_checkpoint, entries, proof_of
from pipelines.keys import history_of, revoke, rotate
from pipelines.outside import Outside
from pipelines.reindex import reindex_workspace
from pipelines.services import open_services
from preservation.custody_audit import CustodyAudit
from preservation.durable import unobserved
from preservation.problems import KINDS

from .cases import EXAMPLES, NEWEST, OUTSIDE, PLANTED, copied, said, sound
from .time_cases import TIMED

CHECKER = Path(__file__).parents[1] / "independent" / "check_proof.py"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound(tmp_path_factory.mktemp("sound") / "case")


@pytest.fixture
def case(untouched: Path, tmp_path: Path) -> Path:
    return copied(untouched, tmp_path / "case")


def codes(root: Path, head: Path | None = None) -> list[str]:
    return [one.code for one in audit_workspace(root, {}, outside=Outside(head)).problems]


def test_a_sound_log_has_nothing_to_find(case: Path) -> None:
    report = audit_workspace(case, {}, outside=Outside(case / "log/checkpoints" / f"{7:016d}"))
    assert report.ok, report.problems
    assert report.checked["heads"] == 4
    assert report.checked["tiles"] == 6


@pytest.mark.parametrize("code", {**EXAMPLES, **PLANTED})
def test_each_kind_of_damage_has_its_code(case: Path, code: str) -> None:
    {**EXAMPLES, **PLANTED}[code](case)
    assert code in codes(case)


@pytest.mark.parametrize("code", OUTSIDE)
def test_each_contradiction_with_an_outside_head_has_its_code(case: Path, tmp_path: Path, code: str) -> None:
    head = tmp_path / "head"
    head.write_bytes(OUTSIDE[code](case))
    assert code in codes(case, head)
    assert codes(case) == []


def test_every_code_of_tiles_and_heads_has_its_broken_example() -> None:
    assert {*EXAMPLES, *OUTSIDE, *TIMED} == {
        code for code in KINDS if "P070" <= code <= "P083" or "P120" <= code <= "P135"
    }


def evidence(root: Path) -> list[Path]:
    places = [path for path in (root / "log/tile").rglob("*") if path.is_file()]
    return [*sorted(places), *sorted((root / "log/checkpoints").iterdir()), root / NEWEST]


def flips(path: Path, every: int = 1) -> Iterator[int]:
    """Each bit that is changed in the file while it is the one that is yielded; in the end the file is as it was."""
    content = path.read_bytes()
    with path.open(
        "r+b", buffering=0
    ) as stream:  # a file written anew each time would be written to the disk each time
        for bit in range(0, 8 * len(content), every):
            byte = content[bit // 8]
            os.pwrite(stream.fileno(), bytes([byte ^ 1 << bit % 8]), bit // 8)
            yield bit
            os.pwrite(stream.fileno(), bytes([byte]), bit // 8)


def test_flipped_bits_of_tiles_and_heads_are_found(case: Path) -> None:
    """The rest of the log is in tests/e2e/test_auditing.py."""
    with open_services(case, {}) as services:
        history, attested = history_of(services.engine, services.log.id), attested_heads(services.engine)
    files = LogFiles.at(case / "log", unobserved)
    for path in evidence(case):
        for bit in flips(path, every=211):
            assert list(CustodyAudit(case / "log", files, history).problems(attested)), (path, bit)
    assert codes(case) == []


@pytest.mark.campaign
def test_every_flipped_bit_of_a_head_is_found(case: Path) -> None:
    """Of the second signature, which is ten times as long as the rest, every 31st."""
    with open_services(case, {}) as services:
        history, attested = history_of(services.engine, services.log.id), attested_heads(services.engine)
    audit = CustodyAudit(case / "log", LogFiles.at(case / "log", unobserved), history)
    assert list(audit.problems(attested)) == []
    for path in (path for path in evidence(case) if "tile" not in path.parts):
        second = 8 * path.read_bytes().rindex("\N{EM DASH}".encode())
        for bit in flips(path):
            assert (bit > second and bit % 31) or next(audit.problems(attested), None), (path, bit)
    assert list(audit.problems(attested)) == []


@pytest.mark.campaign
def test_every_flipped_bit_of_a_tile_is_found(case: Path, tmp_path: Path) -> None:
    """Each tile is the only file that is looked at: so it is what is found, and nothing else is read 90,000 times."""
    with open_services(case, {}) as services:
        history = history_of(services.engine, services.log.id)
    alone = tmp_path / "alone"
    audit = CustodyAudit(alone, LogFiles.at(case / "log", unobserved), history)
    tiles = [path for path in evidence(case) if "tile" in path.parts]
    for tile in tiles:
        path = alone / tile.relative_to(case / "log")
        path.parent.mkdir(parents=True)
        path.write_bytes(tile.read_bytes())
        assert list(audit.problems(())) == []
        for bit in flips(path):
            assert next(audit.problems(()), None), (path, bit)
        assert list(audit.problems(())) == []
        shutil.rmtree(alone)
    assert audit.tiles > 8 * sum(tile.stat().st_size for tile in tiles)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("every", [13, pytest.param(1, marks=pytest.mark.campaign)])
def test_stopped_at_every_step_the_head_is_the_old_one_or_the_new_one(
    untouched: Path, tmp_path: Path, every: int
) -> None:
    number, is_stopped = 1 - every, True
    while is_stopped:
        number += every
        is_stopped = False
        root = copied(untouched, tmp_path / str(number))
        seen = 0

        def reached(_step: str, stop: int = number) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Killed

        with open_services(root, {}) as services:
            said(services)
        old = (root / NEWEST).read_bytes()
        try:
            with open_services(root, {}, reached=reached) as services:
                checkpoint(services)
        except Killed:
            is_stopped = True
        assert codes(root) == [], number
        left = (root / NEWEST).read_bytes()
        with open_services(root, {}) as services:
            after, _is_new = checkpoint(services)
        assert after.head.size == 11
        assert left in (old, after.note.to_bytes())
        assert every > 1 or codes(root) == [], number
    assert number > 15


def test_an_outsider_checks_a_proof_with_the_standard_library_alone(case: Path, tmp_path: Path) -> None:
    with open_services(case, {}) as services:
        epoch = history_of(services.engine, services.log.id).current
        with reading(services.engine) as connection:
            events = [entry.event.envelope.id for entry in read_events(connection, 0, 9)]
        proofs = [proof_of(services, event) for event in events]
        assert list(entries(services, 0, 9)) == [proof.envelope for proof in proofs]
    assert epoch is not None
    leaf, path = tmp_path / "leaf", tmp_path / "proof"

    def says(envelope: bytes, proof: str) -> int:
        leaf.write_bytes(envelope)
        path.write_text(proof, "utf-8")
        command = [sys.executable, "-I", "-S", CHECKER, leaf, path, epoch.key.raw.hex()]
        return subprocess.run(command, capture_output=True, check=False).returncode

    for proof in (proofs[0], proofs[5], proofs[8]):
        assert says(proof.envelope, proof.to_text()) == 0
    assert says(proofs[1].envelope, proofs[0].to_text()) == 5
    assert says(proofs[0].envelope, proofs[0].to_text().replace("index 0", "index 1")) == 5


def test_an_event_that_no_head_covers_has_no_proof_yet(case: Path) -> None:
    with open_services(case, {}) as services:
        said(services)
        with reading(services.engine) as connection:
            newest = next(iter(read_events(connection, 9, 10))).event.envelope.id
        with pytest.raises(UsageError, match="checkpoint"):
            proof_of(services, newest)


@pytest.mark.parametrize("code", ["P073", "P074", "P076"])
def test_nothing_is_signed_upon_a_head_that_is_not_the_logs(case: Path, code: str) -> None:
    EXAMPLES[code](case)
    with open_services(case, {}) as services:
        said(services)
        with pytest.raises(RecordUnreadable):
            checkpoint(services)


def test_nothing_is_signed_when_nothing_was_recorded(case: Path) -> None:
    with open_services(case, {}) as services:
        before = current_checkpoint(services)
        assert checkpoint(services) == (before, False)


def test_a_rotated_key_signs_and_a_revoked_one_does_not(case: Path, tmp_path: Path) -> None:
    with open_services(case, {}) as services:
        first = history_of(services.engine, services.log.id).epochs[0].key
        history = rotate(services)
        checkpoint(services)
        assert [epoch.key == first for epoch in history.epochs] == [True, False]
        assert codes(case) == []
        revoke(services, 11, "lost")
        with pytest.raises(GateRefused):
            checkpoint(services)
        away = tmp_path / "root.key"
        services.workspace.root_key.rename(away)
        rotate(services, away)
        checkpoint(services)
    assert codes(case) == []


def test_a_lost_log_key_is_replaced_by_the_word_of_the_root_key(case: Path) -> None:
    (case / "keys/log.key").unlink()
    assert codes(case) == ["P062"]
    with open_services(case, {}) as services:
        rotate(services)
        checkpoint(services)
    assert codes(case) == []


def test_tiles_come_back_from_the_journal_and_heads_are_kept_by_a_rebuild(case: Path) -> None:
    before = {path: path.read_bytes() for path in evidence(case) if "checkpoint" in path.as_posix()}
    EXAMPLES["P071"](case)
    reindex_workspace(case, {})
    assert codes(case) == []
    assert {path: path.read_bytes() for path in before} == before


def test_a_backup_brings_tiles_and_heads_and_no_root_key(case: Path, tmp_path: Path) -> None:
    with open_services(case, {}) as services:
        back_up(services, tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob("root.key"))
    assert restore_workspace(tmp_path / "copy", tmp_path / "again", {}).ok
    assert (tmp_path / "again" / NEWEST).read_bytes() == (case / NEWEST).read_bytes()

"""The eight attacks on a log whose key was stolen: nothing inside shows them, and a witness's head does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.audit import AuditReport, audit_workspace
from pipelines.custody import checkpoint
from pipelines.keys import history_of
from pipelines.opening import open_investigation
from pipelines.outside import Outside
from pipelines.services import Services, open_services
from preservation.checkpoints import origin
from preservation.log_attacks import LogAttack
from preservation.notes import ED25519, NoteSignature, VerifierKey
from preservation.witness_state import WitnessState
from preservation.witnessing import Submission

from .attacks import attack
from .cases import copied, said

CHECKER = Path(__file__).parents[1] / "independent" / "check_contradiction.py"
AT = 6
"""The event that the attacks are upon."""
PROVEN = frozenset(LogAttack) - {LogAttack.REPLACE}
"""Those of which two heads of one log are left."""
CHECKED = {LogAttack.EDIT, LogAttack.CUT}
"""Whose proof is given to the checker here; test_contradictions.py holds all kinds of proofs."""


@dataclass(frozen=True)
class Scene:
    """A workspace, a copy of it from before event AT, and the head that a witness cosigned, with the log's key."""

    root: Path
    earlier: Path
    head: Path
    key: str


def log_key_of(services: Services) -> VerifierKey:
    epoch = history_of(services.engine, services.log.id).current
    assert epoch is not None
    return VerifierKey(origin(services.log.id), ED25519, epoch.key.raw)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    witness = WitnessState.begin(folder / "witness", "witness.example/p", folder / "mark")
    root = open_investigation(folder / "case", "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        said(services, 2)
        services.log.close()
        earlier = copied(root, folder / "earlier")
        said(services, 4)
        head, _is_new = checkpoint(services)
        witness.trust(key := log_key_of(services))
    line = witness.cosign(Submission(0, (), head).to_bytes(), lambda: 1_772_000_000)
    assert isinstance(line, NoteSignature)
    newest = witness.newest(head.head.origin)
    assert newest is not None
    (folder / "head").write_bytes(newest.note.to_bytes())
    return Scene(root, earlier, folder / "head", key.raw.hex())


def found(report: AuditReport) -> list[str]:
    return [one.code for one in report.problems]


@pytest.mark.parametrize("kind", LogAttack, ids=[one.value for one in LogAttack])
def test_a_witness_finds_the_attack_that_nothing_inside_shows(scene: Scene, tmp_path: Path, kind: LogAttack) -> None:
    root = copied(scene.root, tmp_path / "case")
    attack(kind, root, scene.earlier, AT)
    alone = audit_workspace(root, {})
    assert found(alone) == []
    assert {one["attack"] for one in alone.outside.reached.plain() if one["found_up_to"] == 0} == set(LogAttack)
    assert len(list(alone.outside.lines())) == 1
    outside = audit_workspace(root, {}, outside=Outside(scene.head))
    assert set(found(outside)) & {"P081", "P082", "P083"}
    proof = outside.outside.contradiction
    assert (proof is not None) == (kind in PROVEN)
    if proof is not None and kind in CHECKED:
        file = tmp_path / "contradiction"
        file.write_bytes(proof.to_bytes())
        assert checked(file, scene.key) == 0


def checked(file: Path, key: str) -> int:
    command = [sys.executable, "-I", "-S", CHECKER, file, key]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_an_honest_log_is_told_from_a_falsified_one_and_up_to_where(scene: Scene, tmp_path: Path) -> None:
    root = copied(scene.root, tmp_path / "case")
    with open_services(root, {}) as services:
        said(services, 3)
    report = audit_workspace(root, {}, outside=Outside(scene.head))
    assert report.ok
    assert report.outside.contradiction is None
    assert {one["found_up_to"] for one in report.outside.reached.plain()} == {10}
    assert "the 3 events after event 10" in next(report.outside.lines())

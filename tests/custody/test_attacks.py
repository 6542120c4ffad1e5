"""The eight attacks on a log whose key was stolen: each leaves nothing to find inside, and a witness's head finds it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from casefile.events.files import LogFiles
from pipelines.audit import AuditReport, audit_workspace
from pipelines.custody import checkpoint, current_checkpoint
from pipelines.keys import history_of
from pipelines.opening import open_investigation
from pipelines.outside import Outside
from pipelines.services import Services, open_services
from preservation.checkpoints import origin
from preservation.custody_audit import CustodyAudit
from preservation.durable import unobserved
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
    if proof is not None:
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


@pytest.mark.parametrize("change", ["kind", "root", "proof", "outside", "shown"])
def test_a_contradiction_that_was_made_up_proves_nothing(scene: Scene, tmp_path: Path, change: str) -> None:
    """An honest pair of heads, and a proof in which one thing was changed."""
    import json

    root = copied(scene.root, tmp_path / "case")
    with open_services(root, {}) as services:
        said(services, 3)
        shown, _is_new = checkpoint(services)
        custody = CustodyAudit(root / "log", LogFiles.at(root / "log", unobserved), history_of(services.engine, services.log.id))
    from preservation.contradictions import REWRITE, Contradiction
    from preservation.cosigned_heads import read_head
    from preservation.tree import consistency_proof

    outside = read_head(scene.head)
    proof = consistency_proof(outside.head.size, shown.head.size, custody.node)
    honest = Contradiction(REWRITE, outside, shown, outside.head.root, proof)
    stated = json.loads(honest.to_bytes())
    other = "A" * 43 + "="
    changed = {
        "kind": "fork",
        "root": other,
        "proof": [other, *stated["proof"][1:]],
        "outside": stated["outside"].replace("\n10\n", "\n9\n"),
        "shown": stated["shown"].replace(stated["shown"].split("\n")[2], other),
    }
    file = tmp_path / "contradiction"
    for content in (stated, {**stated, change: changed[change]}):
        file.write_text(json.dumps(content), "utf-8")
        assert checked(file, scene.key) == 5

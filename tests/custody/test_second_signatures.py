"""The second signature under a head: of the form that the specification gives, and no head of the log without it."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from casefile.errors import KeyMissing, WorkspaceUnusable
from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint, current_checkpoint
from pipelines.keys import history_of, rotate
from pipelines.opening import open_investigation
from pipelines.services import open_services
from preservation.checkpoints import SignedCheckpoint
from preservation.keys import SecondKey
from preservation.notes import COSIGNED_MLDSA, Note, NoteSignature
from preservation.second_signatures import is_second_line_true, second_line

from .cases import copied, said
from .small_logs import SmallLog, numbered

LOG = SmallLog(numbered(8))
KEY = SecondKey(MLDSA44PrivateKey.generate())


def test_the_line_is_over_the_message_of_the_specification() -> None:
    head = LOG.head(8).head
    line = second_line(head, KEY, 1_772_000_000)
    name = head.origin.encode()
    message = b"subtree/v1\n\0" + struct.pack("B", len(name)) + name + struct.pack(">Q", 1_772_000_000)
    message += struct.pack("B", len(name)) + name + struct.pack(">QQ", 0, 8) + head.root
    assert line.signature[:8] == struct.pack(">Q", 1_772_000_000)
    MLDSA44PublicKey.from_public_bytes(KEY.raw).verify(line.signature[8:], message)
    with pytest.raises(InvalidSignature):
        MLDSA44PublicKey.from_public_bytes(KEY.raw).verify(line.signature[8:], message[:-1] + b"x")


def test_a_line_holds_for_its_head_its_time_and_its_key_alone() -> None:
    head = LOG.head(8)
    line = second_line(head.head, KEY, 1_772_000_000)

    def says(one: NoteSignature, of: SignedCheckpoint = head) -> bool:
        note = Note(of.note.text, (*of.note.signatures, one))
        return is_second_line_true(SignedCheckpoint(of.head, note), KEY.raw)

    assert says(line)
    assert not says(line, LOG.head(7))
    assert not says(replace(line, signature=b"\1" + line.signature[1:]))
    assert not says(replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1])))
    assert not says(replace(line, signature=line.signature[:5]))


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_investigation(tmp_path_factory.mktemp("second") / "case", "Lake", "Ada", {}).root
    with open_services(root, {}) as services:
        checkpoint(services)
    return root


def codes(root: Path) -> list[str]:
    return [one.code for one in audit_workspace(root, {}).problems]


def test_every_head_has_both_lines_and_one_without_the_second_is_not_the_logs(untouched: Path, tmp_path: Path) -> None:
    root = copied(untouched, tmp_path / "case")
    with open_services(root, {}) as services:
        head = current_checkpoint(services)
        epoch = history_of(services.engine, services.log.id).current
    assert head is not None
    assert epoch is not None
    assert epoch.second is not None
    assert len(head.note.by(head.head.origin, epoch.second, COSIGNED_MLDSA)) == 1
    (root / "log/checkpoint").write_bytes(Note(head.note.text, head.note.signatures[:1]).to_bytes())
    assert codes(root) == ["P074"]
    (root / "log/checkpoint").write_bytes(Note(head.note.text, head.note.signatures[1:]).to_bytes())
    assert codes(root) == ["P074"]
    first, second = head.note.signatures
    for other in (replace(second, name="casefile/another"), replace(second, key_id=bytes(4)), first):
        (root / "log/checkpoint").write_bytes(Note(head.note.text, (first, other)).to_bytes())
        assert codes(root) == ["P074"]


def test_a_second_key_that_is_gone_or_another_one_signs_nothing(untouched: Path, tmp_path: Path) -> None:
    root = copied(untouched, tmp_path / "case")
    file = root / "keys/log.mldsa44.key"
    content = file.read_bytes()
    with open_services(root, {}) as services:
        said(services)
        file.write_bytes((root / "keys/log.key").read_bytes())
        with pytest.raises(WorkspaceUnusable):
            checkpoint(services)
        file.unlink()
        with pytest.raises(KeyMissing):
            checkpoint(services)
        assert codes(root) == ["P062"]
        rotate(services)
        checkpoint(services)
    assert codes(root) == []
    assert content not in (root / "log/private/0000").read_bytes()

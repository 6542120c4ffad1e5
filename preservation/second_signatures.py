"""The second signature of the log under its own heads: ML-DSA-44 with a time (C2SP tlog-cosignature, type 6). Pure.

It holds when Ed25519 no longer does. The log's own time in it is testimony, as every time that the log states.
"""

from __future__ import annotations

from preservation.checkpoints import Checkpoint, SignedCheckpoint
from preservation.keys import SecondKey, second_verifies
from preservation.notes import COSIGNED_MLDSA, NoteSignature, key_id

LABEL = b"subtree/v1\n\0"
NUMBER_BYTES = 8


def second_line(head: Checkpoint, key: SecondKey, time_s: int) -> NoteSignature:
    """The line by which the log's second key signs a head at that time."""
    signature = key.sign(signed_message(head, time_s))
    known = key_id(head.origin, key.raw, COSIGNED_MLDSA)
    return NoteSignature(head.origin, known, _number(time_s) + signature)


def is_second_line_true(checkpoint: SignedCheckpoint, raw: bytes) -> bool:
    """Whether every line that claims to be of this key holds; true where there is none."""
    head = checkpoint.head
    return all(
        second_verifies(
            raw, one.signature[NUMBER_BYTES:], signed_message(head, int.from_bytes(one.signature[:NUMBER_BYTES], "big"))
        )
        for one in checkpoint.note.by(head.origin, raw, COSIGNED_MLDSA)
    )


def signed_message(head: Checkpoint, time_s: int) -> bytes:
    """The `cosigned_message` of the specification, for the whole tree."""
    name = head.origin.encode("utf-8")
    counted = bytes([len(name)]) + name
    return LABEL + counted + _number(time_s) + counted + _number(0) + _number(head.size) + head.root


def _number(value: int) -> bytes:
    return value.to_bytes(NUMBER_BYTES, "big")

"""Logs of made-up leaves, whose every head can be signed and proved without a workspace."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casefile.events.envelope import leaf_hash
from casefile.events.tree import node_hash
from preservation.checkpoints import Checkpoint, SignedCheckpoint
from preservation.keys import SigningKey
from preservation.notes import ED25519, VerifierKey, signed
from preservation.tree import consistency_proof, root_of
from preservation.witnessing import Submission

ORIGIN = "casefile/01a20000-0000-7000-8000-000000000001"


@dataclass
class SmallLog:
    """Leaves named by text, so that two logs with other texts are two histories."""

    texts: tuple[str, ...]
    key: SigningKey = field(default_factory=lambda: SigningKey(Ed25519PrivateKey.generate()))
    origin: str = ORIGIN

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(self.texts[index].encode())
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def head(self, size: int) -> SignedCheckpoint:
        head = Checkpoint(self.origin, size, root_of(size, self.node))
        note = signed(head.text, [(self.origin, self.key.public.raw, self.key.sign(head.text.encode()))])
        return SignedCheckpoint(head, note)

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        return consistency_proof(old, size, self.node) if 0 < old < size else ()

    def submission(self, old: int, size: int) -> bytes:
        return Submission(old, self.proof(old, size), self.head(size)).to_bytes()

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.origin, ED25519, self.key.public.raw)


def numbered(count: int, word: str = "event") -> tuple[str, ...]:
    return tuple(f"{word} {one}" for one in range(count))

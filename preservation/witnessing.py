"""What a witness is asked and how it judges (C2SP tlog-witness, add-checkpoint). Pure.

A head is cosigned only when a trusted key of its log signed it and a proof leads to it from the head that was cosigned
last. Everything else is refused with the status of the specification.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from casefile.events.tree import EMPTY_ROOT
from preservation.checkpoints import MAX_SIZE, SignedCheckpoint
from preservation.keys import PublicKey
from preservation.notes import Note, NoteMalformed, VerifierKey, decoded
from preservation.tree import HASH_BYTES, is_consistent

MAX_PROOF_LINES = 63
"""C2SP tlog-witness."""
MAX_SUBMISSION_BYTES = 65_536 + 64 * MAX_PROOF_LINES
BAD_REQUEST, FORBIDDEN, UNKNOWN, CONFLICT, UNPROCESSABLE = 400, 403, 404, 409, 422
_OLD = re.compile(r"old (0|[1-9]\d{0,15})")


@dataclass(frozen=True, slots=True)
class Submission:
    """A head for a witness: the size that it cosigned last, the proof from there, and the signed head."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def to_bytes(self) -> bytes:
        """As it is sent, and as it lies on a stick."""
        lines = [f"old {self.old}", *(base64.b64encode(one).decode("ascii") for one in self.proof)]
        return ("\n".join(lines) + "\n\n").encode("ascii") + self.checkpoint.note.to_bytes()

    @classmethod
    def parse(cls, content: bytes) -> Submission:
        """The submission in these bytes; raises NoteMalformed."""
        if len(content) > MAX_SUBMISSION_BYTES:
            raise NoteMalformed("it is longer than a submission may be")
        above, gap, note = content.partition(b"\n\n")
        try:
            first, *lines = above.decode("ascii").split("\n")
            proof = tuple(map(decoded, lines))
        except ValueError as error:
            raise NoteMalformed("its proof is not base64") from error
        old = _OLD.fullmatch(first)
        if not gap or old is None or int(old[1]) >= MAX_SIZE:
            raise NoteMalformed("it does not begin with the old size")
        if len(proof) > MAX_PROOF_LINES or any(len(one) != HASH_BYTES for one in proof):
            raise NoteMalformed("its proof is no list of at most 63 hashes")
        return cls(int(old[1]), proof, SignedCheckpoint.parse(note))


@dataclass(frozen=True, slots=True)
class Watched:
    """What a witness holds of one log: the keys that it trusts, and the head that it cosigned last."""

    keys: tuple[VerifierKey, ...]
    newest: SignedCheckpoint | None = None

    @property
    def size(self) -> int:
        """The size of the newest head; 0 before the first."""
        return self.newest.head.size if self.newest else 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a head is not cosigned. `is_contradiction`: the log's key signed it and it does not follow."""

    status: int
    reason: str
    is_contradiction: bool = False


def judge(asked: Submission, watched: Watched | None) -> Refusal | None:
    """Why the head is not cosigned; None when it may be. `watched` is None for a log that is not known."""
    head = asked.checkpoint.head
    if watched is None:
        return Refusal(UNKNOWN, "this log is not known here")
    if not is_signed_by_one_of(asked.checkpoint.note, watched.keys):
        return Refusal(FORBIDDEN, "no key that is trusted for this log signed the head")
    if asked.old > head.size:
        return Refusal(BAD_REQUEST, "the old size is larger than the head")
    if asked.old != watched.size:
        return Refusal(CONFLICT, str(watched.size))
    if head.size == 0 and head.root != EMPTY_ROOT:
        return Refusal(UNPROCESSABLE, "the root of no events is another", is_contradiction=True)
    if watched.newest is None or asked.old == 0:
        return Refusal(UNPROCESSABLE, "nothing is proved from no events") if asked.proof else None
    if not is_consistent(asked.old, head.size, asked.proof, watched.newest.head.root, head.root):
        reason = "the head does not follow from the one that was cosigned last"
        return Refusal(UNPROCESSABLE, reason, is_contradiction=True)
    return None


def is_signed_by_one_of(note: Note, keys: tuple[VerifierKey, ...]) -> bool:
    """Whether a trusted key signed the note and no signature that claims to be of one is false."""
    text = note.text.encode("utf-8")
    claimed = [(key, one) for key in keys for one in note.by(key.name, key.raw, key.kind)]
    return bool(claimed) and all(PublicKey.of(key.raw).verifies(one.signature, text) for key, one in claimed)

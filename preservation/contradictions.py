"""Two signed heads of one log that cannot both be of it, in a file that proves it to whoever has the log's key. Pure.

At one size two roots prove it alone. Where the sizes differ, a consistency proof shows which root the larger tree has
at the smaller size, and that root is another one than was signed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from casefile.canonical import Json, canonical_json
from preservation.checkpoints import SignedCheckpoint
from preservation.tree import Nodes, consistency_proof, root_of

VERSION = 1
FORK, REWRITE, ROLLBACK = "fork", "rewrite", "rollback"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A head that was held outside, one of the log as it is shown, and what leads from one to the other.

    `root` is the root of the shown log at the size of the outside head. A rollback has none: the shown log is shorter,
    and the outside head proves that events which it lacks were there.
    """

    kind: str
    outside: SignedCheckpoint
    shown: SignedCheckpoint
    root: bytes = b""
    proof: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """The file; docs/formats/log.md has its form."""
        stated: dict[str, Json] = {
            "contradiction": VERSION,
            "kind": self.kind,
            "outside": self.outside.note.to_bytes().decode("utf-8"),
            "shown": self.shown.note.to_bytes().decode("utf-8"),
            "root": _text(self.root),
            "proof": [_text(one) for one in self.proof],
        }
        return canonical_json(stated) + b"\n"


def contradiction(outside: SignedCheckpoint, shown: SignedCheckpoint, nodes: Nodes) -> Contradiction | None:
    """What two heads prove against each other; None where they agree. `nodes` are of the tree of the shown head."""
    earlier, later = outside.head, shown.head
    if earlier.size > later.size:
        return Contradiction(ROLLBACK, outside, shown)
    if earlier.size == later.size:
        return None if earlier.root == later.root else Contradiction(FORK, outside, shown)
    root = root_of(earlier.size, nodes)
    if root == earlier.root:
        return None
    proof = consistency_proof(earlier.size, later.size, nodes) if earlier.size else ()
    return Contradiction(REWRITE, outside, shown, root, proof)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")

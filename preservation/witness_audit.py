"""Auditing what witnesses cosigned against the journal: what is kept here, and what they say when they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from casefile.digests import sha256
from casefile.events.types_of_custody import HeadWitnessed
from preservation.checkpoints import SignedCheckpoint, kept_name
from preservation.contradictions import Contradiction, contradiction
from preservation.cosignatures import Witness
from preservation.cosigned_heads import FOLDER, CosignedHead, cosigned_heads
from preservation.custody_audit import CustodyAudit
from preservation.key_history import KeyHistory
from preservation.notes import COSIGNED, Note
from preservation.problems import Problem, problem

SHOWN_HASH = 16


@dataclass(slots=True)
class WitnessAudit:
    """Compares heads of witnesses with one log.

    `known` are the witnesses whose cosignatures count as such, `trusted` those whose keys were given from outside.
    `held` and `kept` become the largest sizes that were found to agree, as `log_attacks.Outside` has them.
    """

    log: Path
    custody: CustodyAudit
    history: KeyHistory
    known: Sequence[Witness]
    trusted: Sequence[Witness] = ()
    held: int = 0
    kept: int = 0
    heads: int = 0
    _against: list[SignedCheckpoint] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def kept_problems(self, witnessed: Sequence[HeadWitnessed]) -> Iterator[Problem]:
        """Everything about the cosigned heads that lie here; `witnessed` are those that the log itself names."""
        lines: set[tuple[int, str]] = set()
        for one in cosigned_heads(self.log):
            self.heads += 1
            if one.head is None:
                yield problem("P090", self._where(one.path), reason=one.problem)
                continue
            lines |= {(one.head.head.size, sha256(line.line.encode("utf-8"))) for line in one.head.note.signatures}
            yield from self._kept(one, one.head)
        for named in witnessed:
            if named.cosignature is not None and (named.size, named.cosignature) not in lines:
                yield problem("P093", f"log/{FOLDER}/{kept_name(named.size)}", witness=named.key.partition("+")[0])

    def demanded_problems(self) -> Iterator[Problem]:
        """The witnesses whose keys were given and of whom there is no head at all."""
        for one in self.trusted:
            if one.name not in self._seen:
                yield problem("P094", f"witness {one.name}", witness=one.name)

    def asked_problems(self, witness: Witness, head: SignedCheckpoint | None, known_size: int) -> Iterator[Problem]:
        """What a witness says when it is asked: its newest head, None where it has none; `known_size` is what it
        cosigned before, by what is kept here."""
        where = f"witness {witness.name}"
        if head is None:
            yield problem("P094", where, witness=witness.name)
            return
        self._seen.add(witness.name)
        if head.head.size < known_size:
            yield problem("P095", where, found=str(head.head.size), size=str(known_size))
        yield from self.compare(witness.name, where, head)

    def compare(self, name: str, where: str, head: SignedCheckpoint) -> Iterator[Problem]:
        """A head that came from outside, against the journal."""
        found = list(self._compared(name, where, head))
        if not found and self.history.is_signed(head):
            self.held = max(self.held, head.head.size)
        yield from found

    def weigh(self, head: SignedCheckpoint) -> None:
        """Count a head from outside that was compared already and agrees, or remember it as one that contradicts."""
        size = head.head.size
        if size <= self.custody.events and head.head.root == self.custody.root(size):
            self.held = max(self.held, size)
        else:
            self._against.append(head)

    def contradiction(self, shown: SignedCheckpoint | None) -> Contradiction | None:
        """What proves to a third person that a head from outside and the newest one here cannot both be the log's."""
        if shown is None or shown.head.size > self.custody.events:
            return None
        found = (contradiction(one, shown, self.custody.node) for one in self._against)
        return next((one for one in found if one is not None), None)

    def _kept(self, one: CosignedHead, head: SignedCheckpoint) -> Iterator[Problem]:
        where = self._where(one.path)
        if one.path.name.partition("-")[0] != kept_name(head.head.size):
            yield problem("P090", where, reason=f"its name is not that of {head.head.size} events")
        if not self.history.is_signed(head):
            yield problem("P090", where, reason="the log's key of its time did not sign it")
            return
        by = [witness for witness in self.known if witness.of(head.note) is not None]
        for witness in self.known:
            if witness not in by and claims(head.note, witness):
                yield problem("P090", where, reason=f"the cosignature of {witness.name} is false")
        if not by:
            yield problem("P090", where, reason="no witness that is known cosigned it")
            return
        self._seen |= {witness.name for witness in by}
        found = list(self._compared(", ".join(witness.name for witness in by), where, head))
        if not found and any(witness in self.trusted for witness in by):
            self.kept = max(self.kept, head.head.size)
        yield from found

    def _compared(self, name: str, where: str, head: SignedCheckpoint) -> Iterator[Problem]:
        size, events = head.head.size, self.custody.events
        if not self.history.is_signed(head):
            yield problem("P096", where, witness=name, size=str(size))
        elif size > events:
            self._against.append(head)
            yield problem("P092", where, witness=name, size=str(size), found=str(events))
        elif head.head.root != (root := self.custody.root(size)):
            self._against.append(head)
            shown = head.head.root.hex()[:SHOWN_HASH], root.hex()[:SHOWN_HASH]
            yield problem("P091", where, witness=name, size=str(size), root=shown[0], found=shown[1])

    def _where(self, path: Path) -> str:
        return f"log/{path.relative_to(self.log).as_posix()}"


def claims(note: Note, witness: Witness) -> bool:
    """Whether a line below the note says that it is of this witness."""
    return bool(note.by(witness.name, witness.key.raw, COSIGNED))

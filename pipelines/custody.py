"""Heads and proofs: signing the log's head, proving that an event is in it, handing out entries by their index.

These three are what timestamps, witnesses and packages build upon: `current_checkpoint`, `proof_of`, `entries`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from casefile.digests import sha256
from casefile.errors import RecordUnreadable, UsageError
from casefile.events.envelope import PartName, leaf_hash
from casefile.events.files import LogFiles
from casefile.events.lock import holding, last_mark
from casefile.events.port import draft
from casefile.events.tree import CompactRange
from casefile.events.types import HeadAttested, payload
from casefile.ids import EventId, derived, machine_event_id
from casefile.records.engine import Engine, reading
from casefile.records.queries import capture_facts, find_items
from casefile.records.reading import read_event, read_events, read_events_of, read_head
from pipelines.keys import history_of, log_key, second_log_key
from pipelines.services import Services
from preservation.checkpoints import Checkpoint, SignedCheckpoint, keep, newest, origin
from preservation.cosignatures import with_lines
from preservation.durable import Disk
from preservation.key_history import KeyHistory
from preservation.notes import NoteMalformed, signed
from preservation.second_signatures import second_line
from preservation.tiles import NO_EVENTS, Tiles, clear_replaced, fold
from preservation.tree import inclusion_proof, is_included

LOCK = "checkpoint.lock"
ABOUT_HEADS = frozenset({"head.attested", "head.timestamped", "head.witnessed"})
"""Events that tell of heads alone: where nothing else was recorded since a head, no further one is signed."""
PROOF_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """That one event is in the log at one head: the event's bytes, its index, the path, and the signed head."""

    event: str
    envelope: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def to_text(self) -> str:
        """The proof as C2SP tlog-proof writes it. The event's bytes are beside it, not in it."""
        lines = [PROOF_HEADER, f"index {self.index}", *(base64.b64encode(one).decode("ascii") for one in self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint.note.to_bytes().decode("utf-8")


def current_checkpoint(services: Services) -> SignedCheckpoint | None:
    """The newest signed head; None before the first. Raises RecordUnreadable when it is damaged or not the log's."""
    return _verified(services, history_of(services.engine, services.log.id))


def checkpoint(services: Services, *, renew: bool = False) -> tuple[SignedCheckpoint, bool]:
    """Fold the journal into tiles and sign the head; the head, and whether it is a new one.

    The log names its earlier head in an event of its own first. Where nothing was recorded since, nothing is signed;
    with `renew` word of heads is something too, so that what stamped the earlier one is covered by the next.
    Stopped anywhere, the newest head is the earlier one or the new one, and the same command finishes. Raises
    RecordUnreadable when tiles, journal and database do not give one root, KeyMissing, StorageFailed.
    """
    log = services.workspace.log
    with holding(services.workspace.work / LOCK):
        history = history_of(services.engine, services.log.id)
        before = _verified(services, history)
        if before is not None and not _has_grown(services, before.head.size, renew=renew):
            return before, False
        key, second = log_key(services.workspace, history), second_log_key(services.workspace, history)
        if before is not None:
            _attest(services, before)
        disk = Disk(services.reached)
        since = (before.head.size, before.head.root) if before else NO_EVENTS
        size = _synced(services)
        folded = fold(LogFiles.at(log, services.reached), log, since, size, disk)
        _require_agreement(services, folded.tree)
        head = Checkpoint(origin(services.log.id), size, folded.tree.root())
        note = signed(head.text, [(head.origin, key.public.raw, key.sign(head.text.encode("utf-8")))])
        if second is not None:
            note = with_lines(note, second_line(head, second, int(services.clock.read().wall.timestamp())))
        made = SignedCheckpoint(head, note)
        keep(log, made, disk)
        clear_replaced(log, since[0], size, disk)
        return made, True


def proof_of(services: Services, event: str, at: SignedCheckpoint | None = None) -> Proof:
    """The proof that an event is in the newest head, or in an earlier one.

    Raises UsageError for an event that no head covers yet.
    """
    current = current_checkpoint(services)
    head = at or current
    with reading(services.engine) as connection:
        entry = read_event(connection, event)
    if current is None or head is None or entry.position >= head.head.size:
        raise UsageError("no head covers this event yet; `casefile checkpoint` signs one that does")
    tiles = Tiles(services.workspace.log, current.head.size)
    size, root = head.head.size, head.head.root
    path = inclusion_proof(entry.position, size, tiles.node)
    if not is_included(leaf_hash(entry.content), entry.position, size, path, root):
        raise RecordUnreadable("tile", "the tiles do not prove what the database holds")
    return Proof(event, entry.content, entry.position, path, head)


def event_of_item(services: Services, item: str) -> str:
    """The event by which an item was sealed; `item` is an id or a number such as I-0042. Raises UnknownItem."""
    with reading(services.engine) as connection:
        (found,) = find_items(connection, [item])
        circumstances = capture_facts(connection, found.capture)["circumstances"]
        if circumstances is not None:
            return machine_event_id(services.log.id, found.capture, "sealed", circumstances["attempt"])
        # Its body was erased; the envelopes still tell.
        for entry in read_events_of(connection, "capture.sealed", naming=found.capture):
            envelope = entry.event.envelope
            if envelope.subject_of("item") == found.capture:
                return envelope.id
    raise RecordUnreadable(f"item {found.id}", "no event sealed it")


def entries(services: Services, start: int, stop: int) -> Iterator[bytes]:
    """The envelopes start … stop-1 as the tiles of the newest head hold them."""
    current = current_checkpoint(services)
    if current is None or stop > current.head.size:
        raise UsageError("no head covers these events yet; `casefile checkpoint` signs one that does")
    return Tiles(services.workspace.log, current.head.size).entries(start, stop)


def attested_heads(engine: Engine) -> list[HeadAttested]:
    """The earlier heads that the log itself names, in order."""
    with reading(engine) as connection:
        events = [entry.event for entry in read_events_of(connection, "head.attested")]
    bodies = [payload(event, PartName.BODY, HeadAttested) for event in events]
    return [body for body in bodies if isinstance(body, HeadAttested)]


def _verified(services: Services, history: KeyHistory) -> SignedCheckpoint | None:
    """The newest head, which nothing is built upon before its signature holds."""
    try:
        found = newest(services.workspace.log)
    except NoteMalformed as error:
        raise RecordUnreadable("log/checkpoint", str(error)) from error
    if found is not None and not history.is_signed(found):
        raise RecordUnreadable("log/checkpoint", "is not signed by the log's key")
    if found is not None and found.head.size > _synced(services):
        raise RecordUnreadable("log/checkpoint", "covers more events than the log holds")
    return found


def _has_grown(services: Services, size: int, *, renew: bool) -> bool:
    """Whether anything but word of heads was recorded since a head of that size."""
    with reading(services.engine) as connection:
        return any(
            renew or entry.event.envelope.type not in ABOUT_HEADS
            for entry in read_events(connection, size, _synced(services))
        )


def _synced(services: Services) -> int:
    """How many events are in the journal for certain."""
    mark = last_mark(LogFiles.at(services.workspace.log, services.reached).lock)
    return mark.size if mark is not None else 0


def _attest(services: Services, before: SignedCheckpoint) -> None:
    size = before.head.size
    body = HeadAttested(size=size, root=f"sha256:{before.head.root.hex()}", checkpoint=sha256(before.note.to_bytes()))
    event = EventId(derived(services.log.id, "head.attested", str(size)))
    services.append(draft("head.attested", body=body, id=event))


def _require_agreement(services: Services, tree: CompactRange) -> None:
    """The tree of the journal is the one that the database keeps, unless that has gone on meanwhile."""
    with reading(services.engine) as connection:
        head = read_head(connection, services.log.id)
    if head.size == tree.size and head.subtrees != tree.to_text():
        raise RecordUnreadable("journal", "does not give the root that the database keeps")

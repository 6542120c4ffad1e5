"""Appending: one transaction for the event and its effects, then the journal, then the acknowledgement.

Order of one append (DESIGN, law 2 and section 4): canonical bytes and hashes outside the lock; `log_head` taken for
writing; entries, parts and views; commit; parts on disk; journal on disk; acknowledged. A crash after the commit
leaves the journal behind the database, and the next writer carries it on from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine, update

from casefile.clock import Clock, rfc3339
from casefile.errors import RecordUnreadable
from casefile.events.envelope import SALT_BYTES, Envelope, Event, EventOutcome, Part, PartName, Subject, leaf_hash
from casefile.events.files import LogFiles
from casefile.events.journal import segment_of
from casefile.events.placing import Prepared, advanced, insert_events, place, set_head, take_head, without_known
from casefile.events.port import Draft
from casefile.events.projecting import project
from casefile.events.publishing import Gathered, Pending, Publisher
from casefile.events.types import ContentErased
from casefile.events.types_of_custody import EventSigned
from casefile.events.upcasting import upcast
from casefile.ids import EventId, LogId, RunId, is_derived
from casefile.model import ClockRecord
from casefile.records.effects import Effects
from casefile.records.engine import inside, table, writing
from casefile.records.erasures import PendingErasure, note_erasures
from casefile.records.reading import read_event
from casefile.records.search import forget_text

SIGNED = "event.signed"
AUTHENTICATED: Literal["authenticated"] = "authenticated"

Within = Callable[[Connection], None]
"""Something that must commit, or fail, together with the events: a lease's end, a checked fencing token."""


class Signer(Protocol):
    """Signs for whoever acts, with a key of theirs. Only what was signed is recorded as of an authenticated actor."""

    def signed(self, log: str, event: str, leaf: bytes) -> EventSigned: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who appends, in which run. With a `signer` each act of theirs is signed; without, a name is merely asserted."""

    name: str
    run: RunId
    signer: Signer | None = None

    @classmethod
    def person(cls, person: str, run: RunId, signer: Signer | None = None) -> Actor:
        """A person, who was only named unless there is a signer."""
        return cls(f"person:{person}", run, signer)


class Log:
    """The log of one investigation, open for appending as one actor.

    Use `append`, `erase` and `erase_all`; they return when what they wrote is durable in database and journal.
    `reached` is called with the name of each step that was completed.
    """

    def __init__(
        self, engine: Engine, folder: Path, log: LogId, clock: Clock, *, reached: Callable[[str], None] | None = None
    ) -> None:
        self._engine = engine
        self._log = log
        self._clock = clock
        self._reached = reached or (lambda _step: None)
        self._publisher = Publisher(engine, LogFiles.at(folder, self._reached), log)
        self._gathered: Gathered | None = None

    @property
    def id(self) -> LogId:
        """The log's id, which is the investigation's."""
        return self._log

    def recover(self) -> int:
        """Carry the files on to the committed head; the number of events that they lacked.

        Finishes what an interrupted erasure left. Raises JournalShortened or DatabaseRestored when files and database
        cannot be brought together, RecordUnreadable when either is damaged.
        """
        count = self._publisher.publish(None)
        self._publisher.finish_erasures()
        return count

    def close(self) -> None:
        """Note in the database how far the journal was synced, so that a later cut is seen."""
        self._publisher.note_synced()

    def append(self, drafts: Sequence[Draft], actor: Actor, within: Within | None = None) -> tuple[EventId, ...]:
        """Append events in this order and return their ids. Drafts whose id is in the log already change nothing."""
        self._require_agreement()
        acts = [self._prepare(draft, actor) for draft in drafts]
        self._commit([*acts, *self._signatures(acts, actor)], within)
        return tuple(EventId(one.event.envelope.id) for one in acts)

    def admit(self, made: Sequence[Event], drafts: Sequence[Draft], actor: Actor, within: Within | None = None) -> None:
        """Append events of this log that were made and signed elsewhere, as they are, and `drafts` of whoever brings
        them, in one transaction. Whether they may be believed is for the caller to have judged; those that are in the
        log already change nothing.
        """
        self._require_agreement()
        brought = []
        for event in made:
            content = event.envelope.to_bytes()
            brought.append(Prepared(event, content, leaf_hash(content), is_repeatable=True))
        acts = [self._prepare(draft, actor) for draft in drafts]
        self._commit([*brought, *acts, *self._signatures(acts, actor)], within)

    @contextmanager
    def together(self) -> Iterator[tuple[Engine, Log]]:
        """An engine and a log whose reads and appends are one transaction, committed and made durable at the end of
        the block. What is raised within leaves nothing of it. Nobody else writes meanwhile.
        """
        self._require_agreement()
        whole = copy(self)
        whole._gathered = gathered = Gathered()
        with inside(self._engine) as engine:
            whole._engine = engine
            yield engine, whole
        if gathered.pending is not None:
            self._publish(gathered.pending, erased=True)

    def _commit(self, prepared: Sequence[Prepared], within: Within | None) -> None:
        with writing(self._engine) as connection:
            pending = self._place(connection, prepared)
            # Events that are all there already were recorded together with what `within` does.
            if within is not None and (pending.events or not prepared):
                within(connection)
            self._reached("placed")
        self._publish(pending)

    def _publish(self, pending: Pending, *, erased: bool = False) -> None:
        """Carry what was committed on into the files, which acknowledges it; what is gathered waits for its commit."""
        if self._gathered is not None:
            self._gathered.add(pending)
            return
        self._reached("committed")
        self._publisher.publish(pending)
        if erased:
            self._publisher.finish_erasures()
        self._reached("acknowledged")

    def erase(self, target: EventId, part: PartName, grounds: ContentErased, actor: Actor) -> EventId:
        """Erase one part of one event everywhere: tables, views, search, disk. The envelope and the tree stay.

        On PostgreSQL what the server keeps of old rows until it vacuums, and in its own log and backups, is out of
        reach. Raises RecordUnreadable when there is no such event or it never had that part.
        """
        return self.erase_all([(target, part)], grounds, actor)[0]

    def erase_all(
        self,
        targets: Sequence[tuple[EventId, PartName]],
        grounds: ContentErased,
        actor: Actor,
        *,
        then: Sequence[Draft] = (),
        within: Within | None = None,
    ) -> tuple[EventId, ...]:
        """The same for several parts, followed by the events `then`, in one transaction: all of it or nothing.

        `within` runs first, with the write lock held; what it raises leaves everything as it was.
        """
        self._require_agreement()
        prepared = [self._prepare(draft, actor) for draft in (*(_erasure(*one, grounds) for one in targets), *then)]
        with writing(self._engine) as connection:
            if within is not None:
                within(connection)
            pending_erasures = [_pending_erasure(connection, *one) for one in targets]
            pending = self._place(connection, [*prepared, *self._signatures(prepared, actor)])
            for one, (target, part) in zip(prepared, targets, strict=False):
                _forget_part(connection, target, part, one.event.envelope.id)
                forget_text(connection, target, part)
            note_erasures(connection, pending_erasures)
            self._reached("placed")
        self._publish(pending, erased=True)
        return tuple(EventId(one.event.envelope.id) for one in prepared)

    def _require_agreement(self) -> None:
        """Before the first event, see that database and journal agree: nothing is built upon an older database."""
        if self._publisher.synced is None:
            self.recover()

    def _signatures(self, acts: Sequence[Prepared], actor: Actor) -> list[Prepared]:
        """The signatures under these acts, in events that are committed with them."""
        if actor.signer is None:
            return []
        made = []
        for one in acts:
            envelope = one.event.envelope
            if envelope.identity == AUTHENTICATED:
                body = actor.signer.signed(self._log, envelope.id, one.leaf)
                subject = (Subject(kind="event", id=envelope.id),)
                draft = Draft(SIGNED, subject, {PartName.BODY: body}, causes=(envelope.id,))
                made.append(self._prepare(draft, replace(actor, signer=None)))
        return made

    def _prepare(self, draft: Draft, actor: Actor) -> Prepared:
        reading = self._clock.read()
        event_id = draft.id or EventId(self._clock.mint())
        parts = {
            name: Part(event_id, name, os.urandom(SALT_BYTES), value.canonical()) for name, value in draft.parts.items()
        }
        envelope = Envelope(
            actor=actor.name,
            causes=draft.causes,
            clock=ClockRecord.of(reading),
            id=event_id,
            # What a machine does on somebody's behalf has an id of its own making, and is not that person's act.
            identity="asserted" if actor.signer is None or is_derived(event_id) else AUTHENTICATED,
            log=self._log,
            outcome=draft.outcome,
            parts={name: part.commitment for name, part in parts.items()},
            recorded_at=rfc3339(reading.wall),
            run=actor.run,
            schema_number=draft.schema,
            subject=draft.subject,
            tools=draft.tools,
            type=draft.type,
        )
        content = envelope.to_bytes()
        return Prepared(Event(envelope, parts), content, leaf_hash(content), draft.id is not None)

    def _place(self, connection: Connection, prepared: Sequence[Prepared]) -> Pending:
        head = take_head(connection, self._log)
        placed = place(head, without_known(connection, prepared))
        insert_events(connection, placed)
        effects = Effects(connection, partial(_lookup, connection))
        for one in placed:
            effects.carry_out(project(upcast(one.prepared.event)))
        effects.flush()
        after = advanced(head, placed, self._publisher.synced)
        set_head(connection, after)
        return Pending(head, after, [one.unwritten() for one in placed])


def _lookup(connection: Connection, event: str) -> Event:
    return upcast(read_event(connection, event).event)


def _erasure(target: EventId, part: PartName, grounds: ContentErased) -> Draft:
    subject = (Subject(kind="event", id=target), Subject(kind="part", id=part))
    return Draft("content.erased", subject, {PartName.BODY: grounds}, EventOutcome(status="erased"))


def _pending_erasure(connection: Connection, target: EventId, part: PartName) -> PendingErasure:
    entry = read_event(connection, target)
    if part not in entry.event.envelope.parts:
        raise RecordUnreadable(f"event {target}", f"never had a part {part}")
    return PendingErasure(target, part, segment_of(entry.position))


def _forget_part(connection: Connection, target: str, part: PartName, erasure: str) -> None:
    parts = table("log_part")
    this = (parts.c.event == target) & (parts.c.name == part)
    connection.execute(update(parts).where(this).values(salt=None, content=None, erased_by=erasure))

"""Events as the log's files hold them: each envelope with its parts, each part checked against what commits to it.

What a writer left behind the last whole record was never acknowledged. It is told apart from damage by the mark of
what was synced, and by lying at the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Self

from casefile.errors import RecordUnreadable
from casefile.events.durable import translated
from casefile.events.envelope import Envelope, Event, Part, PartName, erased_part, is_envelope, leaf_hash
from casefile.events.files import LogFiles
from casefile.events.journal import LENGTH, Record, Unfinished, segment_of
from casefile.events.lock import Mark, last_mark
from casefile.events.placing import Placed, Prepared
from casefile.events.private import Heading, PrivateParts, decode
from casefile.events.projecting_erasures import ITEM_SCHEMA
from casefile.records.erasures import PendingErasure

Erased = Mapping[tuple[str, PartName], str]
"""Which parts were erased, and by which event."""


class StoredEvents:
    """One reading of the files, from the first event to the last whole one.

    On the way it gathers the parts that are `missing` without having been erased, those that are `still_there`
    although they were, and what is `unfinished`. Memory holds the headings of one segment, whatever the log's length.
    """

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._mark = last_mark(files.lock)
        self.erased: Erased = self._erasures()
        self.missing: list[tuple[str, str]] = []
        self.still_there: list[PendingErasure] = []
        self.unfinished: list[str] = []

    def events(self) -> Iterator[Placed]:
        """Every event in order.

        Raises RecordUnreadable at a damaged record, at a part that is not what its envelope commits to or that is of
        no event, and where less is there than was synced.
        """
        count, left = 0, list[str]()
        for segment, records in groupby(
            whole_records(self._files, self._mark, self.unfinished), lambda record: segment_of(record.position)
        ):
            if left:
                raise RecordUnreadable("private", left[0])
            with SegmentParts(self._files.private, segment) as parts:
                for record in records:
                    yield self._placed(record, parts)
                    count += 1
                left = parts.left()
        with SegmentParts(self._files.private, segment_of(count - 1) + 1) as parts:
            self.unfinished += [*left, *parts.left()]
        if self._mark is not None and count < self._mark.size:
            raise RecordUnreadable("journal", f"holds {count} whole events where {self._mark.size} were synced")

    def _placed(self, record: Record, parts: SegmentParts) -> Placed:
        envelope = self._envelope(record)
        found: dict[PartName, Part] = {}
        for name in envelope.parts:
            part = parts.take(envelope.id, name)
            if (envelope.id, name) in self.erased:
                if part is not None:
                    self.still_there.append(PendingErasure(envelope.id, name, segment_of(record.position)))
            elif part is None:
                self.missing.append((envelope.id, name))
            elif not part.fulfils(envelope):
                raise RecordUnreadable(f"{name} of event {envelope.id}", "is not what the envelope commits to")
            else:
                found[name] = part
        prepared = Prepared(Event(envelope, found), record.content, leaf_hash(record.content))
        return Placed(prepared, record.position, record.end)

    def _erasures(self) -> Erased:
        erased: dict[tuple[str, PartName], str] = {}
        for record in whole_records(self._files, self._mark, []):
            if b'"type":"content.erased"' in record.content:
                envelope = self._envelope(record)
                if envelope.schema_number != ITEM_SCHEMA:
                    erased[erased_part(envelope)] = envelope.id
        return erased

    def _envelope(self, record: Record) -> Envelope:
        try:
            return Envelope.from_bytes(record.content)
        except RecordUnreadable as error:
            where = f"{self._files.journal.where(segment_of(record.position))} at byte {record.start.offset}"
            raise RecordUnreadable(where, f"event {record.position} is no envelope: {error.problem}") from error


class SegmentParts:
    """The parts of one private segment, found by event and name and read when they are asked for."""

    def __init__(self, private: PrivateParts, segment: int) -> None:
        self._where = private.where(segment)
        self._path = private.path(segment)
        self._size = private.size(segment)
        self._headings: dict[tuple[str, PartName], Heading] = {}
        self._end = 0
        for heading in private.headings(segment):
            if (heading.event, heading.name) in self._headings:
                raise RecordUnreadable(f"private part {heading.name} of event {heading.event}", "is there twice")
            self._headings[heading.event, heading.name] = heading
            self._end = heading.end
        with translated("read", self._path):
            self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW) if self._size else -1

    def take(self, event: str, name: PartName) -> Part | None:
        """The part, which is then no longer left; None when it is not there."""
        heading = self._headings.pop((event, name), None)
        if heading is None:
            return None
        start = heading.start + LENGTH.size
        with translated("read", self._path):
            content = os.pread(self._handle, heading.end - start, start)
        return decode(content, f"{self._where} at byte {heading.start}")

    def left(self) -> list[str]:
        """What was not taken, and what is no whole record, in words."""
        left = [
            f"{self._where}: {name} of event {event}, which the journal does not hold" for event, name in self._headings
        ]
        if self._end < self._size:
            left.append(f"{self._where} at byte {self._end}: no whole record begins here")
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)


def whole_records(files: LogFiles, mark: Mark | None, unfinished: list[str]) -> Iterator[Record]:
    """The journal's records up to the last one that was written whole; what comes after it goes into `unfinished`.

    Behind the mark anything may lie that a crash left; without a mark only a record whose end is missing passes for
    unfinished. Raises RecordUnreadable for what is damaged.
    """
    synced = mark.size if mark is not None else sys.maxsize
    try:
        for record in files.journal.records():
            if record.position >= synced and not is_envelope(record.content):
                unfinished.append(f"journal record {record.position} is no envelope")
                return
            yield record
    except Unfinished as error:
        if mark is None and not error.is_torn:
            raise
        unfinished.append(str(error))

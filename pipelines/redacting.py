"""Redacting: what a package carries in the place of files that would expose whoever collected. The original stays.

A derivative is the sealed file with named places written over, so that nothing has to be kept of it: it follows from
the original and the event, for whoever has both. What lies in a compressed file cannot be written over, and what no
machine drew could be guessed from the digest of the original, which is in the log: such a file does not leave at all.

What was redacted once stays so: a cookie that was found is not found again after its jar was discarded.
"""

from __future__ import annotations

import io
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from casefile.digests import Digest, digest_stream
from casefile.errors import GateRefused, UsageError, WorkspaceBusy
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.port import draft
from casefile.events.types_packages import CaptureRedacted, RedactedFile, RedactedPart, RedactedSpan
from casefile.ids import EventId
from casefile.model import readable
from casefile.records.acts import list_acts
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items
from casefile.records.reading import read_event
from casefile.records.tombstones import events_naming, list_tombstones
from casefile.vocabulary import ContainmentLevel
from disclosure.leaving import OF_THE_ITEM, reason_to_stay
from disclosure.masking import Masked, every_span_in
from disclosure.scanning import FOLDED, Scanner, Secret
from pipelines.exposing import SCAN, secrets_of
from pipelines.looking_through import look_through
from pipelines.redactions import TYPE
from pipelines.services import Services
from preservation.inventory import read_inventory

MOST_PLACES = 10_000
"""Of all files of a capture; the event has to hold them. Of the files after those nothing leaves."""
SEALED, ERASED = "capture.sealed", "content.erased"
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is redacted, why, and how: `mask_guessable` writes over what could be guessed, too, and lets the file
    leave.
    """

    item: str
    why: str
    mask_guessable: bool = False
    level: ContainmentLevel = ContainmentLevel.FULL


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was recorded of the capture of an item."""

    item: ItemRecord
    event: EventId
    said: CaptureRedacted


@dataclass(frozen=True, slots=True)
class _Known:
    """What the log says of a capture: the events that redacted it, what the newest of them says, and its erasures."""

    events: tuple[str, ...]
    said: CaptureRedacted | None
    erased: frozenset[str]

    @property
    def files(self) -> Mapping[str, RedactedFile]:
        return {one.path: one for one in self.said.files} if self.said is not None else {}


def redact(services: Services, asked: Redaction, note: Note) -> Redacted:
    """Find in the capture of an item all that must not leave, and record what is to leave in its place, together with
    what was redacted of it before.

    Raises UnknownItem, UsageError where there is nothing to redact, no reason, or one that would expose somebody
    itself, GateRefused where the record of the capture itself holds it, and DigestMismatch for a damaged original.
    """
    services.actor  # noqa: B018  (nobody named is said before any work)
    wanted = [one for one in secrets_of(services, note) if not one.is_short]
    why = _reason(asked, wanted)
    with reading(services.engine) as connection:
        item = find_items(connection, [asked.item])[0]
        items = list_items(connection, ItemFilter(capture=item.capture))
        known = _known(connection, item.capture)
    if item.object_id is None:
        raise UsageError(f"nothing is left of the capture of {item.label}")
    files = _files(services, item.object_id, wanted, known.files, asked, note)
    with reading(services.engine) as connection:
        found = _parts(connection, item.capture, [one.id for one in items], Scanner(tuple(wanted)))
        said = {(one.event, one.part): one for one in (*(known.said.parts if known.said else ()), *found)}
    if not files and not said:
        raise UsageError(f"nothing in the capture of {item.label} is what the scan of packages looks for")

    def within(connection: Connection) -> None:
        now = _known(connection, item.capture)
        if (now.events[:-1], now.erased) != (known.events, known.erased):
            raise WorkspaceBusy("casefile.db", "somebody else erased or redacted something of the capture meanwhile")

    body = CaptureRedacted(files=files, parts=tuple(said[key] for key in sorted(said)), why=why)
    subject = Subject(kind="item", id=item.capture, count=len(items))
    made = draft(TYPE, subject, body=body, outcome=EventOutcome(status="redacted"))
    return Redacted(item, services.append(made, within=within)[0], body)


def _reason(asked: Redaction, wanted: Sequence[Secret]) -> str:
    """Why, as the recipient is told."""
    why = readable(asked.why.strip())
    if not why:
        raise UsageError("whoever gets a redacted file is told why; say --why")
    look = Scanner(tuple(wanted)).look("why")
    look.feed(why.encode("utf-8"))
    if hits := look.hits():
        raise UsageError(f"the reason is told to the recipient, and holds {hits[0].kind}; say it without")
    return why


def _known(connection: Connection, capture: str) -> _Known:
    about = [
        act
        for act in list_acts(connection, TYPE, naming=capture)
        if json.loads(act.subject or "[]")[0]["id"] == capture
    ]
    newest = about[-1].body if about else None
    erased = frozenset(one.event for one in list_tombstones(connection) if one.capture == capture)
    events = tuple(act.event for act in about)
    return _Known(events, CaptureRedacted.model_validate_json(newest) if newest else None, erased)


def _files(  # noqa: PLR0913
    services: Services, object_id: str, wanted: Sequence[Secret], before: Mapping[str, RedactedFile],
    asked: Redaction, note: Note,
) -> tuple[RedactedFile, ...]:  # fmt: skip
    """The files of the object that hold any of it or were redacted before, each with what is to leave in its place."""
    scanner, found, folded = Scanner(tuple(wanted)), dict[str, RedactedFile](), dict[str, int]()
    certain = Scanner(tuple(one for one in wanted if asked.mask_guessable or not one.is_guessable))
    stored = read_inventory(services.vault.inventory_of(object_id)).sha512
    left = MOST_PLACES
    for path, digest in sorted(stored.items()):
        earlier = before.get(path)
        with services.vault.open_content(object_id, path, digest) as source:
            is_folded = source.read(max(map(len, FOLDED))).startswith(FOLDED)
            spans, is_covered = every_span_in(source, scanner, earlier.spans if earlier is not None else ())
            size = source.seek(0, io.SEEK_END)
            if is_folded:
                folded[path] = size
            if not spans:
                continue
            is_other = earlier is not None and earlier.source != digest
            if is_folded or is_other or not is_covered or len(spans) > left:
                found[path] = _whole(path, digest, size, (span.kind for span in spans))
                continue
            left -= len(spans)
            # What stayed for more than could be guessed stays.
            may_leave = asked.mask_guessable and spans[0].length < size
            stayed = earlier is not None and not earlier.sha256 and not may_leave
            # What nobody could guess may cover a name, which then says nothing.
            is_guessable = _places(source, scanner) != _places(source, certain)
            stays = stayed or is_guessable
            source.seek(0)
            leaving = "" if stays else digest_stream(io.BufferedReader(Masked(source, spans))).sha256
        found[path] = RedactedFile(path=path, source=digest, spans=spans, sha256=leaving)
    packed = _packed(services, object_id, [path for path in folded if path not in found], wanted, asked.level, note)
    found |= {path: _whole(path, stored[path], folded[path], kinds) for path, kinds in packed.items()}
    return tuple(found[path] for path in sorted(found))


def _places(source: BinaryIO, scanner: Scanner) -> list[tuple[int, int]]:
    return [(span.at, span.length) for span in every_span_in(source, scanner)[0]]


def _whole(path: str, digest: Digest, size: int, kinds: Iterator[str] | Sequence[str]) -> RedactedFile:
    span = RedactedSpan(at=0, length=size, kind=" and ".join(dict.fromkeys(kinds)))
    return RedactedFile(path=path, source=digest, spans=(span,))


def _packed(  # noqa: PLR0913
    services: Services, object_id: str, paths: Sequence[str], wanted: Sequence[Secret], level: ContainmentLevel,
    note: Note,
) -> dict[str, list[str]]:  # fmt: skip
    """What is found inside of files that are compressed, by path; looked for in working copies."""
    found: dict[str, list[str]] = {}
    folder = services.workspace.work / f"redact-{secrets.token_hex(8)}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        for path in paths:
            _copy(services, object_id, path, folder / path)
        for hit in look_through(services, folder, paths, wanted, level, note):
            found.setdefault(hit.path, []).append(hit.kind)
    finally:
        shutil.rmtree(folder)
    return found


def _copy(services: Services, object_id: str, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with services.vault.open_content(object_id, path) as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)


def _parts(connection: Connection, capture: str, items: Sequence[str], scanner: Scanner) -> Iterator[RedactedPart]:
    """The parts of events that would leave with the capture and hold any of it."""
    for named in events_naming(connection, capture, *items):
        envelope = named.envelope
        for part in named.parts:
            is_left = (envelope.type, part) == (ERASED, PartName.PERSONAL)
            if not is_left and reason_to_stay(envelope, part, of_left_out=False, may_name=True):
                continue
            look = scanner.look(envelope.id)
            look.feed(read_event(connection, envelope.id).event.parts[part].content)
            kinds = " and ".join(hit.kind for hit in look.hits())
            if not kinds:
                continue
            is_record = envelope.type not in OF_THE_ITEM or (envelope.type, part) == (SEALED, PartName.BODY)
            # This event takes the place of an earlier redaction, which need not leave.
            if is_record and envelope.type != TYPE:
                raise GateRefused(
                    SCAN,
                    f"{envelope.type} {envelope.id}: {kinds}",
                    "The record itself says it, and no derivative of a file covers that. Hand over another capture.",
                )
            yield RedactedPart(event=envelope.id, part=part, kind=kinds)

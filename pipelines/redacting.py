"""Redacting: what a package carries in the place of files that would expose whoever collected. The original stays.

A derivative is the sealed file with named places written over, so that nothing has to be kept of it: it follows from
the original and the event, for whoever has both. What lies in a compressed file cannot be written over, and what is
short could be guessed from the digest of the original, which is in the log: such a file does not leave at all.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import Digest, blocks, digest_stream
from casefile.errors import GateRefused, UsageError
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.port import draft
from casefile.events.types_packages import CaptureRedacted, RedactedFile, RedactedPart, RedactedSpan
from casefile.ids import EventId
from casefile.model import readable
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items
from casefile.records.reading import read_event
from casefile.records.tombstones import events_naming, list_tombstones
from casefile.vocabulary import ContainmentLevel
from disclosure.leaving import OF_THE_ITEM, reason_to_stay
from disclosure.masking import Masked, spans_in
from disclosure.scanning import FOLDED, Scanner, Secret
from pipelines.exposing import SCAN, secrets_of
from pipelines.looking_through import look_through
from pipelines.redactions import TYPE
from pipelines.services import Services
from preservation.inventory import read_inventory

GUESSABLE = 20
"""Characters. Whoever has the digest of a file and all of it but a shorter value can try the values."""
SEALED = "capture.sealed"
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is redacted, why, and how: `mask_guessable` writes over short values, too, and lets the file leave."""

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


def redact(services: Services, asked: Redaction, note: Note) -> Redacted:
    """Find in the capture of an item all that must not leave, and record what is to leave in its place.

    Raises UnknownItem, UsageError where there is nothing to redact or no reason, GateRefused where the record of the
    capture itself holds it, and DigestMismatch for a damaged original.
    """
    if not asked.why.strip():
        raise UsageError("whoever gets a redacted file is told why; say --why")
    services.actor  # noqa: B018  (nobody named is said before any work)
    with reading(services.engine) as connection:
        item = find_items(connection, [asked.item])[0]
        items = list_items(connection, ItemFilter(capture=item.capture))
        erased = any(one.capture == item.capture for one in list_tombstones(connection))
    if erased or item.object_id is None:
        raise UsageError(f"of the capture of {item.label} something was erased: what is left is proven as a whole")
    wanted = [one for one in secrets_of(services) if not one.is_short]
    files = _files(services, item.object_id, wanted, asked, note)
    with reading(services.engine) as connection:
        about = (item.capture, *(one.id for one in items))
        parts = tuple(_parts(connection, about, Scanner(tuple(wanted))))
    if not files and not parts:
        raise UsageError(f"nothing in the capture of {item.label} is what the scan of packages looks for")
    said = CaptureRedacted(files=files, parts=parts, why=readable(asked.why.strip()))
    subject = Subject(kind="item", id=item.capture, count=len(items))
    event = services.append(draft(TYPE, subject, body=said, outcome=EventOutcome(status="redacted")))[0]
    return Redacted(item, event, said)


def _files(
    services: Services, object_id: str, wanted: Sequence[Secret], asked: Redaction, note: Note
) -> tuple[RedactedFile, ...]:
    """The files of the object that hold any of it, each with what is to leave in its place."""
    scanner, found, folded = Scanner(tuple(wanted)), dict[str, RedactedFile](), dict[str, int]()
    guessable = Scanner(tuple(one for one in wanted if len(one.text) < GUESSABLE and not asked.mask_guessable))
    stored = read_inventory(services.vault.inventory_of(object_id)).sha512
    for path, digest in sorted(stored.items()):
        with services.vault.open_content(object_id, path, digest) as source:
            is_folded = source.read(max(map(len, FOLDED))).startswith(FOLDED)
            source.seek(0)
            spans = spans_in(blocks(source), scanner)
            size = source.tell()
            if is_folded:
                folded[path] = size
            if not spans:
                continue
            source.seek(0)
            if is_folded or spans_in(blocks(source), guessable):
                found[path] = _whole(path, digest, size, (span.kind for span in spans))
                continue
            source.seek(0)
            derivative = digest_stream(io.BufferedReader(Masked(source, spans)))
        found[path] = RedactedFile(path=path, source=digest, spans=spans, sha256=derivative.sha256)
    packed = _packed(services, object_id, [path for path in folded if path not in found], wanted, asked.level, note)
    found |= {path: _whole(path, stored[path], folded[path], kinds) for path, kinds in packed.items()}
    return tuple(found[path] for path in sorted(found))


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


def _parts(connection: Connection, about: Sequence[str], scanner: Scanner) -> Iterator[RedactedPart]:
    """The parts of events that would leave with the capture and hold any of it."""
    for named in events_naming(connection, *about):
        envelope = named.envelope
        for part in named.parts:
            if reason_to_stay(envelope, part, of_left_out=False, may_name=True):
                continue
            look = scanner.look(envelope.id)
            look.feed(read_event(connection, envelope.id).event.parts[part].content)
            kinds = " and ".join(hit.kind for hit in look.hits())
            if not kinds:
                continue
            if envelope.type not in OF_THE_ITEM or (envelope.type, part) == (SEALED, PartName.BODY):
                raise GateRefused(
                    SCAN,
                    f"{envelope.type} {envelope.id}: {kinds}",
                    "The record itself says it, and no derivative of a file covers that. Hand over another capture.",
                )
            yield RedactedPart(event=envelope.id, part=part, kind=kinds)

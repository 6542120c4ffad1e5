"""Witnesses of the log's heads, seen from the workspace: asking them, taking in what they answer, who is still to sign.

One with an address is asked by `checkpoint`; the others by hand, with a file there and a file back. Each asking is an
event. Nothing is asked of a witness that the settings do not name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from casefile.clock import rfc3339
from casefile.digests import sha256
from casefile.errors import HeadContradicted, SettingsError, UsageError
from casefile.events.envelope import EventOutcome
from casefile.events.lock import holding
from casefile.events.port import draft
from casefile.events.types_of_custody import HeadWitnessed
from casefile.model import Contact
from casefile.settings import Settings
from pipelines.asking import Answer, ask
from pipelines.custody import LOCK, current_checkpoint
from pipelines.keys import history_of
from pipelines.services import Services
from pipelines.witness_service import ADD, CHECKPOINT, origin_hash
from preservation.checkpoints import SignedCheckpoint, origin
from preservation.cosignatures import Cosignature, Witness
from preservation.cosigned_heads import keep_contradiction, keep_cosigned, newest_of
from preservation.durable import Disk
from preservation.notes import Note, NoteMalformed
from preservation.tiles import Tiles
from preservation.tree import consistency_proof, root_of
from preservation.witnessing import CONFLICT, UNPROCESSABLE, Submission

WITNESSED = "head.witnessed"
SIZE = re.compile(rb"[0-9]{1,16}")
"""A size as a witness says it. What has more digits is none, and more of them than Python reads would end us."""
COSIGNED, FAILED, CONTRADICTED = "cosigned", "failed", "contradicted"


@dataclass(frozen=True, slots=True)
class Configured:
    """A witness that the settings name. Without an `url` it is asked by hand."""

    witness: Witness
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a witness follows: the largest head that it cosigned, and when; `pending` when the newest is larger.

    `problem` says why an asking brought nothing.
    """

    name: str
    url: str
    size: int
    cosigned_at: str
    pending: bool
    problem: str = ""

    def plain(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "name": self.name,
            "by": "http" if self.url else "hand",
            "size": self.size,
            "cosigned_at": self.cosigned_at or None,
            "pending": self.pending,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an asking brought."""

    line: Cosignature | None = None
    problem: str = ""
    contradiction: SignedCheckpoint | None = None
    contacts: tuple[Contact, ...] = ()


def configured(settings: Settings) -> tuple[Configured, ...]:
    """The witnesses that the settings name; raises SettingsError for a key that is none."""
    found = []
    for one in settings.custody.witnesses:
        try:
            found.append(Configured(Witness.parse(one.key), one.url.removesuffix("/")))
        except ValueError as error:
            raise SettingsError("custody.witnesses", str(error)) from error
    return tuple(found)


def standings(services: Services, problems: dict[str, str] | None = None) -> tuple[Standing, ...]:
    """How far each witness follows, by what is kept here."""
    newest = current_checkpoint(services)
    size = newest.head.size if newest else 0
    found = []
    for one in configured(services.settings):
        known = newest_of(services.workspace.log, one.witness)
        reached = known[0].head.size if known else 0
        at = at_second(known[1].time_s) if known else ""
        problem = (problems or {}).get(one.witness.name, "")
        found.append(Standing(one.witness.name, one.url, reached, at, reached < size or not known, problem))
    return tuple(found)


def ask_witnesses(services: Services) -> tuple[Standing, ...]:
    """Ask every witness with an address that has not cosigned the newest head yet; how far each follows then.

    A witness that does not answer is pending, and no harm to the others. Raises HeadContradicted when one of them
    cosigned a head that the log does not continue; its head is kept.
    """
    head = current_checkpoint(services)
    problems: dict[str, str] = {}
    if head is None:
        return standings(services)
    found: HeadContradicted | None = None
    with holding(services.workspace.work / LOCK):
        for one, standing in zip(configured(services.settings), standings(services), strict=True):
            if one.url and standing.pending:
                asked = _ask(services, one, head, standing.size)
                problems[one.witness.name] = asked.problem
                found = _take(services, one, head, asked) or found
    if found is not None:
        raise found
    return standings(services, problems)


def request_for(services: Services, name: str) -> bytes:
    """The submission that the witness of that name is asked with by hand."""
    one = _named(services, name)
    head = current_checkpoint(services)
    if head is None:
        raise UsageError("there is no head yet; `casefile checkpoint` signs one")
    known = newest_of(services.workspace.log, one.witness)
    return _submission(services, head, known[0].head.size if known else 0).to_bytes()


def take_cosigned(services: Services, content: bytes) -> tuple[Standing, ...]:
    """Take in a file that a witness gave back by hand: a head of ours with its cosignature.

    Raises UsageError for a file that is no such head, HeadContradicted for a head that the log does not continue.
    """
    try:
        given = SignedCheckpoint.parse(content)
    except NoteMalformed as error:
        raise UsageError(f"this is no cosigned head: {error}") from error
    if not history_of(services.engine, services.log.id).is_signed(given):
        raise UsageError("the log's key did not sign this head")
    by = [(one, line) for one in configured(services.settings) if (line := one.witness.of(given.note)) is not None]
    if not by:
        raise UsageError("no witness that the settings name has cosigned this head")
    ours = tuple(one for one in given.note.signatures if one.name == given.head.origin)
    given = SignedCheckpoint(given.head, Note(given.note.text, ours))
    newest = current_checkpoint(services)
    with holding(services.workspace.work / LOCK):
        for one, line in by:
            continues = newest is not None and _continues(services, newest, given)
            asked = _Asked(line=line) if continues else _Asked(contradiction=given, problem=_said(newest, given))
            if (found := _take(services, one, given, asked)) is not None:
                raise found
    return standings(services)


def fetch_head(settings: Settings, work: Path, log: str, one: Configured) -> tuple[SignedCheckpoint | None, Answer]:
    """The newest head that a witness says it cosigned, if its cosignature holds; and its answer."""
    answer = ask(settings, work, f"{one.url}/{origin_hash(origin(log))}{CHECKPOINT}")
    if answer.status != 200:
        return None, answer
    try:
        given = SignedCheckpoint.parse(answer.content)
    except NoteMalformed:
        return None, answer
    return (given if one.witness.of(given.note) is not None else None), answer


def _named(services: Services, name: str) -> Configured:
    found = [one for one in configured(services.settings) if one.witness.name == name]
    if not found:
        raise UsageError(f"custody.witnesses names no witness {name!r}")
    return found[0]


def _ask(services: Services, one: Configured, head: SignedCheckpoint, old: int) -> _Asked:
    """Ask once, and once more where the witness says from where the proof has to lead."""
    answer = _submit(services, one, head, old)
    contacts = answer.contacts
    if answer.status == CONFLICT and SIZE.fullmatch(said := answer.content.strip()) and int(said) != old:
        if int(said) < old:
            problem = f"it says that it cosigned {int(said)} events last, and cosigned {old}: it has lost its state"
            return _Asked(problem=problem, contacts=contacts)
        if int(said) <= head.head.size:
            answer = _submit(services, one, head, int(said))
            contacts += answer.contacts
    if answer.status == 200:
        line = _line_of(one.witness, head, answer.content)
        return _Asked(line, "" if line else "its cosignature does not hold", contacts=contacts)
    if answer.status in (CONFLICT, UNPROCESSABLE):
        theirs, fetched = fetch_head(services.settings, services.workspace.work, services.log.id, one)
        contacts += fetched.contacts
        history = history_of(services.engine, services.log.id)
        if theirs is not None and history.is_signed(theirs) and not _continues(services, head, theirs):
            return _Asked(None, _said(head, theirs), theirs, contacts)
    said_text = answer.content.decode("utf-8", "replace")[:200].strip()
    return _Asked(problem=answer.failed or f"it answers {answer.status} {said_text}".strip(), contacts=contacts)


def _submit(services: Services, one: Configured, head: SignedCheckpoint, old: int) -> Answer:
    content = _submission(services, head, old).to_bytes()
    return ask(services.settings, services.workspace.work, one.url + ADD, content, "text/plain")


def _submission(services: Services, head: SignedCheckpoint, old: int) -> Submission:
    size = head.head.size
    tiles = Tiles(services.workspace.log, size)
    proof = consistency_proof(old, size, tiles.node) if 0 < old < size else ()
    return Submission(min(old, size), proof, head)


def _line_of(witness: Witness, head: SignedCheckpoint, lines: bytes) -> Cosignature | None:
    try:
        note = Note.parse(f"{head.note.text}\n".encode() + lines)
    except NoteMalformed:
        return None
    return witness.of(note)


def _continues(services: Services, head: SignedCheckpoint, earlier: SignedCheckpoint) -> bool:
    """Whether our tree of `head` begins with the events that the other head was signed over."""
    if earlier.head.size > head.head.size:
        return False
    return root_of(earlier.head.size, Tiles(services.workspace.log, head.head.size).node) == earlier.head.root


def _said(ours: SignedCheckpoint | None, theirs: SignedCheckpoint) -> str:
    size, here = theirs.head.size, ours.head.size if ours else 0
    if size > here:
        return f"it saw {size} events, the newest head here has {here}"
    return f"its first {size} events are others than here"


def _take(services: Services, one: Configured, head: SignedCheckpoint, asked: _Asked) -> HeadContradicted | None:
    """Keep what an asking brought, then record it."""
    log, disk = services.workspace.log, Disk(services.reached)
    found = None
    if asked.contradiction is not None:
        place = keep_contradiction(log, asked.contradiction, disk)
        found = HeadContradicted(one.witness.name, asked.problem, str(place))
    elif asked.line is not None:
        keep_cosigned(log, head, asked.line.line, disk)
    status = CONTRADICTED if found else COSIGNED if asked.line else FAILED
    body = HeadWitnessed(
        size=head.head.size,
        key=one.witness.verifier_key,
        cosignature=sha256(asked.line.line.line.encode("utf-8")) if asked.line else None,
        cosigned_at_s=asked.line.time_s if asked.line else None,
        detail=asked.problem,
        contacts=asked.contacts,
    )
    services.append(draft(WITNESSED, body=body, outcome=EventOutcome(status=status)))
    return found


def at_second(time_s: int) -> str:
    """A cosignature's time as it is printed."""
    return rfc3339(datetime.fromtimestamp(time_s, UTC))

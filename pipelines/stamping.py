"""Having signed heads stamped by time authorities: each that is configured, until each has stamped the newest head.

What an authority is sent is a digest. What it answers is kept beside what it was asked, and named by an event, so that
the next head covers it and the next stamp renews it. An authority that gave no token is asked again by the next
`checkpoint`, or by `serve`; nothing waits for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from casefile.clock import rfc3339
from casefile.digests import sha256
from casefile.errors import SettingsError, WorkspaceBusy
from casefile.events.envelope import EventOutcome
from casefile.events.lock import holding
from casefile.events.port import draft
from casefile.events.timestamping import CONFIRMED, PENDING, HeadTimestamped
from casefile.ids import EventId, derived
from casefile.model import Contact, readable
from casefile.records.engine import reading
from casefile.records.timestamps import TYPE, list_timestamps
from casefile.settings import TimeAuthority
from casefile.vocabulary import Cause
from pipelines.asking import Answer, ask
from pipelines.custody import current_checkpoint
from pipelines.services import Services
from pipelines.timestamps import Standing, is_stamped, standings
from preservation.anchors import Anchor, anchor_at, anchored_sizes, answered, read_bounded, stamped_bytes
from preservation.certificates import Certificate, CertificateUnusable, read_roots
from preservation.checkpoints import SignedCheckpoint
from preservation.durable import Disk, is_there
from preservation.timestamps import Question, Stamp, TokenRefused, verify

LOCK = "anchoring.lock"
QUERY_TYPE = "application/timestamp-query"
"""RFC 3161 section 3.4."""
NONCE_BITS = 64
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Authority:
    """A time authority that is configured, with the certificates that it is checked against."""

    name: str
    url: str
    policy: str
    roots: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to an authority: to stamp these bytes, which are the head of that size."""

    authority: Authority
    size: int
    head: bytes
    question: Question

    @property
    def content(self) -> bytes:
        """What it is sent."""
        return self.question.to_bytes()

    @property
    def body(self) -> HeadTimestamped:
        """What its event says before there is an answer."""
        return HeadTimestamped(
            authority=self.authority.name,
            locator=self.authority.url,
            size=self.size,
            head=sha256(self.head),
            request=sha256(self.content),
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    cause: str
    detail: str


def authorities_of(services: Services) -> tuple[Authority, ...]:
    """The authorities that the settings name, with their roots read; raises SettingsError."""
    return tuple(read_authority(services.workspace.root, one) for one in services.settings.time.authorities)


def read_authority(root: Path, one: TimeAuthority) -> Authority:
    """An authority with its roots, which lie from `root` where their path is relative; raises SettingsError."""
    try:
        roots = read_roots((root / Path(one.roots).expanduser()).read_bytes())
    except OSError as error:
        raise SettingsError("time.authorities", f"{one.name}: {one.roots}: {error.strerror}") from error
    except CertificateUnusable as error:
        raise SettingsError("time.authorities", f"{one.name}: {one.roots}: {error}") from error
    return Authority(one.name, one.url, one.policy, roots)


def anchor(services: Services) -> tuple[Standing, ...]:
    """Ask every authority that has not stamped the newest head; how each stands afterwards.

    What an interrupted run had been answered is taken up first. Where another process is asking, nothing is asked.
    Raises SettingsError for roots that cannot be read, before anybody is asked.
    """
    authorities = authorities_of(services)
    signed = current_checkpoint(services)
    if signed is not None and authorities:
        # Nobody is asked whose answer could not be recorded.
        _ = services.actor
        try:
            with holding(services.workspace.work / LOCK):
                _take_up(services, authorities)
                for one in authorities:
                    if not is_stamped(services, one.name, signed.head.size):
                        asked = asked_of(services, one, signed)
                        answer = ask(services.settings, services.workspace.work, one.url, asked.content, QUERY_TYPE)
                        take_answer(services, asked, answer)
        except WorkspaceBusy:
            # Another process asks; how far it came is what is told.
            pass
    return standings(services)


def asked_of(services: Services, authority: Authority, signed: SignedCheckpoint) -> Asked:
    """What an authority is asked to stamp of a head."""
    head = stamped_bytes(services.workspace.log, signed.head.size, signed.note.to_bytes())
    nonce = secrets.randbits(NONCE_BITS)
    return Asked(authority, signed.head.size, head, Question(hashlib.sha256(head).digest(), nonce, authority.policy))


def take_answer(services: Services, asked: Asked, answer: Answer) -> None:
    """Keep what an authority answered, if it is a token that holds, and record how the question ended."""
    stamp = _stamp(answer, asked)
    if isinstance(stamp, _Failure):
        said = {"cause": stamp.cause, "detail": readable(stamp.detail, 500), "contacts": answer.contacts}
        _record(services, asked.body.model_copy(update=said), PENDING)
        return
    _keep(services, asked, answer.content, stamp, answer.contacts)


def _stamp(answer: Answer, asked: Asked) -> Stamp | _Failure:
    if answer.failed:
        return _failure(answer)
    if answer.status != HTTP_OK:
        return _Failure(Cause.HTTP_STATUS, f"status {answer.status}")
    try:
        return verify(answer.content, asked.question, asked.authority.roots)
    except TokenRefused as error:
        return _Failure(f"token-{error.fault}", error.reason)


def _failure(answer: Answer) -> _Failure:
    """Why there is no answer: as the broker saw it, or as the tool says where the broker saw nothing wrong."""
    for one in answer.contacts:
        if one.refused:
            return _Failure(Cause.BLOCKED_BY_POLICY, one.refused)
        if one.failed:
            return _Failure(one.failed, f"{one.host} port {one.port}")
    return _Failure(Cause.TOOL_FAILED, answer.failed)


def _keep(services: Services, asked: Asked, response: bytes, stamp: Stamp, contacts: tuple[Contact, ...] = ()) -> None:
    """Write the files of a token, and then the event that names them."""
    chain = b"".join(one.pem for one in stamp.chain)
    kept = anchor_at(services.workspace.log, asked.size, asked.authority.name)
    kept.keep(asked.head, asked.content, response, chain, Disk(services.reached))
    services.reached("anchor-kept")
    body = asked.body.model_copy(
        update={
            "response": sha256(response),
            "chain": sha256(chain),
            "time": rfc3339(stamp.time),
            "accuracy_us": None if stamp.accuracy is None else stamp.accuracy // timedelta(microseconds=1),
            "policy": stamp.policy,
            "serial": str(stamp.serial),
            "signer": stamp.chain[0].fingerprint,
            "root": stamp.chain[-1].fingerprint,
            "valid_until": rfc3339(stamp.valid_until),
            "contacts": contacts,
        }
    )
    _record(services, body, CONFIRMED)


def _record(services: Services, body: HeadTimestamped, status: str) -> None:
    """Append the event; its id follows from the request, so that one question is one event."""
    event = EventId(derived(services.log.id, TYPE, body.authority, body.request))
    outcome = EventOutcome(status=status, cause=body.cause or None)
    services.append(draft(TYPE, body=body, outcome=outcome, id=event))


def _take_up(services: Services, authorities: Sequence[Authority]) -> None:
    """Name by an event every token that was kept before an interruption, and that holds."""
    with reading(services.engine) as connection:
        named = {(one.body.size, one.body.authority) for one in list_timestamps(connection) if one.confirmed}
    by_name = {one.name: one for one in authorities}
    for size, kept in _kept(services.workspace.log):
        authority = by_name.get(kept.authority)
        if authority is None or (size, kept.authority) in named or not all(map(is_there, kept.files)):
            continue
        head, request, response, _chain = map(read_bounded, kept.files)
        try:
            question = Question.parse(request)
            stamp = verify(response, question, authority.roots)
        except TokenRefused:
            # It is asked anew; what lies here is replaced then.
            continue
        if hashlib.sha256(head).digest() == question.digest:
            _keep(services, Asked(authority, size, head, question), response, stamp)


def _kept(log: Path) -> Iterator[tuple[int, Anchor]]:
    for size in anchored_sizes(log):
        yield from ((size, one) for one in answered(log, size))

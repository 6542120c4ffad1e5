"""Having signed heads stamped by time authorities: each that is configured, until each has stamped the newest head.

What an authority is sent is a digest. What it answers is kept beside what it was asked, and named by an event, so that
the next head covers it and the next stamp renews it. An authority that gave no token is asked again by the next
`checkpoint`, or by `serve`; nothing waits for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casefile.clock import parse_rfc3339, rfc3339
from casefile.digests import sha256
from casefile.errors import SettingsError, WorkspaceBusy
from casefile.events.envelope import EventOutcome
from casefile.events.lock import holding
from casefile.events.port import draft
from casefile.events.timestamping import CONFIRMED, PENDING, HeadTimestamped
from casefile.ids import EventId, derived
from casefile.model import Contact, TokenCited, readable
from casefile.records.engine import reading
from casefile.records.timestamps import TYPE, TimestampRecord, list_timestamps, newest_timestamp
from casefile.settings import TimeAuthority, TimeSettings
from casefile.vocabulary import Cause
from pipelines.asking import Answer, ask
from pipelines.custody import current_checkpoint
from pipelines.services import Services
from preservation.anchors import Anchor, anchor_at, anchored_sizes, answered, read_bounded, stamped_bytes
from preservation.brackets import TokenMark
from preservation.certificates import Certificate, CertificateUnusable, read_roots
from preservation.checkpoints import SignedCheckpoint
from preservation.durable import Disk, is_there
from preservation.timestamps import Question, Stamp, TokenRefused, verify

LOCK = "anchoring.lock"
QUERY_TYPE = "application/timestamp-query"
"""RFC 3161 section 3.4."""
NONCE_BITS = 64
HTTP_OK = 200
RENEW_BEFORE = timedelta(days=90)
"""How long before its certificates end a token that no later one covers is named."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A time authority that is configured, with the certificates that it is checked against."""

    name: str
    url: str
    policy: str
    roots: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an authority stands towards the newest head: `confirmed`, or `pending` with why.

    `time` is the last token's, over a head of `size` events; empty and 0 where there was none.
    """

    authority: str
    state: str
    size: int = 0
    time: str = ""
    cause: str = ""
    detail: str = ""

    def plain(self) -> dict[str, str | int]:
        """As `--json` prints it."""
        return {
            "authority": self.authority,
            "state": self.state,
            "size": self.size,
            "time": self.time,
            "cause": self.cause,
            "detail": self.detail,
        }

    @property
    def line(self) -> str:
        """The same for a person."""
        last = f"stamped {self.size} events at {self.time}" if self.time else "has stamped nothing"
        if self.state == CONFIRMED:
            return f"Time: {self.authority} {last}"
        why = f"{self.cause}: {self.detail}" if self.detail else self.cause or "not asked yet"
        return f"PENDING  time: {self.authority} {last}; this head: {why}"


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
        try:
            with holding(services.workspace.work / LOCK):
                _take_up(services, authorities)
                for one in authorities:
                    if not _is_confirmed(services, one.name, signed.head.size):
                        _ask(services, one, signed)
        except WorkspaceBusy:
            return standings(services)
    return standings(services)


def standings(services: Services) -> tuple[Standing, ...]:
    """How the authorities that are configured stand towards the newest head."""
    signed = current_checkpoint(services)
    with reading(services.engine) as connection:
        records = list_timestamps(connection)
    return standings_towards(signed.head.size if signed else 0, services.settings.time, records)


def standings_towards(size: int, settings: TimeSettings, records: Sequence[TimestampRecord]) -> tuple[Standing, ...]:
    """The same towards a head of that size; 0 where there is none yet."""
    return tuple(_standing(one.name, size, records) for one in settings.authorities)


def is_anchored(services: Services, size: int) -> bool:
    """Whether any authority has stamped a head of at least that size."""
    with reading(services.engine) as connection:
        return any(one.confirmed and one.body.size >= size for one in list_timestamps(connection))


def anchor_files(services: Services, size: int) -> tuple[Path, ...]:
    """The files that stamp the head of that size: what was stamped, and of each authority request, answer and chain.

    Only those that an event names. None where nobody stamped it.
    """
    with reading(services.engine) as connection:
        names = [one.body.authority for one in list_timestamps(connection) if one.confirmed and one.body.size == size]
    anchors = [anchor_at(services.workspace.log, size, name) for name in dict.fromkeys(names)]
    return tuple(dict.fromkeys(path for one in anchors for path in one.files))


def stamped_head(services: Services, size: int) -> SignedCheckpoint:
    """The head of that size as it was stamped."""
    return SignedCheckpoint.parse(stamped_bytes(services.workspace.log, size, b""))


def newest_token(services: Services) -> TokenCited | None:
    """The token that a capture which ends now can cite: made no later than it."""
    with reading(services.engine) as connection:
        found = newest_timestamp(connection)
    if found is None:
        return None
    body = found.body
    return TokenCited(event=found.event, token=body.response, time=body.time, authority=body.authority)


def marks_of(records: Sequence[TimestampRecord]) -> list[TokenMark]:
    """The tokens of a log, as brackets are made of them."""
    return [mark_of(one.event, one.position, one.body) for one in records if one.confirmed]


def mark_of(event: str, position: int, body: HeadTimestamped) -> TokenMark:
    """One token as its event describes it."""
    accuracy = timedelta(microseconds=body.accuracy_us or 0)
    return TokenMark(event, position, body.size, body.response, body.authority, parse_rfc3339(body.time), accuracy)


def ending(records: Sequence[TimestampRecord], now: datetime) -> list[TimestampRecord]:
    """The tokens that no later one covers and whose certificates end soon: a further head renews them."""
    confirmed = [one for one in records if one.confirmed]
    covered = max((one.body.size for one in confirmed), default=0)
    return [
        one for one in confirmed if one.position >= covered and parse_rfc3339(one.body.valid_until) < now + RENEW_BEFORE
    ]


def _standing(name: str, size: int, records: Sequence[TimestampRecord]) -> Standing:
    own = [one for one in records if one.body.authority == name]
    last = next((one.body for one in reversed(own) if one.confirmed), None)
    if last is not None and size and last.size == size:
        return Standing(name, CONFIRMED, last.size, last.time)
    failed = own[-1].body if own and not own[-1].confirmed else None
    return Standing(
        name,
        PENDING,
        last.size if last else 0,
        last.time if last else "",
        failed.cause if failed else "",
        failed.detail if failed else "",
    )


def _is_confirmed(services: Services, name: str, size: int) -> bool:
    with reading(services.engine) as connection:
        found = list_timestamps(connection)
    return any(one.confirmed and (one.body.authority, one.body.size) == (name, size) for one in found)


def _ask(services: Services, authority: Authority, signed: SignedCheckpoint) -> None:
    """One question to one authority, and the event of how it ended."""
    log, size = services.workspace.log, signed.head.size
    head = stamped_bytes(log, size, signed.note.to_bytes())
    question = Question(bytes.fromhex(sha256(head).partition(":")[2]), secrets.randbits(NONCE_BITS), authority.policy)
    request = question.to_bytes()
    answer = ask(services, authority.url, request, QUERY_TYPE)
    stamp = _stamp(answer, question, authority)
    body = HeadTimestamped(
        authority=authority.name, locator=authority.url, size=size, head=sha256(head), request=sha256(request)
    )
    if isinstance(stamp, _Failure):
        said = {"cause": stamp.cause, "detail": readable(stamp.detail, 500), "contacts": answer.contacts}
        _record(services, body.model_copy(update=said), PENDING)
        return
    kept = anchor_at(log, size, authority.name)
    chain = b"".join(one.pem for one in stamp.chain)
    kept.keep(head, request, answer.content, chain, Disk(services.reached))
    services.reached("anchor-kept")
    _record(services, _confirmed(body, answer.content, stamp, answer.contacts), CONFIRMED)


def _stamp(answer: Answer, question: Question, authority: Authority) -> Stamp | _Failure:
    if answer.failed:
        return _failure(answer)
    if answer.status != HTTP_OK:
        return _Failure(Cause.HTTP_STATUS, f"status {answer.status}")
    try:
        return verify(answer.content, question, authority.roots)
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


def _confirmed(
    body: HeadTimestamped, response: bytes, stamp: Stamp, contacts: tuple[Contact, ...] = ()
) -> HeadTimestamped:
    accuracy = None if stamp.accuracy is None else stamp.accuracy // timedelta(microseconds=1)
    return body.model_copy(
        update={
            "response": sha256(response),
            "chain": sha256(b"".join(one.pem for one in stamp.chain)),
            "time": rfc3339(stamp.time),
            "accuracy_us": accuracy,
            "policy": stamp.policy,
            "serial": str(stamp.serial),
            "signer": stamp.chain[0].fingerprint,
            "root": stamp.chain[-1].fingerprint,
            "valid_until": rfc3339(stamp.valid_until),
            "contacts": contacts,
        }
    )


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
        if sha256(head) != f"sha256:{question.digest.hex()}":
            continue
        body = HeadTimestamped(
            authority=authority.name, locator=authority.url, size=size, head=sha256(head), request=sha256(request)
        )
        _record(services, _confirmed(body, response, stamp), CONFIRMED)


def _kept(log: Path) -> Iterator[tuple[int, Anchor]]:
    for size in anchored_sizes(log):
        yield from ((size, one) for one in answered(log, size))

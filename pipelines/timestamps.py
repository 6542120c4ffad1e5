"""What the log knows of time stamps: who has stamped which head, what that proves, and what has to be renewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casefile.clock import parse_rfc3339
from casefile.events.timestamping import CONFIRMED, PENDING, HeadTimestamped
from casefile.model import TokenCited
from casefile.records.engine import reading
from casefile.records.timestamps import TimestampRecord, list_timestamps, newest_timestamp
from casefile.settings import TimeSettings
from pipelines.custody import current_checkpoint
from pipelines.services import Services
from preservation.anchors import anchor_at, stamped_bytes
from preservation.brackets import TokenMark
from preservation.checkpoints import SignedCheckpoint

RENEW_BEFORE = timedelta(days=90)
"""How long before its certificates end a token that no later one covers is named."""


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


def standings(services: Services) -> tuple[Standing, ...]:
    """How the authorities that are configured stand towards the newest head."""
    signed = current_checkpoint(services)
    with reading(services.engine) as connection:
        records = list_timestamps(connection)
    return standings_towards(signed.head.size if signed else 0, services.settings.time, records)


def standings_towards(size: int, settings: TimeSettings, records: Sequence[TimestampRecord]) -> tuple[Standing, ...]:
    """The same towards a head of that size; 0 where there is none yet."""
    return tuple(_standing(one.name, size, records) for one in settings.authorities)


def is_stamped(services: Services, authority: str, size: int) -> bool:
    """Whether that authority has stamped the head of that size."""
    with reading(services.engine) as connection:
        found = list_timestamps(connection)
    return any(one.confirmed and (one.body.authority, one.body.size) == (authority, size) for one in found)


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

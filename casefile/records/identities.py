"""Reading what the record says of virtual identities: the newest statement of each, whether it may be used, its uses.

The newest is the last in the log: a clock that was set back does not bring an older statement to the front.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from casefile.errors import UnknownIdentity
from casefile.records.engine import tables
from casefile.records.newest import newest_statements
from casefile.vocabulary import Access, Cause

PAUSED, RESUMED = "paused", "resumed"


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """A virtual identity as it was last stated. Words are empty once they are erased; `jar` is a digest.

    `paused_by` is why its platform may not be asked with it now, empty when it may.
    """

    id: str
    platform: str
    hosts: tuple[str, ...]
    access: Access
    user_agent: str
    accept_language: str
    time_zone: str
    viewport: str
    cookies: int
    retired: bool
    name: str
    handle: str
    jar: str
    why: str
    note: str
    made_by: str
    made_at: str
    canary: str
    canary_text: str
    stated_at: str
    stated_by: str
    paused_by: str = ""

    @property
    def state(self) -> str:
        """`retired`, `paused` or `active`."""
        return "retired" if self.retired else "paused" if self.paused_by else "active"


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """One look at an identity's session."""

    checked_at: str
    status: str
    cause: str | None
    occasion: str | None
    detail: str | None


def list_identities(connection: Connection) -> list[IdentityRecord]:
    """Every virtual identity, in the order of its first statement."""
    newest = newest_statements(connection, "view_identity", "identity")
    held = _held(connection)
    challenged = {row.platform for name, row in newest.items() if held.get(name) == Cause.CHALLENGE and not row.retired}
    return [
        _identity(row, held.get(name) or (Cause.CHALLENGE if row.platform in challenged else ""))
        for name, row in newest.items()
    ]


def find_identity(connection: Connection, text: str) -> IdentityRecord:
    """The identity of that id or name; raises UnknownIdentity."""
    found = [one for one in list_identities(connection) if text and text in (one.id, one.name)]
    if len(found) != 1:
        raise UnknownIdentity(text)
    return found[0]


def list_identity_checks(connection: Connection, identity: str) -> list[IdentityCheck]:
    """Every look at an identity's session, oldest first."""
    table, entry = tables("view_")["view_identity_check"], tables("log_")["log_entry"]
    looks = select(table).join(entry, entry.c.event == table.c.event).where(table.c.identity == identity)
    rows = connection.execute(looks.order_by(entry.c.position))
    return [IdentityCheck(row.checked_at, row.status, row.cause, row.occasion, row.detail) for row in rows]


def is_overridden(connection: Connection, gate: str, identity: str) -> bool:
    """Whether somebody gave a reason to use this identity although that gate would refuse it."""
    table = tables("view_")["view_act"]
    query = select(table).where(table.c.type == "gate.overridden", table.c.status == "overridden")
    return any(
        json.loads(row.body or "{}").get("gate") == gate
        and any(one["id"] == identity for one in json.loads(row.subject or "[]"))
        for row in connection.execute(query)
    )


def _held(connection: Connection) -> dict[str, str]:
    """By identity, why it is paused: what the last pause said that nobody has resumed since."""
    table, entry = tables("view_")["view_identity_check"], tables("log_")["log_entry"]
    query = select(table.c.identity, table.c.status, table.c.cause).join(entry, entry.c.event == table.c.event)
    held: dict[str, str] = {}
    for row in connection.execute(query.where(table.c.status.in_((PAUSED, RESUMED))).order_by(entry.c.position)):
        held[row.identity] = (row.cause or Cause.CHALLENGE) if row.status == PAUSED else ""
    return held


def _identity(row: Row[Any], paused_by: str) -> IdentityRecord:
    words = ("name", "handle", "jar", "why", "note", "made_by", "made_at", "canary", "canary_text")
    seen = ("platform", "user_agent", "accept_language", "time_zone", "viewport")
    return IdentityRecord(
        id=row.identity,
        hosts=tuple(json.loads(row.hosts or "[]")),
        access=Access(row.access or Access.RESTRICTED),
        cookies=row.cookies or 0,
        retired=bool(row.retired),
        stated_at=row.stated_at,
        stated_by=row.stated_by,
        paused_by=paused_by,
        **{name: getattr(row, name) or "" for name in (*words, *seen)},
    )

"""Signatures of people under their own events, as the log claims them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from casefile.records.engine import table


@dataclass(frozen=True, slots=True)
class ClaimedSignature:
    """Which event, under which event, by whom, with which key; what it holds is empty where the part was erased."""

    event: str
    signed: str
    person: str
    key: str
    leaf: str
    signature: str


def signatures_of(connection: Connection, events: Sequence[str] | None = None) -> list[ClaimedSignature]:
    """The signatures under these events, or all of them."""
    view = table("view_signature")
    query = select(view).order_by(view.c.event)
    if events is not None:
        query = query.where(view.c.signed.in_(events))
    return [
        ClaimedSignature(row.event, row.signed, row.signed_by, row.key or "", row.leaf or "", row.signature or "")
        for row in connection.execute(query)
    ]

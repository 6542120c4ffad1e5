"""A claim as it goes with what is sealed, so that another process can record the seal after a crash."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.canonical import Json
from casefile.errors import RecordUnreadable
from casefile.records.ledger import Claim


def ticket_of(claim: Claim) -> dict[str, Json]:
    """What recording a sealed capture needs, also in another process after a crash."""
    return {
        "stage": claim.stage,
        "key": claim.key,
        "token": claim.token,
        "attempt": claim.attempt,
        "holder": claim.holder,
    }


def claim_of(ticket: Mapping[str, Json]) -> Claim:
    """The reverse of `ticket_of`; raises RecordUnreadable."""
    match ticket:
        case {"stage": str(stage), "key": str(key), "token": int(token), "attempt": int(number), "holder": str(holder)}:
            return Claim(stage, key, token, number, holder)
        case _:
            raise RecordUnreadable("intent to seal", "its ticket is not one of ours")

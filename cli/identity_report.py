"""What `identity` prints. No value of a cookie is known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from casefile.records.identities import IdentityCheck, IdentityRecord
from casefile.records.queries import AttemptRecord
from cli import output
from pipelines.identities import Registered

LABELS = {
    "name": "Name",
    "id": "Id",
    "platform": "Platform",
    "handle": "Handle",
    "access": "Access",
    "user_agent": "User agent",
    "accept_language": "Language",
    "time_zone": "Time zone",
    "viewport": "Viewport",
    "canary": "Canary",
    "canary_text": "Canary's text",
    "why": "Purpose",
    "note": "Note",
    "made_by": "Made by",
    "made_at": "Made at",
}


TELLING = ("handle", "jar", "canary", "canary_text")
"""What only `identity show` prints."""


def identity_json(identity: IdentityRecord) -> dict[str, object]:
    """An identity as `--json` gives it, without what would give it away."""
    told = {name: value for name, value in asdict(identity).items() if name not in TELLING}
    return told | {"state": identity.state, "paused_by": identity.paused_by or None}


def registered_json(registered: Registered) -> dict[str, object]:
    """An identity that was just stated, and what of its jar was left out."""
    return identity_json(registered.identity) | {"expired": registered.expired, "foreign": registered.foreign}


def uses_json(
    identity: IdentityRecord, checks: Sequence[IdentityCheck], attempts: Sequence[AttemptRecord]
) -> dict[str, object]:
    """An identity with its usage log."""
    looks = [asdict(one) for one in checks]
    telling = {name: getattr(identity, name) for name in TELLING}
    return identity_json(identity) | telling | {"checks": looks, "attempts": [asdict(one) for one in attempts]}


def identity_row(identity: IdentityRecord) -> tuple[str, ...]:
    """An identity as a row of a table."""
    state = f"{identity.state}: {identity.paused_by}" if identity.state == "paused" else identity.state
    canary = "yes" if identity.canary else "no"
    name = identity.name or "(erased)"
    return (name, identity.platform, state, identity.access, str(identity.cookies), canary, identity.id)


def print_identity(identity: IdentityRecord, *, telling: bool = False) -> None:
    """An identity for a person, with what would give it away where that is asked for."""
    for field, label in LABELS.items():
        if field in TELLING and not telling:
            continue
        if value := getattr(identity, field):
            output.line(f"{label}: {value}")
    output.line(f"Hosts: {', '.join(identity.hosts)}")
    output.line(f"Cookies: {identity.cookies}")
    output.line(f"State: {identity.state}{f' ({identity.paused_by})' if identity.paused_by else ''}")


def print_uses(checks: Sequence[IdentityCheck], attempts: Sequence[AttemptRecord]) -> None:
    """How its session was found, and every attempt that used it."""
    for one in checks:
        found = f"{one.status} ({one.cause})" if one.cause else one.status
        output.line(f"{one.checked_at[:19]} session {found}, {one.occasion}: {one.detail}".rstrip(": "))
    for attempt in attempts:
        ended = f"{attempt.status} ({attempt.cause})" if attempt.cause else attempt.status
        output.line(f"{attempt.started_at[:19]} {attempt.locator or '(erased)'} {ended}")
    output.line(f"Used in {output.counted(len(attempts), 'attempt')}.")


def say_left_out(registered: Registered) -> None:
    """What of a jar was not taken."""
    if registered.expired or registered.foreign:
        output.note(
            f"left out of the jar: {output.counted(registered.expired, 'cookie')} that expired, "
            f"{registered.foreign} of other hosts"
        )

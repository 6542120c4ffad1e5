"""The effects of what is stated and found of virtual identities. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.events.effects import Effect, Insert, actor, columns, ending, from_body, text_of
from casefile.events.envelope import Event, PartName
from casefile.events.types import Erased, IdentityChecked, IdentityStated, IdentityWords, payload

_SEEN = ("platform", "access", "user_agent", "accept_language", "time_zone", "viewport", "cookies", "retired")
_WORDS = ("name", "handle", "jar", "why", "note", "made_by", "made_at", "canary", "canary_text")


def identity_stated(event: Event) -> Sequence[Effect]:
    """An identity as it stands from now on."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, IdentityStated)
    words = payload(event, PartName.PROTECTED, IdentityWords)
    row = {
        "event": envelope.id,
        "identity": envelope.subject_of("identity"),
        "stated_at": envelope.recorded_at,
        "stated_by": actor(envelope),
        "hosts": None if isinstance(body, Erased) else text_of(body.hosts),
        **columns(body, *_SEEN),
        **columns(words, *_WORDS),
    }
    return [
        Insert("view_identity", (row,), "event", {PartName.BODY: (*_SEEN, "hosts"), PartName.PROTECTED: _WORDS}),
    ]


def identity_checked(event: Event) -> Sequence[Effect]:
    """One look at an identity's session."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, IdentityChecked)
    ended = ending(envelope)
    row = {
        "event": envelope.id,
        "identity": envelope.subject_of("identity"),
        "status": ended["status"],
        "cause": ended["cause"],
        "checked_at": envelope.recorded_at,
        "checked_by": actor(envelope),
        "contacts": None if isinstance(body, Erased) else text_of([one.plain() for one in body.contacts]),
        **columns(body, "occasion", "detail"),
    }
    return [Insert("view_identity_check", (row,), "event", from_body("occasion", "detail", "contacts"))]

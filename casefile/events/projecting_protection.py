"""The effects of pseudonyms, consents and guards. A real name has none: it is in no table but the log's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.events.effects import Effect, Insert, actor, columns
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_planning import Reason
from casefile.events.types_protection import (
    ConsentStated,
    ConsentWords,
    ItemGuarded,
    PseudonymStated,
    PseudonymWords,
)


def pseudonym_stated(event: Event) -> Sequence[Effect]:
    """Somebody under a pseudonym, with the next short number."""
    envelope = event.envelope
    of_body, of_words = ("role", "named"), ("pseudonym", "note")
    row = {
        "id": envelope.subject_of("pseudonym"),
        "event": envelope.id,
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, PseudonymStated), *of_body),
        **columns(payload(event, PartName.PERSONAL, PseudonymWords), *of_words),
    }
    parts = {PartName.BODY: of_body, PartName.PERSONAL: of_words}
    return [Insert("view_pseudonym", (row,), "id", parts, numbered=True)]


def pseudonym_linked(event: Event) -> Sequence[Effect]:
    """The items that show or name somebody."""
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, Reason)
    pseudonym = envelope.subject_of("pseudonym")
    rows = tuple(
        {
            "id": f"{envelope.id}/{subject.id}",
            "pseudonym": pseudonym,
            "item": subject.id,
            **_stated(envelope),
            "why": None if isinstance(words, Erased) else words.why,
        }
        for subject in dict.fromkeys(envelope.subject)
        if subject.kind == "item"
    )
    return [Insert("view_shown", rows, "id", {PartName.PERSONAL: ("why",)})]


def consent_stated(event: Event) -> Sequence[Effect]:
    """A consent, given or withdrawn."""
    envelope = event.envelope
    of_body, of_words = ("number", "use", "given", "until"), ("recipient", "how")
    row = {
        "event": envelope.id,
        "pseudonym": envelope.subject_of("pseudonym"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, ConsentStated), *of_body),
        **columns(payload(event, PartName.PERSONAL, ConsentWords), *of_words),
    }
    parts = {PartName.BODY: of_body, PartName.PERSONAL: of_words}
    return [Insert("view_consent", (row,), "event", parts)]


def item_guarded(event: Event) -> Sequence[Effect]:
    """How closely an item is kept from now on."""
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, Reason)
    names = ("number", "sensitivity", "graphic", "sexual_violence")
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, ItemGuarded), *names),
        "why": None if isinstance(words, Erased) else words.why,
    }
    return [Insert("view_guard", (row,), "event", {PartName.BODY: names, PartName.PERSONAL: ("why",)})]


def _stated(envelope: Envelope) -> dict[str, str]:
    return {"stated_at": envelope.recorded_at, "stated_by": actor(envelope)}


PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {
    "pseudonym.stated": pseudonym_stated,
    "pseudonym.linked": pseudonym_linked,
    "consent.stated": consent_stated,
    "item.guarded": item_guarded,
}

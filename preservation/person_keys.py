"""People's own keys, with which they sign what they do: whose key is which, and what a signature proves. Pure.

A person's first key signs the statement of itself; every later one is stated by the key before it or by the root key.
Where the root key signed too, somebody who holds it vouches that the key is that person's; without, only the log does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from casefile.events.types import KeyRevoked, KeyStated
from casefile.events.types_of_custody import EventSigned
from preservation.checkpoints import origin
from preservation.key_history import NOTHING, KeyEvent, is_signed_by, revocation, root_name, unconfirmed
from preservation.keys import ALGORITHM, PERSON, PublicKey, SigningKey
from preservation.notes import Note, NoteMalformed, signed


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A key of a person, for events after position `since` and before position `until`.

    `confirmed`: the root key vouches that it is theirs.
    """

    person: str
    key: PublicKey
    since: int
    confirmed: bool
    until: int | None = None

    def counts_at(self, position: int) -> bool:
        """Whether it signs an event at that position."""
        return self.since < position and (self.until is None or position < self.until)


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """Every key of every person in the order of the log, and the events that nobody confirms, with the reason."""

    log: str
    root: PublicKey | None
    keys: tuple[PersonKey, ...] = ()
    doubtful: tuple[tuple[str, str], ...] = ()

    def current(self, person: str) -> PersonKey | None:
        """The key that the person signs with from now on; None when there is none, or it was revoked."""
        return next((one for one in self.keys if one.person == person and one.until is None), None)

    def signer_of(self, body: EventSigned, event: str, leaf: bytes, position: int, person: str) -> PersonKey | str:
        """The key that signed this event of that person; or why the signature proves nothing."""
        if body.leaf != f"sha256:{leaf.hex()}":
            return "it is over other bytes than the event has"
        found = [one for one in self.keys if one.person == person and one.key.fingerprint() == body.key]
        if not found:
            return "its key was never stated for this person"
        if not found[-1].counts_at(position):
            return "its key was not this person's at that place of the log"
        text = signature_text(self.log, event, leaf)
        try:
            note = Note.parse(body.signature.encode("utf-8"))
        except NoteMalformed as error:
            return f"it is no signed note: {error}"
        if note.text != text or not is_signed_by(note, person_name(self.log, person), found[-1].key):
            return "its key did not sign this event"
        return found[-1]


@dataclass(frozen=True, slots=True)
class PersonSigner:
    """Signs the events of one person with their own key, as `casefile.events.append.Signer` asks for it."""

    person: str
    key: SigningKey

    def signed(self, log: str, event: str, leaf: bytes) -> EventSigned:
        """The signature over an event's leaf."""
        text = signature_text(log, event, leaf)
        made = (person_name(log, self.person), self.key.public.raw, self.key.sign(text.encode("utf-8")))
        note = signed(text, [made]).to_bytes().decode("utf-8")
        return EventSigned(key=self.key.public.fingerprint(), leaf=f"sha256:{leaf.hex()}", signature=note)


def person_name(log: str, person: str) -> str:
    """The name under which a person signs."""
    return f"{origin(log)}/{PERSON}/{person}"


def signature_text(log: str, event: str, leaf: bytes) -> str:
    """What a person signs: which event of which log, and its leaf, which holds everything of it."""
    return f"casefile event signature\nlog {log}\nevent {event}\nleaf {leaf.hex()}\n"


def state_person_key(  # noqa: PLR0913
    log: str,
    person: str,
    key: SigningKey,
    *,
    replacing: PublicKey | None = None,
    old: SigningKey | None = None,
    root: SigningKey | None = None,
) -> KeyStated:
    """The statement that `key` is that person's from now on, signed by itself, and by the old key and the root key."""
    text = _statement(log, person, key.public, replacing)
    content = text.encode("utf-8")
    name = person_name(log, person)
    lines = [(name, one.public.raw, one.sign(content)) for one in (key, old) if one is not None]
    if root is not None:
        lines.append((root_name(log), root.public.raw, root.sign(content)))
    note = signed(text, lines).to_bytes().decode("utf-8")
    public = key.public
    return KeyStated(
        purpose=PERSON,
        algorithm=ALGORITHM,
        public_key=public.raw.hex(),
        fingerprint=public.fingerprint(),
        statement=note,
    )


def person_keys(log: str, root: PublicKey | None, events: Iterable[KeyEvent]) -> PersonKeys:
    """What the key events of a log amount to for people, in the order of the log."""
    found = PersonKeys(log, root)
    for one in events:
        if isinstance(one.body, KeyStated) and one.body.purpose == PERSON:
            reason, found = _stated(found, one, one.body)
            if reason:
                found = replace(found, doubtful=(*found.doubtful, (one.event, reason)))
        elif isinstance(one.body, KeyRevoked):
            found = _revoked(found, one.body)
    return found


def _stated(found: PersonKeys, one: KeyEvent, body: KeyStated) -> tuple[str, PersonKeys]:
    try:
        key = PublicKey.of(bytes.fromhex(body.public_key))
    except ValueError:
        return "it states no Ed25519 key", found
    if body.algorithm != ALGORITHM or body.fingerprint != key.fingerprint() or not one.person:
        return "person, fingerprint and key do not belong together", found
    earlier = [known for known in found.keys if known.person == one.person]
    before = earlier[-1].key if earlier else None
    text = _statement(found.log, one.person, key, before)
    confirmed = not unconfirmed(found.log, body.statement, text, found.root)
    try:
        note = Note.parse(body.statement.encode("utf-8"))
    except NoteMalformed as error:
        return f"its statement is no signed note: {error}", found
    name = person_name(found.log, one.person)
    if note.text != text or not is_signed_by(note, name, key):
        return "the key did not sign its own statement", found
    old_agrees = before is not None and earlier[-1].until is None and is_signed_by(note, name, before)
    if before is not None and not (old_agrees or confirmed):
        return "neither the key before it nor the root key signed its statement", found
    ended = tuple(
        replace(known, until=one.position) if known.person == one.person and known.until is None else known
        for known in found.keys
    )
    return "", replace(found, keys=(*ended, PersonKey(one.person, key, one.position, confirmed)))


def _revoked(found: PersonKeys, body: KeyRevoked) -> PersonKeys:
    text = revocation(found.log, body.fingerprint, body.last_trusted)
    if unconfirmed(found.log, body.statement, text, found.root):
        return found
    keys = tuple(
        replace(one, until=min(body.last_trusted, one.until or body.last_trusted))
        if one.key.fingerprint() == body.fingerprint
        else one
        for one in found.keys
    )
    return replace(found, keys=keys)


def _statement(log: str, person: str, key: PublicKey, replaces: PublicKey | None) -> str:
    lines = (
        "casefile person key statement",
        f"log {log}",
        f"person {person}",
        f"key {ALGORITHM} {key.raw.hex()}",
        f"fingerprint {key.fingerprint()}",
        f"replaces {replaces.fingerprint() if replaces else NOTHING}",
    )
    return "\n".join(lines) + "\n"

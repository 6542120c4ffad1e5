"""People's own keys: made outside the workspace, stated in the log, used to sign what they do, and shown with it.

A step is signed when its command is given with the key (`--sign-with FILE`): `Services.append` then signs every draft
that has no id of a machine's making, in the same transaction. Nothing else has to be called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import GateRefused, RecordUnreadable, UsageError
from casefile.events.append import AUTHENTICATED
from casefile.events.envelope import Envelope, Subject
from casefile.events.port import draft
from casefile.events.types_of_custody import EventSigned
from casefile.people import Person
from casefile.records.engine import Engine, reading
from casefile.records.people import find_person
from casefile.records.reading import Entry, read_event
from casefile.records.signatures import ClaimedSignature, signatures_of
from pipelines.keys import STATED, person_keys_of, root_of_log
from pipelines.services import Services
from preservation.durable import Disk
from preservation.keys import SigningKey, create_protected
from preservation.person_keys import PersonKey, PersonKeys, PersonSigner, state_person_key
from preservation.problems import Problem, problem

ASSERTED = "asserted"
CLAIM = f'"identity":"{AUTHENTICATED}"'.encode()


@dataclass(frozen=True, slots=True)
class Identity:
    """How far it is proved who did something: `asserted`, or `authenticated` with the fingerprint of the key.

    `confirmed`: the root key vouches for whose key it is.
    """

    identity: str = ASSERTED
    key: str = ""
    confirmed: bool = False

    @property
    def words(self) -> str:
        """For a line beside a name."""
        if self.identity == ASSERTED:
            return "name asserted"
        return f"signed with {self.key[:23]}…" + ("" if self.confirmed else ", which no root key confirms")

    def plain(self) -> dict[str, object]:
        """For `--json`."""
        return {"identity": self.identity, "key": self.key or None, "confirmed": self.confirmed}


def signer_for(engine: Engine, log: str, person: Person, file: Path, passphrase: str) -> PersonSigner:
    """What signs for that person; raises KeyMissing, KeyLocked, GateRefused for a key that is not theirs."""
    key = SigningKey.unlock(file, passphrase)
    current = person_keys_of(engine, log).current(person.id)
    if current is None or current.key != key.public:
        remedy = "State it: `casefile person key NAME --to FILE` makes one; --as names whose it is"
        raise GateRefused("the keys of people", f"the log does not state this key as {person.name}'s", remedy)
    return PersonSigner(person.id, key)


def make_person_key(  # noqa: PLR0913
    services: Services,
    name: str,
    file: Path,
    passphrase: str,
    *,
    old: tuple[Path, str] | None = None,
    root_key: Path | None = None,
) -> PersonKey:
    """Make a key for that person in `file`, outside the workspace, and state it in the log.

    A person who has one already needs it (`old`) or the root key. Raises UsageError, VaultConflict.
    """
    file = file.expanduser().absolute()
    if file.is_relative_to(services.workspace.root):
        raise UsageError("a person's key belongs outside the workspace: whoever has that must not have the key with it")
    with reading(services.engine) as connection:
        person = find_person(connection, name)
    known = person_keys_of(services.engine, services.log.id)
    earlier = [one for one in known.keys if one.person == person.id]
    before = SigningKey.unlock(*old) if old else None
    root = root_of_log(services, root_key) if root_key else None
    if earlier and root is None and (before is None or before.public != earlier[-1].key):
        raise UsageError(f"{person.name} has a key: a new one needs that or the root key")
    key = create_protected(file, passphrase, Disk(services.reached))
    body = state_person_key(
        services.log.id, person.id, key, replacing=earlier[-1].key if earlier else None, old=before, root=root
    )
    services.append(draft(STATED, Subject(kind="person", id=person.id), body=body))
    stated = person_keys_of(services.engine, services.log.id).current(person.id)
    if stated is None:
        raise RecordUnreadable("key.stated", "the statement of a person's key counts for nothing")
    return stated


def identities_of(engine: Engine, log: str, events: Sequence[str]) -> dict[str, Identity]:
    """Who did these events, as far as it is proved: a signature that does not hold proves nothing."""
    keys = person_keys_of(engine, log)
    found = dict.fromkeys(events, Identity())
    with reading(engine) as connection:
        for claimed in signatures_of(connection, events):
            holder = _holder(keys, claimed, read_event(connection, claimed.signed))
            if isinstance(holder, PersonKey):
                found[claimed.signed] = Identity(AUTHENTICATED, claimed.key, holder.confirmed)
    return found


def signature_problems(engine: Engine, log: str, contents: Iterable[bytes]) -> Iterator[Problem]:
    """Every signature that proves nothing, every act that says of itself that it was signed and was not, and every
    statement of a person's key that counts for nothing. `contents` are the envelopes of the journal."""
    keys = person_keys_of(engine, log)
    for event, reason in keys.doubtful:
        yield problem("P098", f"event {event}", reason=reason)
    with reading(engine) as connection:
        held = set()
        for claimed in signatures_of(connection):
            holder = _holder(keys, claimed, read_event(connection, claimed.signed))
            if isinstance(holder, str):
                yield problem("P097", f"event {claimed.signed}", reason=holder)
            else:
                held.add(claimed.signed)
    for event in _authenticated(contents):
        if event not in held:
            yield problem("P097", f"event {event}", reason="it says that it was signed, and no signature holds")


def _authenticated(contents: Iterable[bytes]) -> Iterator[str]:
    """The events that claim it. In canonical form these bytes are in no string: their quotes would be escaped."""
    for content in contents:
        if CLAIM in content:
            yield Envelope.from_bytes(content).id


def _holder(keys: PersonKeys, claimed: ClaimedSignature, entry: Entry) -> PersonKey | str:
    envelope = entry.event.envelope
    if not claimed.signature:
        return "it was erased"
    if envelope.actor != f"person:{claimed.person}":
        return "it is by somebody else than who acted"
    body = EventSigned(key=claimed.key, leaf=claimed.leaf, signature=claimed.signature)
    return keys.signer_of(body, envelope.id, entry.leaf, entry.position, claimed.person)

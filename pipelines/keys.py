"""The keys of a log: what its events say of them, a new one in an old one's place, one that must not be believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casefile.errors import GateRefused, KeyMissing, UsageError, WorkspaceUnusable
from casefile.events.envelope import EventOutcome, PartName
from casefile.events.port import draft
from casefile.events.types import CustodyChanged, Erased, KeyRevoked, KeyStated, payload
from casefile.records.engine import Connection, Engine, reading
from casefile.records.reading import read_events_of
from casefile.workspace import Workspace
from pipelines.services import Services
from preservation.durable import Disk, is_there, storage_errors
from preservation.key_history import KeyEvent, KeyHistory, key_history, revoke_key, state_key, state_root
from preservation.keys import (
    LOG,
    PERSON,
    PublicKey,
    SecondKey,
    SigningKey,
    create_log_key,
    create_root_key,
    create_second_key,
    file_of,
    second_file,
)
from preservation.person_keys import PersonKeys, person_keys

STATED, REVOKED = "key.stated", "key.revoked"


def history_of(engine: Engine, log: str) -> KeyHistory:
    """The keys as the events of this database state them."""
    with reading(engine) as connection:
        return key_history(log, key_events(connection))


def person_keys_of(engine: Engine, log: str) -> PersonKeys:
    """The keys of people as the events of this database state them."""
    with reading(engine) as connection:
        events = key_events(connection)
    return person_keys(log, key_history(log, events).root, events)


def key_events(connection: Connection) -> list[KeyEvent]:
    """Every statement and revocation of a key, in the order of the log."""
    found = []
    for entry in read_events_of(connection, STATED, REVOKED):
        body: KeyStated | KeyRevoked | Erased
        if entry.event.envelope.type == STATED:
            body = payload(entry.event, PartName.BODY, KeyStated)
        else:
            body = payload(entry.event, PartName.BODY, KeyRevoked)
        envelope = entry.event.envelope
        person = next((one.id for one in envelope.subject if one.kind == PERSON), "")
        found.append(KeyEvent(entry.position, envelope.id, None if isinstance(body, Erased) else body, person))
    return found


def stated_fingerprints(connection: Connection) -> set[str]:
    """Of every key that an event states, whether anybody confirms it or not."""
    return {one.body.fingerprint for one in key_events(connection) if isinstance(one.body, KeyStated)}


def log_key(workspace: Workspace, history: KeyHistory) -> SigningKey:
    """The private key of the current epoch.

    Raises KeyMissing when it is not here, GateRefused when it is revoked and no other was stated.
    """
    if history.current is None:
        raise GateRefused("the log's key", "it is revoked or was never stated", "State one: `casefile keys rotate`")
    public = file_of(workspace.keys, history.current.key.fingerprint())
    if public is None:
        raise KeyMissing(str(workspace.keys / f"{LOG}.key"))
    key = SigningKey.read(public.with_suffix(".key"))
    if key.public != history.current.key:
        raise WorkspaceUnusable(str(public.with_suffix(".key")), "it is not the key that belongs to its public half")
    return key


def second_log_key(workspace: Workspace, history: KeyHistory) -> SecondKey | None:
    """The private second key of the current epoch; None where it has none. Raises KeyMissing, WorkspaceUnusable."""
    epoch = history.current
    public = file_of(workspace.keys, epoch.key.fingerprint()) if epoch is not None else None
    if epoch is None or epoch.second is None or public is None:
        return None
    second = SecondKey.read(second_file(public))
    if second.raw != epoch.second:
        raise WorkspaceUnusable(str(second_file(public)), "it is not the second key that the log states")
    return second


def create_log_pair(keys: Path, disk: Disk) -> tuple[PublicKey, bytes]:
    """Make the log's next key and the second key beside it; both public halves."""
    made = create_log_key(keys, disk).public
    public = file_of(keys, made.fingerprint())
    if public is None:
        raise KeyMissing(str(keys))
    return made, create_second_key(public, disk).raw


def rotate(services: Services, root_key: Path | None = None) -> KeyHistory:
    """State a new log key. The event is what makes it the log's: a crash before it leaves a pair that nobody uses.

    The root key signs the statement, and the old key too where it is here and not revoked. Raises KeyMissing,
    UsageError when the root key is not the one that the log states.
    """
    root = root_of_log(services, root_key)
    history = history_of(services.engine, services.log.id)
    made, second = create_log_pair(services.workspace.keys, Disk(services.reached))
    old = history.epochs[-1].key if history.epochs else None
    try:
        replacing: SigningKey | None = log_key(services.workspace, history)
    except (KeyMissing, GateRefused):
        replacing = None
    body = state_key(services.log.id, LOG, made, root, replacing=replacing or old, second=second)
    services.append(draft(STATED, body=body))
    return history_of(services.engine, services.log.id)


@dataclass(frozen=True, slots=True)
class OldKeys:
    """Private keys of the log that are not its key any more: where they lie, and whether they were destroyed."""

    places: tuple[Path, ...]
    destroyed: bool = False


def old_keys(services: Services) -> OldKeys:
    """The earlier private keys that are still in `keys/`: whoever takes one can sign heads of its time."""
    history = history_of(services.engine, services.log.id)
    current = history.current.key if history.current else None
    found = [file_of(services.workspace.keys, one.key.fingerprint()) for one in history.epochs if one.key != current]
    publics = [public for public in dict.fromkeys(found) if public is not None]
    private = [path for public in publics for path in (public.with_suffix(".key"), second_file(public))]
    return OldKeys(tuple(path for path in private if is_there(path)))


def destroy_old(services: Services) -> OldKeys:
    """Overwrite and remove them, and record it. Copies in backups, and blocks that a disk kept, are out of reach.

    Refused as long as there is no newer key: nothing could be signed any more.
    """
    if history_of(services.engine, services.log.id).current is None:
        raise GateRefused("the log's keys", "no newer key is stated", "State one: `casefile keys rotate`")
    found = old_keys(services)
    disk = Disk(services.reached)
    for path in found.places:
        with storage_errors("overwrite", path), path.open("r+b") as stream:
            stream.write(bytes(path.stat().st_size))
            stream.flush()
            disk.sync_file(stream.fileno(), path.name)
        disk.remove_file(path)
        disk.sync_directory(path.parent)
        body = CustodyChanged(act="key destroyed", detail=f"private key {path.name}")
        services.append(draft("custody.changed", body=body, outcome=EventOutcome(status="done")))
    return OldKeys(found.places, destroyed=True)


def revoke(
    services: Services, last_trusted: int, reason: str, root_key: Path | None = None, fingerprint: str = ""
) -> KeyHistory:
    """Say that the log's key is not to be believed for heads of more than `last_trusted` events.

    With `fingerprint` it is a person's key, which signed nothing behind the first `last_trusted` events then.
    """
    root = root_of_log(services, root_key)
    history = history_of(services.engine, services.log.id)
    if not reason.strip():
        raise UsageError("a revocation needs a reason")
    current = history.current.key if history.current else None
    if fingerprint:
        people = person_keys_of(services.engine, services.log.id)
        current = next((one.key for one in people.keys if one.key.fingerprint() == fingerprint), None)
    if current is None:
        raise UsageError("there is no such key to revoke, or it is revoked already")
    body = revoke_key(services.log.id, current, last_trusted, reason.strip(), root)
    services.append(draft(REVOKED, body=body, outcome=EventOutcome(status="revoked")))
    return history_of(services.engine, services.log.id)


def replace_root(
    services: Services, reason: str, *, root_key_to: Path | None = None, old_root_key: Path | None = None
) -> KeyHistory:
    """State a new root key in the place of a lost one, or of one that is at hand (`old_root_key`) and vouches for it.

    Without that, only the log's own key says so, which whoever stole it could: every output tells, and an audit until
    somebody brings the new fingerprint from outside. Raises KeyMissing, UsageError where a root key is in the way.
    """
    history = history_of(services.engine, services.log.id)
    if not reason.strip():
        raise UsageError("the loss of the root key needs a reason")
    if history.root is None:
        raise UsageError("the log states no root key that could have been lost")
    signing = log_key(services.workspace, history)
    old = root_of_log(services, old_root_key) if old_root_key else None
    place = (root_key_to or services.workspace.root_key).absolute()
    if is_there(place):
        raise UsageError(f"there is a root key in {place}: say where the new one goes, or name it as the old one")
    made = create_root_key(services.workspace.keys, place, Disk(services.reached))
    body = state_root(services.log.id, made, history.root, signing, old)
    changed = CustodyChanged(act="root key replaced", detail=reason.strip())
    done = EventOutcome(status="done")
    services.append(draft("custody.changed", body=changed, outcome=done), draft(STATED, body=body))
    return history_of(services.engine, services.log.id)


def root_of_log(services: Services, root_key: Path | None) -> SigningKey:
    """The private root key; raises KeyMissing, UsageError when it is not the one that the log states."""
    root = SigningKey.read(root_key or services.workspace.root_key)
    stated = history_of(services.engine, services.log.id).root
    if root.public != stated:
        raise UsageError("this root key is not the one that the log states")
    return root

"""Which key was the log's at which size, as the log's own events state it and the root key confirms it. Pure.

A statement about a key is a signed note of its own: whoever holds the root's fingerprint can check it without the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from casefile.events.types import KeyRevoked, KeyStated
from preservation.checkpoints import SignedCheckpoint, origin
from preservation.keys import (
    ALGORITHM,
    LOG,
    PERSON,
    ROOT,
    SECOND_ALGORITHM,
    SECOND_KEY_BYTES,
    PublicKey,
    SigningKey,
)
from preservation.notes import COSIGNED_MLDSA, Note, NoteMalformed, signed
from preservation.second_signatures import is_second_line_true

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key.stated or key.revoked of the log, with its body unless that was erased. `person` is whose key it is."""

    position: int
    event: str
    body: KeyStated | KeyRevoked | None
    person: str = ""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time of the log in which one key signs: heads of more than `since` events, until the next epoch.

    `last_trusted` is the last size that a revocation leaves believed. `second` is the ML-DSA-44 key beside it.
    """

    key: PublicKey
    since: int
    last_trusted: int | None = None
    second: bytes | None = None


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The root key, the epochs of the log's key in order, and the key events that nobody confirms, with the reason.

    `unvouched` are the root keys that took the place of a lost one, with the positions of their statements: the log's
    key of the time and the new root key signed that, and the root key before it did not.
    """

    log: str
    root: PublicKey | None
    epochs: tuple[Epoch, ...]
    doubtful: tuple[tuple[str, str], ...]
    unvouched: tuple[tuple[int, PublicKey], ...] = ()

    def epoch_of(self, size: int) -> Epoch | None:
        """The epoch whose key signs a head of that size; None before the first."""
        return next((one for one in reversed(self.epochs) if one.since < size), None)

    @property
    def current(self) -> Epoch | None:
        """The epoch of the next head; None when its key is revoked and no other was stated."""
        newest = self.epochs[-1] if self.epochs else None
        return newest if newest is not None and newest.last_trusted is None else None

    def is_signed(self, checkpoint: SignedCheckpoint) -> bool:
        """Whether the key of the checkpoint's epoch signed it, and the second one too if a line says so.

        What a revocation says of it is another question.
        """
        epoch = self.epoch_of(checkpoint.head.size)
        if epoch is None or checkpoint.head.origin != origin(self.log):
            return False
        if epoch.second is not None and not is_second_line_true(checkpoint, epoch.second):
            return False
        return is_signed_by(checkpoint.note, origin(self.log), epoch.key)

    def is_whole(self, checkpoint: SignedCheckpoint) -> bool:
        """Whether it is signed by every key of its epoch and by nobody else, as heads are that the log keeps itself."""
        epoch = self.epoch_of(checkpoint.head.size)
        if epoch is None or not self.is_signed(checkpoint):
            return False
        note, name = checkpoint.note, origin(self.log)
        lines = [note.by(name, epoch.key.raw)]
        if epoch.second is not None:
            lines.append(note.by(name, epoch.second, COSIGNED_MLDSA))
        return all(len(one) == 1 for one in lines) and len(note.signatures) == len(lines)

    def is_revoked(self, checkpoint: SignedCheckpoint) -> bool:
        """Whether the key of its epoch was revoked for a head of that size."""
        epoch = self.epoch_of(checkpoint.head.size)
        return epoch is not None and epoch.last_trusted is not None and checkpoint.head.size > epoch.last_trusted


def is_signed_by(note: Note, name: str, key: PublicKey) -> bool:
    """Whether every signature that claims to be of that key holds, and there is one."""
    claimed = note.by(name, key.raw)
    return bool(claimed) and all(key.verifies(one.signature, note.text.encode("utf-8")) for one in claimed)


def root_name(log: str) -> str:
    """The name under which the root key of a log signs."""
    return f"{origin(log)}/{ROOT}"


def state_key(  # noqa: PLR0913
    log: str,
    purpose: str,
    key: PublicKey,
    root: SigningKey,
    *,
    replacing: SigningKey | PublicKey | None = None,
    second: bytes | None = None,
) -> KeyStated:
    """The statement that `key` is the log's from now on, signed by the root key and, if it is there, by the old one."""
    old = replacing.public if isinstance(replacing, SigningKey) else replacing
    text = _statement(log, purpose, key, old.fingerprint() if old else NOTHING, second.hex() if second else None)
    content = text.encode("utf-8")
    signatures = [(root_name(log), root.public.raw, root.sign(content))]
    if isinstance(replacing, SigningKey):
        signatures.append((origin(log), replacing.public.raw, replacing.sign(content)))
    note = signed(text, signatures).to_bytes().decode("utf-8")
    fingerprint, raw = key.fingerprint(), key.raw.hex()
    return KeyStated(
        purpose=purpose,
        algorithm=ALGORITHM,
        public_key=raw,
        fingerprint=fingerprint,
        statement=note,
        second=second.hex() if second else None,
    )


def state_root(log: str, key: SigningKey, lost: PublicKey, log_key: SigningKey, old: SigningKey | None) -> KeyStated:
    """The statement that `key` is the root key from now on. Without the `old` one nobody outside vouches for it."""
    text = _statement(log, ROOT, key.public, lost.fingerprint())
    content = text.encode("utf-8")
    by = [(root_name(log), key), (origin(log), log_key), *([(root_name(log), old)] if old is not None else [])]
    note = signed(text, [(name, one.public.raw, one.sign(content)) for name, one in by]).to_bytes().decode("utf-8")
    public = key.public
    return KeyStated(
        purpose=ROOT,
        algorithm=ALGORITHM,
        public_key=public.raw.hex(),
        fingerprint=public.fingerprint(),
        statement=note,
    )


def revoke_key(log: str, key: PublicKey, last_trusted: int, reason: str, root: SigningKey) -> KeyRevoked:
    """The statement that heads beyond `last_trusted` events signed by `key` count for nothing, signed by the root."""
    text = revocation(log, key.fingerprint(), last_trusted)
    note = signed(text, [(root_name(log), root.public.raw, root.sign(text.encode("utf-8")))])
    return KeyRevoked(
        fingerprint=key.fingerprint(),
        last_trusted=last_trusted,
        reason=reason,
        statement=note.to_bytes().decode("utf-8"),
    )


def key_history(log: str, events: Iterable[KeyEvent]) -> KeyHistory:
    """What the key events of a log amount to, in the order of the log.

    A root key confirms itself when it is the first, and is confirmed by the earlier one after that. An event that is
    not confirmed changes nothing and is doubtful.
    """
    history = KeyHistory(log, None, (), ())
    for one in events:
        reason, after = _after(history, one)
        history = after if not reason else replace(history, doubtful=(*history.doubtful, (one.event, reason)))
    return history


def _after(history: KeyHistory, one: KeyEvent) -> tuple[str, KeyHistory]:
    if one.body is None:
        return "its body was erased", history
    if isinstance(one.body, KeyRevoked):
        return _revoked(history, one.body)
    return _stated(history, one, one.body)


def _stated(history: KeyHistory, one: KeyEvent, body: KeyStated) -> tuple[str, KeyHistory]:
    if body.purpose == PERSON:
        # Whose word such a key needs is another question, which preservation.person_keys answers.
        return "", history
    try:
        key = PublicKey.of(bytes.fromhex(body.public_key))
        second = bytes.fromhex(body.second) if body.second is not None else None
    except ValueError:
        return "it states no Ed25519 key", history
    if second is not None and len(second) != SECOND_KEY_BYTES:
        return "its second key is no ML-DSA-44 key", history
    if body.algorithm != ALGORITHM or body.fingerprint != key.fingerprint():
        return "fingerprint and key do not belong together", history
    confirming = history.root or (key if body.purpose == ROOT else None)
    replaced = history.root if body.purpose == ROOT else history.epochs[-1].key if history.epochs else None
    text = _statement(history.log, body.purpose, key, replaced.fingerprint() if replaced else NOTHING, body.second)
    if reason := unconfirmed(history.log, body.statement, text, confirming):
        if body.purpose == ROOT and _replaces_lost_root(history, body.statement, text, key):
            unvouched = (*history.unvouched, (one.position, key))
            return "", replace(history, root=key, unvouched=unvouched)
        return reason, history
    if body.purpose == ROOT:
        return "", replace(history, root=key)
    if body.purpose == LOG:
        return "", replace(history, epochs=(*history.epochs, Epoch(key, one.position, second=second)))
    return "", history


def _replaces_lost_root(history: KeyHistory, statement: str, text: str, key: PublicKey) -> bool:
    """Whether the new root key and the log's own key both say that it takes the place of a lost one."""
    if history.current is None or unconfirmed(history.log, statement, text, key):
        return False
    return is_signed_by(Note.parse(statement.encode("utf-8")), origin(history.log), history.current.key)


def _revoked(history: KeyHistory, body: KeyRevoked) -> tuple[str, KeyHistory]:
    text = revocation(history.log, body.fingerprint, body.last_trusted)
    if reason := unconfirmed(history.log, body.statement, text, history.root):
        return reason, history
    epochs = [
        replace(epoch, last_trusted=body.last_trusted) if epoch.key.fingerprint() == body.fingerprint else epoch
        for epoch in history.epochs
    ]
    return "", replace(history, epochs=tuple(epochs))


def unconfirmed(log: str, statement: str, text: str, root: PublicKey | None) -> str:
    """Why a statement is not the root key's word for `text`; empty when it is."""
    if root is None:
        return "the log states no root key before it"
    try:
        note = Note.parse(statement.encode("utf-8"))
    except NoteMalformed as error:
        return f"its statement is no signed note: {error}"
    if note.text != text:
        return "its statement says something else"
    return "" if is_signed_by(note, root_name(log), root) else "the root key did not sign its statement"


def _statement(log: str, purpose: str, key: PublicKey, replaces: str, second: str | None = None) -> str:
    lines: Sequence[str] = (
        "casefile key statement",
        f"log {log}",
        f"purpose {purpose}",
        f"key {ALGORITHM} {key.raw.hex()}",
        f"fingerprint {key.fingerprint()}",
        f"replaces {replaces}",
        *((f"second {SECOND_ALGORITHM} {second}",) if second is not None else ()),
    )
    return "\n".join(lines) + "\n"


def revocation(log: str, fingerprint: str, last_trusted: int) -> str:
    """The text of a revocation, which the root key signs."""
    return f"casefile key revocation\nlog {log}\nfingerprint {fingerprint}\nlast trusted size {last_trusted}\n"

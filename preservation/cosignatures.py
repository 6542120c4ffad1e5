"""Cosignatures (C2SP tlog-cosignature, Ed25519): a witness's word that this head was the largest it knew. Pure.

A witness signs a head only when it follows from the one that it signed before. What it saw is bound to the time that it
says; whoever has its key from elsewhere needs nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from preservation.checkpoints import SignedCheckpoint
from preservation.keys import PublicKey, SigningKey
from preservation.notes import COSIGNED, Note, NoteSignature, VerifierKey, key_id

HEADER = "cosignature/v1"
TIME_BYTES = 8
LATEST_S = 253_402_300_799
"""The end of the year 9999: what lies beyond is no time at which anybody signed."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One that holds: by whom, and when, in seconds since 1970."""

    witness: str
    time_s: int
    line: NoteSignature


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as it is known here: its name and its public key."""

    name: str
    key: PublicKey

    @classmethod
    def parse(cls, text: str) -> Witness:
        """The witness of a verifier key (NAME+ID+KEY, of type 4); raises ValueError."""
        key = VerifierKey.parse(text)
        if key.kind != COSIGNED:
            raise ValueError("it is a key for something else than Ed25519 cosignatures")
        return cls(key.name, PublicKey.of(key.raw))

    @property
    def verifier_key(self) -> str:
        """The key in the form that others take."""
        return str(VerifierKey(self.name, COSIGNED, self.key.raw))

    def of(self, note: Note) -> Cosignature | None:
        """Its newest cosignature below the note; None when there is none, or one that claims to be of it is false."""
        found = []
        for one in note.by(self.name, self.key.raw, COSIGNED):
            time_s, signature = _parted(one.signature)
            if time_s > LATEST_S or not self.key.verifies(signature, cosigned_text(note.text, time_s)):
                return None
            found.append(Cosignature(self.name, time_s, one))
        return max(found, key=lambda one: one.time_s, default=None)


def cosigned_text(text: str, time_s: int) -> bytes:
    """What is signed: a header, the time, and the text of the head."""
    return f"{HEADER}\ntime {time_s}\n{text}".encode()


def cosign(head: SignedCheckpoint, name: str, key: SigningKey, time_s: int) -> NoteSignature:
    """The line by which the witness of that name says that it saw this head at that time."""
    signature = key.sign(cosigned_text(head.note.text, time_s))
    known = key_id(name, key.public.raw, COSIGNED)
    return NoteSignature(name, known, time_s.to_bytes(TIME_BYTES, "big") + signature)


def with_lines(note: Note, *lines: NoteSignature) -> Note:
    """The note with these signatures below its own; one of a key that has signed already takes the earlier's place."""
    replaced = {(one.name, one.key_id) for one in lines}
    kept = [one for one in note.signatures if (one.name, one.key_id) not in replaced]
    return Note(note.text, (*kept, *lines))


def _parted(content: bytes) -> tuple[int, bytes]:
    return int.from_bytes(content[:TIME_BYTES], "big"), content[TIME_BYTES:]

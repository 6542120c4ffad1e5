"""Signed notes (C2SP signed-note): text that people can read, with signatures by named keys below it. Pure.

A reader passes over signatures of keys that it does not know. Nothing is guessed: a note in any other form is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

ED25519 = 0x01
"""C2SP signed-note: the signature type of Ed25519 over the text as it is."""
COSIGNED, COSIGNED_MLDSA = 0x04, 0x06
"""C2SP tlog-cosignature: Ed25519 and ML-DSA-44 over the text and a time."""
KEY_BYTES = {ED25519: 32, COSIGNED: 32, COSIGNED_MLDSA: 1312}
"""How long a public key of each type is."""
KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 65_536
MAX_SIGNATURES = 100
DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]+")


class NoteMalformed(ValueError):
    """The bytes are no signed note; says what is wrong."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below the text: the key's name, its id of four bytes, and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line, with its end."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a line's end, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """The note as it is stored and sent."""
        return (self.text + "\n" + "".join(one.line for one in self.signatures)).encode("utf-8")

    def by(self, name: str, raw_key: bytes, kind: int = ED25519) -> tuple[NoteSignature, ...]:
        """The signatures that claim to be of this key. Whether one holds is another question."""
        known = key_id(name, raw_key, kind)
        return tuple(one for one in self.signatures if (one.name, one.key_id) == (name, known))

    @classmethod
    def parse(cls, content: bytes) -> Note:
        """The note in these bytes; raises NoteMalformed for anything that is not exactly one."""
        if len(content) > MAX_NOTE_BYTES:
            raise NoteMalformed("it is longer than a note may be")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NoteMalformed("it is not UTF-8") from error
        if any((one < " " and one != "\n") or one == "\x7f" for one in text):
            raise NoteMalformed("it holds a control character")
        body, gap, below = text.rpartition("\n\n")
        if not gap or not body:
            raise NoteMalformed("no empty line divides text and signatures")
        if not below.endswith("\n"):
            raise NoteMalformed("the last line has no end")
        lines = below[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise NoteMalformed("it has more signatures than a note may have")
        return cls(body + "\n", tuple(map(_signature, lines)))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name that it signs under and the type of its signatures."""

    name: str
    kind: int
    raw: bytes

    def __str__(self) -> str:
        """The form that other tools of such logs take: name, id and key joined by plus signs."""
        encoded = base64.b64encode(bytes([self.kind]) + self.raw).decode("ascii")
        return f"{self.name}+{key_id(self.name, self.raw, self.kind).hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that such a text names; raises ValueError where it is none, or one of an unknown type."""
        name, _plus, rest = text.partition("+")
        shown, plus, encoded = rest.partition("+")
        content = decoded(encoded) if plus else b""
        if not _NAME.fullmatch(name) or not content or KEY_BYTES.get(content[0]) != len(content) - 1:
            raise ValueError("not a verifier key (NAME+ID+KEY)")
        key = cls(name, content[0], content[1:])
        if shown != key_id(name, key.raw, key.kind).hex():
            raise ValueError("name, id and key of this verifier key do not belong together")
        return key


def key_id(name: str, raw_key: bytes, kind: int = ED25519) -> bytes:
    """C2SP signed-note: the first four bytes of the SHA-256 of name, line feed, type and key."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + raw_key).digest()[:KEY_ID_BYTES]


def signed(text: str, signatures: Iterable[tuple[str, bytes, bytes]]) -> Note:
    """A note of the text with signatures, each as (name, raw key, signature)."""
    return Note(text, tuple(NoteSignature(name, key_id(name, raw), made) for name, raw, made in signatures))


def decoded(text: str) -> bytes:
    """The bytes of standard base64 in its only form; raises ValueError for any other."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(content).decode("ascii") != text:
        raise ValueError("not the only form of its base64")
    return content


def _signature(line: str) -> NoteSignature:
    if not line.startswith(DASH):
        raise NoteMalformed("a line below the text is no signature")
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not space or not _NAME.fullmatch(name):
        raise NoteMalformed("a signature names no key")
    try:
        content = decoded(encoded)
    except ValueError as error:
        raise NoteMalformed(f"a signature is {error}") from error
    if len(content) <= KEY_ID_BYTES:
        raise NoteMalformed("a signature is too short")
    return NoteSignature(name, content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])

"""Encrypting a package for those who may open it (age-encryption.org/v1): nobody else can, nor can whoever made it.

`age` and every program that reads its format open it again; Casefile itself never holds a key that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage

from casefile.errors import StorageFailed, UsageError

ENDING = ".age"
PRIVATE_KEY = "AGE-SECRET-KEY-"
DECRYPTION = "age --decrypt --identity KEY --output {plain} {name}"
"""How it is opened again, with Debian's `age` for example."""


@dataclass(frozen=True, slots=True)
class AgeRecipient:
    """Somebody who can open what is encrypted to them; `text` is their public key as they gave it."""

    text: str
    key: Any


def recipients_of(texts: Sequence[str]) -> tuple[AgeRecipient, ...]:
    """The recipients of these public keys (`age1…`, `ssh-ed25519 …`, `ssh-rsa …`); a path stands for a file of them.

    Raises UsageError for anything else, and for a secret key, which is not shown.
    """
    return tuple(_recipient(line) for text in texts for line in _lines(text))


def encrypt(source: Path, target: Path, recipients: Sequence[AgeRecipient]) -> None:
    """Write `target`, which must not exist, so that each of the recipients can open it. Raises StorageFailed."""
    try:
        with source.open("rb") as plain, target.open("xb") as sealed:
            pyrage.encrypt_io(plain, sealed, [one.key for one in recipients])
    except OSError as error:
        raise StorageFailed("write", str(target), error.strerror or str(error)) from error
    except pyrage.EncryptError as error:
        raise StorageFailed("write", str(target), str(error)) from error


def decryption_line(name: str) -> str:
    """The command that opens a file of that name again."""
    return DECRYPTION.format(plain=name.removesuffix(ENDING), name=name)


def _lines(text: str) -> list[str]:
    try:
        path = Path(text).expanduser()
        # A file may be called like a key, and what is there is meant.
        if _is_key(text) and not path.exists():
            return [text.strip()]
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except (OSError, RuntimeError, ValueError) as error:
        if _is_key(text):
            return [text.strip()]
        raise UsageError("--encrypt-to needs a public key (age1…, ssh-ed25519 …) or a file of them") from error
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise UsageError(f"{text} names no recipient")
    return found


def _is_key(text: str) -> bool:
    return text.strip().startswith(("age1", "ssh-", PRIVATE_KEY))


def _recipient(text: str) -> AgeRecipient:
    if PRIVATE_KEY in text.upper():
        raise UsageError("this is a secret key; a package is encrypted to the public one, which begins with age1")
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return AgeRecipient(text, kind.Recipient.from_str(text))
    except pyrage.RecipientError as error:
        raise UsageError(f"no public key that age encrypts to: {text[:80]!r}") from error

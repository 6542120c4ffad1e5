"""Where else an identity is used: a file outside all workspaces, of salted digests and investigation ids, and no names.

The digests are slow to make, so that whoever finds the file cannot try many handles in a short time. The salt lies
beside them: a handle that is guessed is confirmed. That is the price of noticing at all that two investigations meet.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from casefile.errors import SettingsError

SALT_BYTES = 32
SCRYPT = {"n": 1 << 14, "r": 8, "p": 1, "dklen": 32}
"""RFC 7914; 16 MiB and some 50 ms each."""
SETTING = "identity.uses_file"


def note_use(place: str, marks: Sequence[str], investigation: str) -> int:
    """Note that this investigation uses an identity with these marks; how many others do or did.

    `place` is the file, nothing for none; `marks` tell an identity, each by itself. Raises SettingsError for a file
    that cannot be used.
    """
    if not place:
        return 0
    path = Path(place).expanduser()
    try:
        with _locked(path) as uses:
            salt = bytes.fromhex(uses.setdefault("salt", secrets.token_hex(SALT_BYTES)))
            known: dict[str, list[str]] = uses.setdefault("uses", {})
            others: set[str] = set()
            for mark in marks:
                users = known.setdefault(hashlib.scrypt(mark.encode("utf-8"), salt=salt, **SCRYPT).hex(), [])
                others |= set(users) - {investigation}
                if investigation not in users:
                    users.append(investigation)
            return len(others)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(SETTING, f"{path} cannot be used ({type(error).__name__})") from error


@contextmanager
def _locked(path: Path) -> Iterator[dict[str, Any]]:
    """The file's content under its lock; what it has become is written in place of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        uses: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        before = json.dumps(uses, sort_keys=True)
        yield uses
        after = json.dumps(uses, sort_keys=True)
        if after != before:
            part = path.with_name(f".{path.name}.part")
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        os.close(lock)

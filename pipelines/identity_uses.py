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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casefile.errors import SettingsError

SALT_BYTES = 32
WORK = 1 << 14
"""scrypt's N (RFC 7914), with r = 8 and p = 1: 16 MiB and some 50 ms for each mark."""
SALT, USES = "salt", "uses"
SETTING = "identity.uses_file"


@dataclass(frozen=True, slots=True)
class Uses:
    """The uses of identities on this machine, in the file at `place`; nothing for none.

    `marks` tell an identity, each by itself. Raises SettingsError for a file that cannot be used.
    """

    place: str

    def others(self, marks: Sequence[str], investigation: str) -> int:
        """How many other investigations use, or used, an identity with one of these marks."""
        users: set[str] = set()
        with self._open() as uses:
            for key in _keys(uses, marks):
                users |= set(uses[USES].get(key, ()))
        return len(users - {investigation})

    def note(self, marks: Sequence[str], investigation: str) -> None:
        """Note that this investigation uses it."""
        with self._open() as uses:
            for key in _keys(uses, marks):
                users = uses[USES].setdefault(key, [])
                if investigation not in users:
                    users.append(investigation)

    @contextmanager
    def _open(self) -> Iterator[dict[str, Any]]:
        path = Path(self.place).expanduser()
        try:
            if not self.place:
                yield {SALT: "", USES: {}}
                return
            with _locked(path) as uses:
                uses.setdefault(SALT, secrets.token_hex(SALT_BYTES))
                uses.setdefault(USES, {})
                yield uses
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise SettingsError(SETTING, f"{path} cannot be used ({type(error).__name__})") from error


def _keys(uses: dict[str, Any], marks: Sequence[str]) -> list[str]:
    salt = bytes.fromhex(uses[SALT])
    return [hashlib.scrypt(mark.encode("utf-8"), salt=salt, n=WORK, r=8, p=1, dklen=32).hex() for mark in marks]


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

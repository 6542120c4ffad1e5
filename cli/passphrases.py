"""Asking for a passphrase, where there is somebody to ask. It is never an argument: those are seen by everybody."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping

PASSPHRASE = "CASEFILE_PASSPHRASE"  # noqa: S105  (the name of a variable)


def with_passphrase(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the passphrase of the key that is signed with; asked for where it is not there."""
    if PASSPHRASE in environment:
        return environment
    return {**environment, PASSPHRASE: asked("Passphrase of the key: ")}


def new_passphrase(environment: Mapping[str, str]) -> str:
    """The passphrase of a new key, asked for twice; empty when both differ, which no key takes."""
    if PASSPHRASE in environment:
        return environment[PASSPHRASE]
    first = asked("Passphrase of the new key: ")
    return first if first and first == asked("The same again: ") else ""


def asked(question: str) -> str:
    """What is typed, unseen. Raises UsageError where nobody can be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        from casefile.errors import UsageError

        raise UsageError(f"nobody can be asked for a passphrase here; put it into {PASSPHRASE}, for this command alone")
    try:
        return getpass.getpass(question)
    except EOFError as error:
        from casefile.errors import UsageError

        raise UsageError("no passphrase was typed; run the same again, and type it where it is asked for") from error

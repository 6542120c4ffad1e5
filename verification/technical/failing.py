"""How a check says that it cannot go on, and how it is stopped when it takes too long."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from casefile.errors import VerificationError
from verification.interface import CheckCause


class CheckStopped(VerificationError):
    """A check came to no end; `cause` is what its inconclusive finding will say."""

    cause = CheckCause.TOOL_FAILED


class Unreadable(CheckStopped):
    """The bytes are not what their format asks for."""

    cause = CheckCause.MALFORMED


class Refused(CheckStopped):
    """The content is of a format that is not opened here."""

    cause = CheckCause.FORMAT_REFUSED


class TooLarge(CheckStopped):
    """A limit on pixels, frames, streams or output was reached."""

    cause = CheckCause.TOO_LARGE


class TookTooLong(CheckStopped):
    """The check's deadline passed."""

    cause = CheckCause.TIMEOUT


class ToolAbsent(CheckStopped):
    """The program that this check runs is not on the machine."""

    cause = CheckCause.TOOL_MISSING


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raises TookTooLong in the main thread once `seconds` have passed.

    A library that is deep in native code is interrupted when it returns; the sandbox's own limits end one that never
    does.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

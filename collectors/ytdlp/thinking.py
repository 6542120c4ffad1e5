"""A bound on what yt-dlp may spend on reading: its patterns and lists take what a page makes them take."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from casefile.vocabulary import Cause
from collectors.ytdlp.faults import LimitReached

LONGEST_S = 10.0
"""Of the processor. Large pages take two; waiting for the network and programs that yt-dlp runs do not count."""
AGAIN_S = 1.0
"""After so much more it is ended again, where yt-dlp has passed over the first time."""


@contextmanager
def bounded_thinking(most_s: float = LONGEST_S) -> Iterator[None]:
    """Raises LimitReached out of whatever runs here: timeout after `most_s` of the processor, too-large without memory.

    A pattern that backtracks without end is interrupted as well, since Python's matcher heeds signals. For the main
    thread.
    """

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise LimitReached(Cause.TIMEOUT, f"reading it took more than {most_s:g} s of the processor")

    before = signal.signal(signal.SIGVTALRM, end)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, most_s, AGAIN_S)
        yield
    except MemoryError as error:
        raise LimitReached(Cause.TOO_LARGE, "reading it takes more memory than a capture may have") from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

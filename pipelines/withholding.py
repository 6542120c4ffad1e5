"""Keeping what a block raises away from Prefect, which stores the text of every error that passes through it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType


class Withheld(AbstractContextManager["Withheld"]):
    """A block whose error is kept in `error` and not raised; whoever opens it raises or tells it.

    What ends the process (an interrupt, a signal, an exit) is raised.
    """

    error: Exception | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None

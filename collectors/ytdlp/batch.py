"""The same worker for many captures: what every page needs is prepared once, before the first.

A worker that serves one capture starts sooner with `collectors.ytdlp.capture`; from the third on this one costs less.
"""

from __future__ import annotations

from collectors.ytdlp.capture import work
from collectors.ytdlp.rehearsal import rehearse

__all__ = ["work"]

rehearse()

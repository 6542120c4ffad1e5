"""Clocks. Every record carries wall time, a monotonic reading, the boot it belongs to and the known offset.

Wall time is testimony. The offset is what the machine's own time service says; where there is none, the source
says `unverified` and no offset is given.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

from casefile.ids import mint
from casefile.network_time import NetworkTime

TIME_ERROR = 5
"""adjtimex(2): the state of a clock that no service disciplines."""
STA_NANO = 0x2000
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One look at the clock. `offset_ms` is absent when `source` is `unverified`."""

    wall: datetime
    monotonic_ns: int
    boot: str
    source: str
    offset_ms: int | None = None


class Clock(Protocol):
    """Where time and identifiers come from; passed in, so that tests hold it still."""

    def read(self) -> ClockReading: ...

    def mint(self) -> str: ...


class _Timex(ctypes.Structure):
    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    ]


@cache
def _adjtimex() -> Callable[..., Any] | None:
    """The C library's adjtimex, where there is one (Linux)."""
    return getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)


def kernel_offset_ms() -> int | None:
    """The kernel's own estimate of this clock's offset in milliseconds, or None when nothing disciplines it."""
    adjtimex = _adjtimex()
    if adjtimex is None:
        return None
    timex = _Timex()
    state: int = adjtimex(ctypes.byref(timex))
    if state < 0 or state == TIME_ERROR:
        return None
    offset: int = timex.offset
    divisor = 1_000_000 if timex.status & STA_NANO else 1_000
    return round(offset / divisor)


class SystemClock:
    """The machine's clock. The offset is a time server's where one answered, else the kernel's."""

    def __init__(self, network: NetworkTime | None = None) -> None:
        self._network = network

    def read(self) -> ClockReading:
        """Now, with how far off that is known to be; `unverified` when nobody knows."""
        source, offset = self._offset()
        return ClockReading(
            wall=datetime.now(UTC),
            monotonic_ns=time.monotonic_ns(),
            boot=self._boot,
            source=source,
            offset_ms=offset,
        )

    def _offset(self) -> tuple[str, int | None]:
        if self._network is not None:
            return f"ntp:{self._network.server}", self._network.offset_ms
        offset = kernel_offset_ms()
        return ("unverified", None) if offset is None else ("kernel", offset)

    def mint(self) -> str:
        return mint(time.time_ns() // 1_000_000, os.urandom(10))

    @cached_property
    def _boot(self) -> str:
        return BOOT_ID.read_text().strip() if BOOT_ID.exists() else "unknown"


class FrozenClock:
    """A clock that moves by `step` at each reading, and mints in sequence. For tests and replays."""

    def __init__(self, start: datetime, step: timedelta = timedelta(milliseconds=1)) -> None:
        self._now = start
        self._step = step
        self._count = 0

    def read(self) -> ClockReading:
        self._now += self._step
        self._count += 1
        return ClockReading(self._now, self._count * 1_000_000, "frozen", "unverified")

    def mint(self) -> str:
        self._count += 1
        return mint(int(self._now.timestamp() * 1000), self._count.to_bytes(10, "big"))


def rfc3339(moment: datetime) -> str:
    """UTC with microseconds and a Z (RFC 3339); raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is not a time")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> datetime:
    """The aware datetime of an RFC 3339 text; raises ValueError when it has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment

"""The recorder's spool: what passed, appended to one file as it passed, for a reader that may come after a crash.

A line that names the format, then frames. Each frame has a kind, the number of its connection, a moment, a length, its
bytes, and a checksum over all of it; whatever comes after the last whole frame is no part of the record. A frame is
offered before its bytes go on their way, so that what a client received is in the spool.

Nothing here imports more than the standard library: it is also read in workers.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = b"casefile spool 1\n"
HEAD = struct.Struct(">cIQI")
"""Kind, connection, microseconds since 1970 (UTC), length of what follows; then come the bytes and their checksum."""
CHECKSUM = struct.Struct(">I")
FRAME_LIMIT_BYTES = 1 << 20
FRAMES_LIMIT = 1 << 20
"""In one spool: who reads it holds the place of each."""
QUEUE_BYTES = 32 << 20
"""What may wait for the disk in memory."""
STALL_S = 5.0
PATIENCE_S = 60.0
"""How long traffic waits for a disk that takes nothing, and for a slow one in all of a call. Then it goes on alone."""
CLOSE_S = 30.0
"""How long the end of a call waits for the disk, when no traffic waits any more."""
ENDINGS_BYTES = 4 << 20
"""Kept free below the bound of a spool, for what says how its connections ended."""
FREE_BYTES = 256 << 20
"""Left to the rest of the machine."""
FREE_STEP_BYTES = 16 << 20

Write = Callable[[int, bytes], int]


class Kind(Enum):
    """What a frame holds: facts in JSON about a connection's beginning, its TLS and its end, or bytes up and down."""

    OPENED = b"o"
    SECURED = b"s"
    UP = b"u"
    DOWN = b"d"
    ENDED = b"e"


@dataclass(frozen=True, slots=True)
class Recording:
    """The finished spool of one call. `lost` says why some of what passed is not in it; empty when all of it is."""

    path: Path
    connections: int
    bytes: int
    lost: str = ""


@dataclass(slots=True)
class Strand:
    """One connection in a spool. Once a frame of bytes is lost, no later one is kept: a stream has no holes."""

    spool: Spool
    number: int
    lost: str = ""

    def put(self, kind: Kind, content: bytes) -> None:
        """Keep bytes that are about to pass; what cannot be kept is noted in `lost` and nowhere else."""
        for start in range(0, len(content), FRAME_LIMIT_BYTES):
            if not self.lost:
                self.lost = self.spool.offer(kind, self.number, content[start : start + FRAME_LIMIT_BYTES])

    def say(self, kind: Kind, facts: Mapping[str, Any]) -> str:
        """Keep facts; why they could not be kept, empty when they could."""
        content = json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        return self.spool.offer(kind, self.number, content)

    def end(self, facts: Mapping[str, Any]) -> None:
        """Keep how the connection ended, and whether something of it was lost."""
        self.say(Kind.ENDED, {**facts, "lost": self.lost})


@dataclass(slots=True)
class Spool:
    """Takes frames from many threads and writes them in one of its own, so that no disk holds up the traffic.

    `most_bytes` bounds the file. `write` is the disk, `now_us` the wall clock.
    """

    path: Path
    most_bytes: int
    write: Write = os.write
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    patience_s: float = PATIENCE_S
    _descriptor: int = field(init=False)
    _queue: deque[tuple[bytes, bytes]] = field(default_factory=deque)
    _waiting: int = 0
    _taken: int = 0
    _moved_at: float = 0
    _frames: int = 0
    _connections: int = 0
    _lost: str = ""
    _closing: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _writer: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self._writer = threading.Thread(target=self._write_all, name="spool", daemon=True)
        self._writer.start()

    def open(self, facts: Mapping[str, Any]) -> Strand:
        """A strand for a new connection, of which `facts` are known."""
        with self._changed:
            self._connections += 1
            strand = Strand(self, self._connections)
        # Bytes of a connection that nothing is known of would be no record.
        strand.lost = strand.say(Kind.OPENED, facts)
        return strand

    def offer(self, kind: Kind, connection: int, content: bytes) -> str:
        """Queue one frame. Empty when it was taken, else why it was not. Waits for the disk, though not for long."""
        head = HEAD.pack(kind.value, connection, self.now_us(), len(content))
        with self._changed:
            bytes_of_it = kind in (Kind.UP, Kind.DOWN)
            self._frames += bytes_of_it
            room = self.most_bytes - (ENDINGS_BYTES if bytes_of_it else 0)
            if self._taken + len(content) > room or (bytes_of_it and self._frames > FRAMES_LIMIT):
                self._lost = self._lost or f"more than {self.most_bytes} bytes or {FRAMES_LIMIT} pieces"
                return self._lost
            self._await_disk()
            if self._waiting > QUEUE_BYTES or self._closing:
                self._lost = self._lost or "the disk was too slow"
                self.patience_s = 0
                return self._lost
            self._queue.append((head, content))
            self._taken += len(head) + len(content) + CHECKSUM.size
            self._waiting += len(content)
            self._changed.notify_all()
        return ""

    def _await_disk(self) -> None:
        begun = time.monotonic()
        while self._waiting > QUEUE_BYTES and not self._closing:
            now = time.monotonic()
            left = min(max(self._moved_at, begun) + STALL_S - now, begun + self.patience_s - now)
            if left <= 0:
                break
            self._changed.wait(left)
        self.patience_s -= time.monotonic() - begun

    def close(self) -> Recording:
        """Write what waits and give the file. Later frames are dropped."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join(CLOSE_S if self.patience_s > 0 else 0)
        with self._changed:
            lost = self._lost
            if self._writer.is_alive():
                lost = lost or "the disk was too slow"
            return Recording(self.path, self._connections, self._taken, lost)

    def _write_all(self) -> None:
        try:
            self._write_frames()
        except OSError as error:
            with self._changed:
                self._lost = self._lost or f"the disk refused: {error.strerror or error}"
                # What is queued from now on is taken and let go, so that nobody waits for this disk again.
                self._closing = True
                self._queue.clear()
                self._changed.notify_all()
        finally:
            os.close(self._descriptor)

    def _write_frames(self) -> None:
        _write_whole(self.write, self._descriptor, FORMAT)
        written = 0
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return
                head, content = self._queue[0]
            if written <= 0:
                self._check_room()
                written = FREE_STEP_BYTES
            frame = head + content
            _write_whole(self.write, self._descriptor, frame + CHECKSUM.pack(zlib.crc32(frame)))
            written -= len(frame)
            with self._changed:
                self._queue.popleft()
                self._waiting -= len(content)
                self._moved_at = time.monotonic()
                self._changed.notify_all()

    def _check_room(self) -> None:
        disk = os.fstatvfs(self._descriptor)
        if disk.f_bavail * disk.f_frsize < FREE_BYTES:
            raise OSError(0, f"fewer than {FREE_BYTES} bytes are free")


def _write_whole(write: Write, descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[write(descriptor, left) :]  # type: ignore[arg-type]  # os.write takes any buffer


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame. `start` and `length` are where its bytes are in the file; `facts` are those in JSON."""

    kind: Kind
    connection: int
    moment_us: int
    start: int
    length: int
    facts: Mapping[str, Any] = field(default_factory=dict)


class NotASpool(ValueError):
    """The file does not begin as a spool does."""


def read_frames(file: BinaryIO) -> Iterator[Frame]:
    """The frames up to the last whole one; what is behind it is passed over. Raises NotASpool."""
    if file.read(len(FORMAT)) != FORMAT:
        raise NotASpool
    while len(head := file.read(HEAD.size)) == HEAD.size:
        start = file.tell()
        kind, connection, moment_us, length = HEAD.unpack(head)
        if length > FRAME_LIMIT_BYTES:
            return
        content = file.read(length)
        tail = file.read(CHECKSUM.size)
        if len(tail) < CHECKSUM.size or CHECKSUM.unpack(tail)[0] != zlib.crc32(content, zlib.crc32(head)):
            return
        told = Kind(kind)
        facts = json.loads(content) if told not in (Kind.UP, Kind.DOWN) else {}
        yield Frame(told, connection, moment_us, start, length, facts)

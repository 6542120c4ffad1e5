"""The body of one answer: digested as sent, written with its codings taken off, bounded both before and after."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import BinaryIO

from casefile.model import readable
from casefile.vocabulary import Cause
from collectors.http.decoding import Decoder, DecodingFailed, decoder_for
from collectors.interface import CaptureLimits

DISK_STEP_BYTES = 32 << 20
DISK_FLOOR_BYTES = 128 << 20
"""What is left to the rest of the machine; the reserve was checked before the capture, the disk may fill during it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a body is not whole. `warc_reason` is the word of WARC-Truncated, nothing when the wire was not cut."""

    cause: Cause
    detail: str
    warc_reason: str = ""


@dataclass(slots=True)
class BodyStore:
    """Takes the payload block by block. `decoded` tells whether what is written differs from what was sent."""

    file: BinaryIO
    limits: CaptureLimits
    decoder: Decoder | None = None
    decoded: bool = False
    wire_bytes: int = 0
    decoded_bytes: int = 0
    problem: Problem | None = None
    payload: hashlib._Hash = field(default_factory=hashlib.sha256)
    _disk_checked: int = 0

    def set_coding(self, coding: str) -> None:
        """Prepare to take codings off; one that cannot be read is left on and noted."""
        try:
            self.decoder = decoder_for(coding)
        except DecodingFailed as error:
            self.problem = Problem(Cause.ENCODING_DAMAGED, str(error))
        self.decoded = self.decoder is not None

    def take(self, block: bytes) -> bool:
        """Store a block of the payload; False when a limit is reached and no more may come."""
        room = self.limits.max_bytes - self.wire_bytes
        over = len(block) > room
        block = block[:room]
        first = self.wire_bytes == 0
        self.wire_bytes += len(block)
        self.payload.update(block)
        if self.decoder is None:
            self._write(block)
        elif self.problem is None:
            self._decode(self.decoder, block, first)
        if over:
            self.problem = Problem(Cause.TOO_LARGE, f"more than {self.limits.max_bytes} bytes", "length")
        return not over and self._disk_left()

    def end(self) -> None:
        """The payload came to its own end: so must its codings have."""
        if self.decoder is not None and self.problem is None and self.wire_bytes and not self.decoder.finished:
            self.problem = Problem(Cause.ENCODING_DAMAGED, "the compressed body ends before its own end")

    def _decode(self, decoder: Decoder, block: bytes, first: bool) -> None:
        try:
            for made in decoder.feed(block):
                room = self.limits.max_decoded_bytes - self.decoded_bytes
                self._write(made[:room])
                if len(made) > room:
                    most = self.limits.max_decoded_bytes
                    self.problem = Problem(Cause.TOO_LARGE, f"more than {most} bytes once decoded")
                    return
        except DecodingFailed as error:
            self.problem = Problem(Cause.ENCODING_DAMAGED, readable(str(error), 300))
            if first and self.decoded_bytes == 0:
                # It never was in that coding: what was sent is then the best that can be shown.
                self.decoder, self.decoded = None, False
                self._write(block)

    def _write(self, block: bytes) -> None:
        self.file.write(block)
        self.decoded_bytes += len(block)

    def _disk_left(self) -> bool:
        written = self.wire_bytes + self.decoded_bytes
        if written - self._disk_checked < DISK_STEP_BYTES:
            return True
        self._disk_checked = written
        disk = os.fstatvfs(self.file.fileno())
        # The record will hold the payload once more.
        if disk.f_bavail * disk.f_frsize > DISK_FLOOR_BYTES + self.wire_bytes:
            return True
        self.problem = Problem(Cause.TOO_LARGE, "the disk has no room for more", "length")
        return False

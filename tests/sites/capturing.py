"""Capturing in the test's own process, as the worker of the method `http` does, and reading what it wrote."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from casefile.canonical import Json
from casefile.model import Received, ReceivedItem

LIMITS: Mapping[str, int] = {
    "max_bytes": 2_000_000,
    "max_decoded_bytes": 4_000_000,
    "deadline_s": 5,
    "connect_timeout_s": 1,
    "minimum_rate_bytes_s": 256,
    "minimum_rate_window_s": 2,
    "max_redirects": 5,
}


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """A record as warcio reads it, without reading HTTP into it."""

    kind: str
    headers: Mapping[str, str]
    block: bytes


@dataclass(frozen=True, slots=True)
class Captured:
    """A worker's answer with the folder that it wrote."""

    received: Received
    out: Path

    @property
    def item(self) -> ReceivedItem:
        (only,) = self.received.items
        return only

    @property
    def content(self) -> bytes:
        (path,) = self.item.files
        return (self.out / path).read_bytes()

    @property
    def warc(self) -> Path:
        """The WARC that was kept, taken out of the WACZ of a page."""
        path = self.out / "record/capture.warc.gz"
        return path if path.exists() else warc_in(self.out / "record/capture.wacz", self.out.with_suffix(".warc.gz"))

    def records(self, kind: str = "") -> list[WarcRecord]:
        with self.warc.open("rb") as stream:
            return [
                WarcRecord(record.rec_type, dict(record.rec_headers.headers), record.raw_stream.read())
                for record in ArchiveIterator(stream, no_record_parse=True)
                if kind in ("", record.rec_type)
            ]

    def files(self) -> set[str]:
        return {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file()}


def warc_in(wacz: Path, place: Path) -> Path:
    """The only WARC of a WACZ, copied to `place`."""
    with zipfile.ZipFile(wacz) as archive:
        (name,) = (one for one in archive.namelist() if one.startswith("archive/"))
        place.write_bytes(archive.read(name))
    return place


Capture = Callable[..., Captured]


def request_for(locator: str, proxy: str, **limits: int) -> dict[str, Json]:
    """A CaptureRequest as the worker gets it; limits by name."""
    return {
        "locator": locator,
        "limits": {**LIMITS, **limits},
        "user_agent": "Tester/1",
        "accept_language": "ar",
        "proxy": proxy,
        "comments": False,
    }

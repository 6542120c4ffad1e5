"""A worker that tries the ExifTool that it is given on known answers, before any examination relies on it."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from casefile.canonical import Json
from verification.interface import ExamineLimits
from verification.technical.claims import entries_of, parse_metadata
from verification.technical.failing import CheckStopped
from verification.technical.metadata import MetadataReader, examine_metadata

KNOWN = {
    "Make": "Casefile",
    "Model": "Canary",
    "DateTimeOriginal": "2020:02:29 12:34:56",
    "OffsetTimeOriginal": "+02:00",
    "GPSLatitude": "43.8666666666667",
    "GPSLongitude": "18.4166666666667",
    "ImageWidth": "64",
    "ImageHeight": "48",
}
"""What stands in the photograph, by ExifTool's names, as stored."""
REMARK = b'(metadata (Author "\\\n" . `touch ran` . \\\n"b"))'
"""Of a DjVu file: a program to whoever takes remarks for Perl (CVE-2021-22204)."""
REMAINS = "ran"


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Which trials gave the known answer, which did not; `path` of what was tried."""
    del inputs, out
    place = Path(request["package"])
    reader = MetadataReader(str(place / "exiftool"))
    try:
        found, again = _read(reader, photograph()), _read(reader, photograph())
        remarked = _read(reader, with_remark(REMARK))
        trials = {f"version {request['version']}": reader.version == request["version"]}
    finally:
        reader.close()
    trials |= {f"{tag} of a known photograph": value in found.get(tag, ()) for tag, value in KNOWN.items()}
    trials["a second reading by the same process gives the same"] = bool(found) and found == again
    trials["a remark that is a program is read and not run"] = "Author" in remarked and not Path(REMAINS).exists()
    return {
        "passed": [name for name, good in trials.items() if good],
        "failed": [name for name, good in trials.items() if not good],
        "path": str(place),
    }


def photograph() -> bytes:
    """A JPEG with what KNOWN says of it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = KNOWN["Make"], KNOWN["Model"]
    exif.get_ifd(0x8769).update({0x9003: KNOWN["DateTimeOriginal"], 0x9011: KNOWN["OffsetTimeOriginal"]})
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 52.0, 0.0), 3: "E", 4: (18.0, 25.0, 0.0)})
    content = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(content, "JPEG", exif=exif)
    return content.getvalue()


def with_remark(remark: bytes) -> bytes:
    """A DjVu file of no pixel with a remark (DjVu3 specification: chunks of a name, a length and their content)."""
    told = (struct.pack(">HHBBHBB", 8, 8, 24, 0, 100, 22, 1), remark + b" " * (len(remark) % 2))
    chunks = b"".join(
        name + struct.pack(">I", len(one)) + one for name, one in zip((b"INFO", b"ANTa"), told, strict=True)
    )
    return b"AT&TFORM" + struct.pack(">I", len(chunks) + 4) + b"DJVU" + chunks


def _read(reader: MetadataReader, content: bytes) -> dict[str, set[str]]:
    """The values that ExifTool gives for a file, by tag; none where it gives no answer that is understood."""
    digest = hashlib.sha256(content).hexdigest()
    path = Path.cwd() / digest
    path.write_bytes(content)
    try:
        _finding, raw = examine_metadata(reader, path, ExamineLimits(), f"sha256:{digest}")
        entries = entries_of(parse_metadata(raw))
    except CheckStopped:
        return {}
    found: dict[str, set[str]] = {}
    for entry in entries:
        found.setdefault(entry.tag, set()).update((entry.printed, entry.stored))
    return found

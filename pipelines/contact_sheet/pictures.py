"""Which bytes are a re-encoded picture: judged by structure, from the first byte to the last, without decoding.

A picture as a camera or a site made it holds metadata, a thumbnail or something behind its end. A preview that was
encoded anew holds none of that, so that nothing but pixels comes along.
"""

from __future__ import annotations

import struct

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"iCCP", b"pHYs", b"sBIT")
)
WEBP_CHUNKS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"))
JPEG_APPLICATION = {0xE0: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
"""The application segments that pixels need: resolution, colour profile, colour transform."""
TABLES_AND_FRAMES = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDD))
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
STUFFED = frozenset((0x00, *range(0xD0, 0xD8)))
"""What follows 0xFF inside a scan: a zero, or the number of a restart."""


def extension_of(content: bytes) -> str | None:
    """`jpg`, `png` or `webp` for a picture that holds nothing but itself, else None."""
    for extension, holds in (("jpg", is_plain_jpeg), ("png", is_plain_png), ("webp", is_plain_webp)):
        if holds(content):
            return extension
    return None


def is_plain_jpeg(content: bytes) -> bool:
    """Whether these are the segments of one JPEG (ITU-T T.81 annex B) without metadata, comment or trailer."""
    if not content.startswith(b"\xff\xd8"):
        return False
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        wanted = JPEG_APPLICATION.get(marker)
        known = marker in TABLES_AND_FRAMES or marker == START_OF_SCAN
        if not known and not (wanted and content.startswith(wanted, at + 4)):
            return False
        at += 2 + max(int.from_bytes(content[at + 2 : at + 4], "big"), 2)
        if marker == START_OF_SCAN:
            at = _end_of_scan(content, at)
    return content[at:] == bytes((0xFF, END_OF_IMAGE))


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the marker behind a scan's data begins; the end of the bytes when there is none."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        if content[at + 1] not in STUFFED:
            return at
        at += 2
    return len(content)


def is_plain_png(content: bytes) -> bool:
    """Whether these are the chunks of one still PNG (RFC 2083) without text, metadata, animation or trailer."""
    if not content.startswith(PNG_START):
        return False
    at = len(PNG_START)
    while at + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if name not in PNG_CHUNKS:
            return False
        at += 12 + length
        if name == b"IEND":
            return bool(at == len(content))
    return False


def is_plain_webp(content: bytes) -> bool:
    """Whether these are the chunks of one still WebP (RFC 9649) without metadata, animation or trailer."""
    if len(content) < 20 or content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return False
    if int.from_bytes(content[4:8], "little") + 8 != len(content):
        return False
    at = 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        if name not in WEBP_CHUNKS:
            return False
        at += 8 + length + (length & 1)
    return at == len(content)

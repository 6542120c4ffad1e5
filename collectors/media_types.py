"""What a file is by its first bytes, what it was said to be, and the role that follows. Pure.

The sniffed and the declared type are kept apart: a difference between them is itself an observation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from casefile.vocabulary import Role

PREFIX_BYTES = 2_048
"""How much of a file is looked at."""

# Atomic groups: what was passed over is not gone through again in every other way.
PROLOGUE = rb"(?>(?><!--.*?-->|<\?xml[^>]{0,200}\?>|<!doctype\s+(?!html)[^>]{0,400}>|\s+)*)"
HTML_START = re.compile(
    PROLOGUE + rb"<(?:!doctype\s+html|(?:html|head|body|title|meta|script|style|div|h[1-6]|p|a|table|br)\b)",
    re.I | re.S,
)
SVG_START = re.compile(PROLOGUE + rb"<svg\b", re.I | re.S)
FEED_START = re.compile(PROLOGUE + rb"<(rss|feed|rdf:RDF)\b", re.S)
JSON_START = re.compile(rb"\s*(?:\{\s*(?:\"|\})|\[\s*(?:[\[{\"\]0-9-]|true|false|null))")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (4, b"1AY&SY", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"WARC/1.", "application/warc"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"#EXTM3U", "application/vnd.apple.mpegurl"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3\x02", "audio/mpeg"),
    (0, b"ID3\x03", "audio/mpeg"),
    (0, b"ID3\x04", "audio/mpeg"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"WEBVTT", "text/vtt"),
)
RIFF: Mapping[bytes, str] = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
BRANDS: Mapping[bytes, str] = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
}
ARCHIVES = frozenset(
    {
        "application/zip",
        "application/gzip",
        "application/x-bzip2",
        "application/x-xz",
        "application/zstd",
        "application/x-7z-compressed",
        "application/vnd.rar",
        "application/x-tar",
        "application/warc",
    }
)
DOCUMENTS = frozenset(
    {
        "application/pdf",
        "application/postscript",
        "application/rtf",
        "application/x-ole-storage",
        "application/json",
        "application/xml",
        "application/rss+xml",
        "application/atom+xml",
        "text/plain",
    }
)


def sniff(prefix: bytes) -> str:
    """The media type that the first bytes show, `application/octet-stream` when they show none."""
    for offset, magic, media_type in MAGIC:
        if prefix.startswith(magic, offset):
            return _ogg(prefix) if media_type == "audio/ogg" else media_type
    return _container(prefix) or _text(prefix[:PREFIX_BYTES]) or "application/octet-stream"


def declared(content_type: str) -> str:
    """The media type of a Content-Type header, in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()[:255]


def role_of(media_type: str) -> Role:
    """What a file of this type is to the people who assess it."""
    if media_type in ("text/html", "application/xhtml+xml"):
        return Role.PAGE
    if media_type in ("text/vtt", "application/x-subrip"):
        return Role.SUBTITLE
    if media_type in ARCHIVES:
        return Role.ARCHIVE
    if media_type in DOCUMENTS:
        return Role.DOCUMENT
    kinds = {"image": Role.PICTURE, "video": Role.VIDEO, "audio": Role.AUDIO}
    return kinds.get(media_type.partition("/")[0], Role.OTHER)


def _ogg(prefix: bytes) -> str:
    return "video/ogg" if b"\x80theora" in prefix[:512] or b"OVP80" in prefix[:512] else "audio/ogg"


def _container(prefix: bytes) -> str:
    if prefix[4:8] == b"ftyp":
        return BRANDS.get(prefix[8:12], "video/mp4")
    if prefix[:4] == b"RIFF":
        return RIFF.get(prefix[8:12], "")
    if prefix[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in prefix[:64] else "video/x-matroska"
    if prefix[:2] == b"BM" and prefix[6:10] == bytes(4):
        return "image/bmp"
    if len(prefix) > 188 and prefix[0] == prefix[188] == 0x47:
        return "video/mp2t"
    # MPEG audio frame header: eleven sync bits, layer II or III, a bit rate that is one (ISO/IEC 11172-3, 2.4.1.3).
    if len(prefix) > 2 and prefix[0] == 0xFF and prefix[1] & 0xE6 in (0xE2, 0xE4) and prefix[2] >> 4 != 15:
        return "audio/mpeg"
    return ""


def _text(prefix: bytes) -> str:
    if prefix[:2] in (b"\xff\xfe", b"\xfe\xff"):
        order = "utf-16-le" if prefix[:2] == b"\xff\xfe" else "utf-16-be"
        prefix = prefix[2:].decode(order, "replace").encode("utf-8", "replace")
    prefix = prefix.removeprefix(b"\xef\xbb\xbf")
    if SVG_START.match(prefix):
        return "image/svg+xml"
    if feed := FEED_START.match(prefix):
        return "application/atom+xml" if feed.group(1) == b"feed" else "application/rss+xml"
    if HTML_START.match(prefix):
        return "text/html"
    if not prefix or CONTROL.search(prefix):
        return ""
    if prefix.lstrip().startswith(b"<?xml"):
        return "application/xml"
    if JSON_START.match(prefix):
        return "application/json"
    return "text/plain"

"""Media types by content: an own table of signatures, beside which stands what was declared.

Pure. A signature says what the first bytes look like, not that the rest is well formed; a file that is two things at
once shows the first of them here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verification.interface import CheckName, Claim, Finding, Notice, Specimen, result_of

VERSION = "1"
HEAD_BYTES = 4096
"""How much of a file the table looks at; a tar's signature lies furthest in, at 257, and SVG may follow a prologue."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`media_type` is recognised by `marks`, each of which stands at its offset in bytes."""

    media_type: str
    marks: tuple[tuple[int, bytes], ...]


def _at_start(media_type: str, *starts: bytes) -> tuple[Signature, ...]:
    return tuple(Signature(media_type, ((0, start),)) for start in starts)


SIGNATURES: tuple[Signature, ...] = (
    *_at_start("image/jpeg", b"\xff\xd8\xff"),
    *_at_start("image/png", b"\x89PNG\r\n\x1a\n"),
    *_at_start("image/gif", b"GIF87a", b"GIF89a"),
    Signature("image/webp", ((0, b"RIFF"), (8, b"WEBP"))),
    Signature("video/x-msvideo", ((0, b"RIFF"), (8, b"AVI "))),
    Signature("audio/wav", ((0, b"RIFF"), (8, b"WAVE"))),
    *_at_start("image/tiff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *_at_start("image/x-icon", b"\0\0\1\0"),
    *_at_start("image/vnd.djvu", b"AT&TFORM"),
    *_at_start("image/vnd.adobe.photoshop", b"8BPS"),
    *_at_start("application/pdf", b"%PDF-"),
    *_at_start("application/postscript", b"%!PS", b"\xc5\xd0\xd3\xc6"),
    *_at_start("application/zip", b"PK\3\4", b"PK\5\6"),
    *_at_start("application/gzip", b"\x1f\x8b"),
    *_at_start("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c"),
    *_at_start("application/vnd.rar", b"Rar!\x1a\x07"),
    *_at_start("application/x-bzip2", b"BZh"),
    *_at_start("application/x-xz", b"\xfd7zXZ\0"),
    *_at_start("application/zstd", b"\x28\xb5\x2f\xfd"),
    Signature("application/x-tar", ((257, b"ustar"),)),
    *_at_start("application/warc", b"WARC/1."),
    *_at_start("application/vnd.apple.mpegurl", b"#EXTM3U"),
    *_at_start("text/vtt", b"WEBVTT", b"\xef\xbb\xbfWEBVTT"),
    *_at_start("text/x-ffconcat", b"ffconcat version"),
    *_at_start("application/sdp", b"v=0\r\no=", b"v=0\no="),
    *_at_start("audio/ogg", b"OggS"),
    *_at_start("audio/flac", b"fLaC"),
    *_at_start("audio/mpeg", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    *_at_start("audio/aac", b"\xff\xf1", b"\xff\xf9"),
    *_at_start("video/x-flv", b"FLV\1"),
    *_at_start("video/mpeg", b"\0\0\1\xba", b"\0\0\1\xb3"),
    *_at_start("application/x-executable", b"\x7fELF"),
    *_at_start("application/vnd.microsoft.portable-executable", b"MZ"),
    *_at_start("application/x-ole-storage", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    *_at_start("image/bmp", b"BM"),
)
"""First match wins. Two-byte signatures stand last, as chance hits them most often."""

BRANDS = {
    b"qt  ": "video/quicktime",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"crx ": "image/x-canon-cr3",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
}
"""ISO/IEC 14496-12 major brands that are not plain MP4."""

SAME = (
    frozenset({"image/jpeg", "image/jpg", "image/pjpeg"}),
    frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "video/x-m4v", "audio/x-m4a"}),
    frozenset({"video/webm", "video/x-matroska", "audio/webm", "application/x-matroska"}),
    frozenset({"audio/mpeg", "audio/mp3"}),
    frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"}),
    frozenset({"audio/ogg", "video/ogg", "application/ogg"}),
    frozenset({"audio/flac", "audio/x-flac"}),
    frozenset({"video/x-msvideo", "video/avi", "video/msvideo"}),
    frozenset({"image/bmp", "image/x-ms-bmp"}),
    frozenset({"image/x-icon", "image/vnd.microsoft.icon"}),
    frozenset({"application/zip", "application/x-zip-compressed"}),
    frozenset({"application/gzip", "application/x-gzip", "application/warc"}),
    frozenset({"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"}),
    frozenset({"text/html", "application/xhtml+xml"}),
    frozenset({"text/xml", "application/xml", "application/rss+xml", "application/atom+xml"}),
)
UNSPECIFIC = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/unknown"})
EXTENSIONS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "svg": "image/svg+xml",
    "avif": "image/avif",
    "heic": "image/heic",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "ts": "video/mp2t",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "html": "text/html",
    "htm": "text/html",
}
MARKUP = re.compile(rb"<(?:!doctype\s+)?(html|svg|head|body|script|!--|\?xml)", re.IGNORECASE)


def media_type_of(head: bytes) -> str:
    """The media type that the first HEAD_BYTES of a file look like; empty when nothing is recognised."""
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "video/mp2t"
    for signature in SIGNATURES:
        if all(head.startswith(mark, offset) for offset, mark in signature.marks):
            return signature.media_type
    return _text_type(head)


def _text_type(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        if re.search(rb"<svg[\s>]", text, re.IGNORECASE):
            return "image/svg+xml"
        if re.search(rb"<(?:!doctype\s+html|html|head|body)[\s>]", text, re.IGNORECASE):
            return "text/html"
        return "application/xml" if text.startswith(b"<?xml") else "text/html" if MARKUP.match(text) else ""
    if not text or b"\0" in head:
        return ""
    try:
        # Not final: a character may be cut in two at the end of the head.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return ""
    return "application/json" if text[:1] in b"{[" else "text/plain"


def base_type(declared: str) -> str:
    """A media type without parameters, in lower case."""
    return declared.partition(";")[0].strip().lower()


def agree(declared: str, found: str) -> bool:
    """Whether a declared media type can stand for content that looks like `found`.

    Nothing declared, something unspecific or content that nothing recognises contradicts nobody. Any text type agrees
    with plain text, because text has no signature.
    """
    declared = base_type(declared)
    if declared in UNSPECIFIC or not found or declared == found:
        return True
    if found in {"text/plain", "application/json"}:
        return declared.startswith("text/") or declared.endswith(("json", "javascript", "xml", "mpegurl"))
    if found == "application/xml":
        return declared.endswith("xml")
    return any(declared in group and found in group for group in SAME)


def extension_type(name: str) -> str:
    """The media type that a name's extension promises; empty for none or one that is not in the table."""
    return EXTENSIONS.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def identify(head: bytes, size: int, specimen: Specimen) -> Finding:
    """The finding: type by content, type as declared, type by name, and whether these contradict each other."""
    found = media_type_of(head)
    claims, notices = list[Claim](), list[Notice]()
    for origin, declared in (
        ("server:Content-Type", base_type(specimen.declared_media_type)),
        ("name:extension", extension_type(specimen.name)),
    ):
        if not declared:
            continue
        claims.append(Claim(field="media_type", value=declared, origin=origin))
        if not agree(declared, found):
            notices.append(Notice(code="media-type-differs", text=f"the content is {found}, {origin} says {declared}"))
    if size == 0:
        notices.append(Notice(code="empty-file", text="the file has no bytes"))
    return Finding(
        check=CheckName.IDENTIFICATION,
        version=VERSION,
        result=result_of(notices, ()),
        input=f"sha256:{specimen.file}",
        facts={"media_type": found, "declared_media_type": base_type(specimen.declared_media_type), "bytes": size},
        claims=tuple(claims),
        notices=tuple(notices),
        limits=("the first 4096 bytes only",),
    )


def is_picture(media_type: str) -> bool:
    """Whether the still-picture decoder is asked about content of this type."""
    return media_type.startswith("image/") and media_type not in NOT_DECODED


NOT_DECODED: Sequence[str] = (
    "image/svg+xml",
    "image/vnd.djvu",
    "image/vnd.adobe.photoshop",
    "image/heic",
    "image/heif",
    "image/x-icon",
    "image/x-canon-cr3",
)
"""Pictures that no decoder of ours opens: SVG is a program, the others have no decoder here."""


def is_media(media_type: str) -> bool:
    """Whether the video and audio tools are asked about content of this type."""
    return media_type.startswith(("video/", "audio/"))

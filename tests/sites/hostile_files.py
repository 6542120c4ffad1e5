"""Files that are made to harm who opens them, by the rows of the list of hostile inputs (docs/validation.md).

Each is made here, of nothing: no exploit, and no file from outside. `made(victim)` names a file of another case for
those that try to open one.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class HostileFile:
    """One file of a row, and whether it is handed in as a video."""

    row: int
    name: str
    content: bytes
    video: bool = False


def made(victim: Path) -> Iterator[HostileFile]:
    """Rows 45 to 55 of images, documents, audio and video."""
    for row, name, content in (*pictures(), *documents(victim)):
        yield HostileFile(row, name, content)
    for row, name, content in (*playlists(victim), *films()):
        yield HostileFile(row, name, content, video=True)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes, *further: bytes, depth: int = 1, colour: int = 0) -> bytes:
    """A PNG that says so many pixels, with `further` chunks before its own."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + b"".join(further) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def pixels_177_million() -> bytes:
    """21 KB that unpack to 177 million pixels, between one and two times what Pillow only warns of."""
    side = 13_304
    return png(side, side, (b"\0" + bytes((side + 7) // 8)) * side)


def pictures() -> Iterator[tuple[int, str, bytes]]:
    yield 45, "177 million pixels in 21 KB", pixels_177_million()
    yield 45, "says 2^31 by 2 pixels", png((1 << 31) - 1, 2, bytes(64))
    yield 46, "80 MB remark", png(8, 8, bytes(16), chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 80_000_000, 9)))
    yield 46, "GIF of 10,000 frames", gif(10_000)
    yield 46, "APNG of 10,000 frames", apng(10_000)
    yield 46, "WebP of 10,000 frames", webp(10_000)
    whole = jpeg()
    yield 48, "empty", b""
    yield 48, "cut", whole[: len(whole) // 2]
    yield 48, "with another file behind it", whole + b"PK\3\4" + bytes(10_000)
    yield (
        50,
        "DjVu remark that is Perl",
        b'AT&TFORM\0\0\0\x33DJVUANTa\0\0\0\x27(metadata (a "\\\n" . `touch owned` . "))',
    )
    for seed in range(4):
        yield 50, f"WebP with broken code lengths {seed}", broken_webp(seed)
    yield 51, "EXIF that names itself", jpeg(exif=EXIF_LOOP)
    yield 51, "place on no globe", jpeg(exif=EXIF_NOWHERE)
    yield 51, "1 MB comment", jpeg(comment=b"x" * 65_000, times=16)
    yield 51, "invalid UTF-8", jpeg(comment=b"\xed\xa0\x80\xff\xfe\xc3")


def documents(victim: Path) -> Iterator[tuple[int, str, bytes]]:
    yield 47, "PostScript with a pipe", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch owned)(w)file\n"
    yield (
        47,
        "SVG with a file",
        f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{victim}'/></svg>".encode(),
    )
    yield (
        47,
        "XML with an entity",
        f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file://{victim}'>]><svg>&b;</svg>".encode(),
    )
    yield 47, "MVG", f"push graphic-context\nimage over 0,0 0,0 '{victim}'\npop graphic-context".encode()
    yield 47, "DOCX with a relation outside", docx(f"file://{victim}")
    yield 49, "archive in archive, six deep", nested(6)
    yield 49, "entries over one kernel", overlapping(20_000)
    yield 49, "a link and a way up", linked()
    yield 49, "a million members", members(MANY)


def playlists(victim: Path) -> Iterator[tuple[int, str, bytes]]:
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n"
    yield 52, "HLS named .mp4", f"{hls}#EXTINF:6,\n{victim}\n#EXT-X-ENDLIST\n".encode()
    yield 52, "ffconcat named .mp4", f"ffconcat version 1.0\nfile '{victim}'\n".encode()
    yield (
        52,
        "DASH named .mp4",
        f"<MPD><Period><AdaptationSet><BaseURL>file:{victim}</BaseURL></AdaptationSet></Period></MPD>".encode(),
    )
    yield (
        52,
        "SDP named .mp4",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n",
    )
    yield 52, "SVG named .mp4", f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:{victim}'/></svg>".encode()
    yield 53, "file: segment", f"{hls}#EXTINF:6,\nfile:{victim}\n#EXT-X-ENDLIST\n".encode()
    yield 53, "file: as key", f'{hls}#EXT-X-KEY:METHOD=AES-128,URI="file:{victim}"\n#EXTINF:6,\n{victim}\n'.encode()
    yield 53, "subfile:", f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{victim}'\n".encode()
    yield 53, "concat:", f"{hls}#EXTINF:6,\nconcat:{victim}|{victim}\n#EXT-X-ENDLIST\n".encode()


def films() -> Iterator[tuple[int, str, bytes]]:
    yield 54, "1,000,000 frames of one pixel", avi(1, 1, frames=MANY)
    yield 54, "frame of 16384 by 16384", avi(16_384, 16_384)
    yield 54, "10^9 frames a second", avi(16, 16, rate=1_000_000_000)
    yield 54, "ten years", avi(16, 16, said=7_884_000_000 // 2)
    yield 54, "10,000 streams", avi(16, 16, streams=10_000)
    yield 54, "times before zero", webm()
    yield 55, "chapter called a script", webm(chapter=b"<script>alert(1)</script>\x1b[2J\xe2\x80\xae")
    yield 55, "subtitle with markup and drawing", SUBTITLE
    yield 55, "subtitle in a film", SUBTITLE.replace(b"[Script Info]", b"WEBVTT\n\nNOTE <script>alert(1)</script>\n")


EXIF_LOOP = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
"""A directory of one entry that names the directory itself as the next one, twice over."""
EXIF_NOWHERE = (
    b"Exif\0\0II*\0\x08\0\0\0\x01\0"
    + struct.pack("<HHII", 0x8825, 4, 1, 26)
    + struct.pack("<I", 0)
    + b"\x02\0"
    + struct.pack("<HH4s4s", 1, 2, b"\2\0\0\0", b"N\0\0\0")
    + struct.pack("<HHII", 2, 5, 3, 56)
    + struct.pack("<I", 0)
    + struct.pack("<6I", 999_999, 1, 0, 0, 5, 0)
)
"""A latitude of 999,999 degrees, and of fractions over nothing."""
SUBTITLE = (
    b"[Script Info]\nTitle: <script>alert(1)</script>\n\n[Events]\n"
    b"Dialogue: 0,0:00:00.00,9:59:59.99,Default,,0,0,0,,{\\p1}m 0 0 l 9999999 0 9999999 9999999{\\p0}"
    b'<img src="http://127.0.0.1/x"><b onmouseover=alert(1)>x\n'
) + b"Dialogue: 0,0:00:00.00,0:00:00.00,Default,,0,0,0,,{\\t(\\fscx9999999)}x\n" * 10_000


def jpeg(*, exif: bytes = b"", comment: bytes = b"", times: int = 1) -> bytes:
    """A small picture with a segment of EXIF or so many comments."""
    from PIL import Image

    held = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(held, "JPEG")
    content = held.getvalue()
    segments = [(b"\xff\xe1", exif)] * bool(exif) + [(b"\xff\xfe", comment)] * (times if comment else 0)
    return content[:2] + b"".join(mark + struct.pack(">H", len(one) + 2) + one for mark, one in segments) + content[2:]


def gif(frames: int) -> bytes:
    """So many frames of one pixel after a first one of 16 by 16."""
    head = b"GIF89a" + struct.pack("<HHBBB", 16, 16, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    frame = b"\x21\xf9\x04\0\1\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b"\x3b"


def apng(frames: int) -> bytes:
    """The same as a PNG that moves."""
    row = zlib.compress(b"\0\0")
    parts = [chunk(b"acTL", struct.pack(">II", frames, 0))]
    for number in range(frames):
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * number, 1, 1, 0, 0, 1, 1000, 0, 0)))
        parts.append(chunk(b"fdAT", struct.pack(">I", 2 * number + 1) + row))
    return png(1, 1, b"\0\0", *parts)


def webp(frames: int) -> bytes:
    """The same as WebP."""
    from PIL import Image

    held = io.BytesIO()
    stills = [Image.new("RGB", (4, 4), shade) for shade in ("red", "blue")]
    stills[0].save(held, "WEBP", save_all=True, append_images=stills[1:], lossless=True)
    content = held.getvalue()
    at = content.index(b"ANMF")
    size = 8 + int.from_bytes(content[at + 4 : at + 8], "little")
    size += size % 2
    body = content[12:at] + content[at : at + size] * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def broken_webp(seed: int) -> bytes:
    """A lossless WebP whose code lengths are not what they say; the decoder's tables have to hold against it."""
    from PIL import Image

    held = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(held, "WEBP", lossless=True)
    content = bytearray(held.getvalue())
    chance = random.Random(seed)
    start = content.index(b"VP8L") + 13
    for _ in range(24):
        content[start + chance.randrange(160)] = chance.randrange(256)
    return bytes(content)


def archive(members: dict[str, bytes], *, stored: bool = False) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return held.getvalue()


def docx(target: str) -> bytes:
    """A document whose template and picture lie outside it."""
    kinds = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    named = "".join(
        f'<Relationship Id="r{number}" Type="{office}/{kind}" Target="{where}" TargetMode="External"/>'
        for number, (kind, where) in enumerate((("attachedTemplate", "http://127.0.0.1/x"), ("image", target)))
    )
    types = f'<Types xmlns="{kinds}"><Default Extension="xml" ContentType="text/xml"/></Types>'
    return archive(
        {
            "[Content_Types].xml": types.encode(),
            "word/document.xml": b"<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'/>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{relations}">{named}</Relationships>'.encode(),
        }
    )


def nested(depth: int) -> bytes:
    """Each level holds the one below ten times; the last is a megabyte of nothing."""
    content = bytes(1 << 20)
    for level in range(depth):
        content = archive({f"{level}-{number}.zip": content for number in range(10)})
    return content


def entry(name: bytes, packed: bytes, size: int, at: int, mode: int = 0o100644) -> bytes:
    """A line of the central directory of an archive."""
    mark = zlib.crc32(bytes(size)) if size < 1 << 20 else 0
    fixed = struct.pack(
        "<IHHHHHHIIIHHHHHII",
        0x02014B50,
        788,
        20,
        0,
        8,
        0,
        33,
        mark,
        len(packed),
        size,
        len(name),
        0,
        0,
        0,
        0,
        mode << 16,
        at,
    )
    return fixed + name


def overlapping(times: int) -> bytes:
    """Many members that are one and the same bytes, each unpacking to ten megabytes."""
    size = 10 << 20
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(size)) + deflate.flush()
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, 0, len(packed), size, 1, 0) + b"a" + packed
    listed = b"".join(entry(b"%d" % number, packed, size, 0) for number in range(times))
    return local + listed + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, times, times, len(listed), len(local), 0)


def linked() -> bytes:
    """A member that is a link to a file of the system, and members that would be written above."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        for name in ("../../owned", "/tmp/owned", "..\\owned"):
            file.writestr(name, b"owned")
    return held.getvalue()


def members(times: int) -> bytes:
    """A directory of so many members, all alike and empty."""
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    listed = entry(b"a", b"", 0, 0) * times
    return local + listed + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, len(listed), len(local), 0)


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def avi(width: int, height: int, *, frames: int = 2, rate: int = 25, streams: int = 1, said: int = 0) -> bytes:
    """Uncompressed frames; `said` is how many frames it says that it has."""
    count = said or frames
    row = b"\0" * (-(-3 * min(width, 64) // 4) * 4)
    frame = riff(b"00db", row * min(height, 64))
    main = struct.pack(
        "<14I",
        1_000_000 // min(rate, 1_000_000),
        0,
        0,
        0x10,
        count & 0xFFFFFFFF,
        0,
        streams,
        0,
        width,
        height,
        0,
        0,
        0,
        0,
    )
    head = struct.pack(
        "<4s4sIHHIIIIIIII4H",
        b"vids",
        b"DIB ",
        0,
        0,
        0,
        0,
        1,
        rate,
        0,
        count & 0xFFFFFFFF,
        0,
        0,
        0,
        0,
        0,
        width & 0xFFFF,
        height & 0xFFFF,
    )
    form = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    stream = riff(b"LIST", b"strl" + riff(b"strh", head) + riff(b"strf", form))
    listed = riff(b"LIST", b"hdrl" + riff(b"avih", main) + stream * streams)
    return riff(b"RIFF", b"AVI " + listed + riff(b"LIST", b"movi" + frame * frames))


def webm(chapter: bytes = b"") -> bytes:
    """A WebM of nothing whose blocks stand before the beginning, or with a chapter of that name."""

    def element(identity: bytes, body: bytes) -> bytes:
        return identity + (len(body) | 1 << 56).to_bytes(8, "big") + body

    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"webm"))
    video = element(b"\xe0", element(b"\xb0", b"\x10") + element(b"\xba", b"\x10"))
    track = element(
        b"\x16\x54\xae\x6b",
        element(b"\xae", element(b"\xd7", b"\1") + element(b"\x83", b"\1") + element(b"\x86", b"V_VP8") + video),
    )
    block = element(b"\xa3", b"\x81" + struct.pack(">h", -30_000) + b"\x80" + bytes(64))
    cluster = element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + block * 20)
    named = element(b"\x80", element(b"\x85", chapter) + element(b"\x43\x7c", b"eng"))
    atom = element(b"\xb6", element(b"\x73\xc4", b"\1") + element(b"\x91", b"\0") + named)
    chapters = element(b"\x10\x43\xa7\x70", element(b"\x45\xb9", atom)) if chapter else b""
    return head + element(b"\x18\x53\x80\x67", track + chapters + cluster)

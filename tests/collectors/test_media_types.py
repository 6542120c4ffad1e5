"""What a file is by its first bytes. The bytes are those of the formats' own standards."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.vocabulary import Role
from collectors.media_types import declared, role_of, sniff


@pytest.mark.parametrize(
    ("prefix", "media_type", "role"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", Role.PICTURE),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", Role.PICTURE),
        (b"GIF89a\x01\0", "image/gif", Role.PICTURE),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp", Role.PICTURE),
        (b"BM\x36\0\0\0\0\0\0\0\x36", "image/bmp", Role.PICTURE),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "image/avif", Role.PICTURE),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic", Role.PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml", Role.PICTURE),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg>", "image/svg+xml", Role.PICTURE),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", "video/mp4", Role.VIDEO),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime", Role.VIDEO),
        (
            b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm",
            "video/webm",
            Role.VIDEO,
        ),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska", "video/x-matroska", Role.VIDEO),
        (b"G" + b"\0" * 187 + b"G" + b"\0" * 10, "video/mp2t", Role.VIDEO),
        (b"ID3\x04\0\0\0\0", "audio/mpeg", Role.AUDIO),
        (b"\xff\xfb\x90\x64\0", "audio/mpeg", Role.AUDIO),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", Role.AUDIO),
        (b"OggS\0\x02" + b"\0" * 22 + b"\x01vorbis", "audio/ogg", Role.AUDIO),
        (b"OggS\0\x02" + b"\0" * 22 + b"\x80theora", "video/ogg", Role.VIDEO),
        (b"%PDF-1.7\n", "application/pdf", Role.DOCUMENT),
        (b"PK\x03\x04\x14\0", "application/zip", Role.ARCHIVE),
        (gzip.compress(b"x", mtime=0), "application/gzip", Role.ARCHIVE),
        (b"\0" * 257 + b"ustar\x0000", "application/x-tar", Role.ARCHIVE),
        (b"BZh91AY&SY", "application/x-bzip2", Role.ARCHIVE),
        (b"WARC/1.1\r\nWARC-Type: warcinfo", "application/warc", Role.ARCHIVE),
        (b'{"a": 1}', "application/json", Role.DOCUMENT),
        (b"[1, 2]", "application/json", Role.DOCUMENT),
        (b'<?xml version="1.0"?><rss version="2.0">', "application/rss+xml", Role.DOCUMENT),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">', "application/atom+xml", Role.DOCUMENT),
        (b"<?xml version='1.0'?><other/>", "application/xml", Role.DOCUMENT),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>", "text/html", Role.PAGE),
        (b"<!-- hello -->\n<HTML>", "text/html", Role.PAGE),
        ("<!doctype html>".encode("utf-16"), "text/html", Role.PAGE),
        (b"<div>a fragment</div>", "text/html", Role.PAGE),
        (b"WEBVTT\n\n00:00", "text/vtt", Role.SUBTITLE),
        (b"BMW is a brand, BZh is none, ID3 tags neither", "text/plain", Role.DOCUMENT),
        ("نص عادي".encode(), "text/plain", Role.DOCUMENT),
        (b"#EXTM3U\n", "application/vnd.apple.mpegurl", Role.OTHER),
        (b"\0\x01\x02\x03", "application/octet-stream", Role.OTHER),
        (b"", "application/octet-stream", Role.OTHER),
    ],
)
def test_the_first_bytes_say_what_a_file_is(prefix: bytes, media_type: str, role: Role) -> None:
    assert sniff(prefix) == media_type
    assert role_of(media_type) is role


@pytest.mark.parametrize(
    ("header", "media_type"),
    [("Text/HTML; charset=utf-8", "text/html"), ("", ""), (";", ""), (" image/png ", "image/png")],
)
def test_a_declared_type_is_read_without_its_parameters(header: str, media_type: str) -> None:
    assert declared(header) == media_type


@given(st.binary(max_size=400))
def test_any_bytes_have_a_type(prefix: bytes) -> None:
    assert "/" in sniff(prefix)
    assert sniff(prefix) == sniff(prefix + b"") != ""


@pytest.mark.parametrize("hostile", [b"<!--" * 600, b"<?xml" * 500, b" " * 3_000, b"<!--x-->" * 300, b"{" * 2_048])
def test_no_prefix_takes_long(hostile: bytes) -> None:
    assert sniff(hostile)

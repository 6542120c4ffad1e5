"""Media types by content beside what was declared."""

from __future__ import annotations

import pytest

from casefile.vocabulary import Role
from verification.interface import CheckResult, Specimen
from verification.technical.identify import agree, identify, media_type_of

from .making import encoded, painted


def _specimen(**said: str) -> Specimen:
    return Specimen(file="0" * 64, role=Role.PICTURE, **said)


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
        ("PDF", "application/pdf"),
        ("EPS", "application/postscript"),
    ],
)
def test_what_an_encoder_writes_is_recognised(form: str, media_type: str) -> None:
    assert media_type_of(encoded(painted(1, 64, 64), form)[:4096]) == media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"<!DOCTYPE html><title>x", "text/html"),
        (b"\xef\xbb\xbf\n <html>", "text/html"),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='a'>", "image/svg+xml"),
        (b"<?xml version='1.0'?><rss>", "application/xml"),
        (b"#EXTM3U\n#EXTINF:1", "application/vnd.apple.mpegurl"),
        (b"ffconcat version 1.0\nfile a.mp4", "text/x-ffconcat"),
        (b'{"a": 1}', "application/json"),
        ("مستشفى المدينة".encode(), "text/plain"),
        (("я" * 4096).encode()[1:4097], ""),
        (("я" * 4096).encode()[:4095], "text/plain"),
        (b"\0\1\2\3", ""),
        (b"", ""),
        (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
    ],
)
def test_a_head_is_recognised_by_its_signature_or_its_text(head: bytes, media_type: str) -> None:
    assert media_type_of(head) == media_type


def test_a_page_served_as_a_picture_is_noticed() -> None:
    finding = identify(b"<!doctype html><p>Log in", 24, _specimen(declared_media_type="image/jpeg; q=1", name="a.jpg"))
    assert finding.result is CheckResult.NOTICED
    assert [notice.code for notice in finding.notices] == ["media-type-differs", "media-type-differs"]
    assert {claim.origin for claim in finding.claims} == {"server:Content-Type", "name:extension"}
    assert finding.facts["media_type"] == "text/html"


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("image/jpg", "image/jpeg"),
        ("IMAGE/JPEG; charset=binary", "image/jpeg"),
        ("application/octet-stream", "image/png"),
        ("", "image/png"),
        ("text/css", "text/plain"),
        ("application/javascript", "text/plain"),
        ("video/quicktime", "video/mp4"),
        ("video/x-matroska", "video/webm"),
        ("anything/at-all", ""),
    ],
)
def test_ways_of_saying_the_same_agree(declared: str, found: str) -> None:
    assert agree(declared, found)


@pytest.mark.parametrize(("declared", "found"), [("image/png", "image/jpeg"), ("video/mp4", "text/html")])
def test_another_type_disagrees(declared: str, found: str) -> None:
    assert not agree(declared, found)


def test_an_empty_file_is_noticed() -> None:
    assert [notice.code for notice in identify(b"", 0, _specimen()).notices] == ["empty-file"]

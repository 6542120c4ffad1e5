"""A preview is a picture and nothing else, from its first byte to its last."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pipelines.contact_sheet.pictures import extension_of

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def made(form: str, mode: str = "RGB", size: tuple[int, int] = (97, 61), **options: object) -> bytes:
    content = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(content, form, **options)
    return content.getvalue()


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"quality": 95, "optimize": True}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"restart_marker_blocks": 2}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "L", {"dpi": (72, 72)}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGBA", {"quality": 50}),
    ],
)
def test_what_an_encoder_makes_from_pixels_is_taken(form: str, mode: str, options: dict[str, object]) -> None:
    content = made(form, mode, **options)
    assert extension_of(content) == EXTENSIONS[form]
    for other in (content[:-1], content + b"\0", content + content, b"\0" + content):
        assert extension_of(other) is None


def exif() -> bytes:
    tags = Image.Exif()
    tags[0x010F] = "camera maker"
    return tags.tobytes()


def png_text() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "<script>")
    return text


@pytest.mark.parametrize(
    "content",
    [
        made("JPEG", exif=exif()),
        made("JPEG", comment=b"<script>"),
        made("JPEG", progressive=True, exif=exif()),
        made("PNG", exif=exif()),
        made("PNG", pnginfo=png_text()),
        made("PNG", save_all=True, append_images=[Image.new("RGB", (97, 61))]),
        made("WEBP", exif=exif()),
        made("WEBP", xmp=b"<x/>"),
        made("WEBP", save_all=True, append_images=[Image.new("RGB", (97, 61))], duration=40),
        made("GIF"),
        made("TIFF"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"",
    ],
    ids=lambda content: f"{content[:8]!r}-{len(content)}",
)
def test_metadata_comments_motion_and_other_forms_are_refused(content: bytes) -> None:
    assert extension_of(content) is None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(EXTENSIONS)), st.integers(0, 400), st.binary(max_size=8))
def test_bytes_of_an_enemy_are_judged_without_an_error(form: str, at: int, put: bytes) -> None:
    content = made(form, size=(8, 8))
    assert extension_of(content[:at] + put + content[at + len(put) :]) in (None, EXTENSIONS[form])
    assert extension_of(content[:at]) is None or at >= len(content)

"""What L1 finds and what it honestly does not; and that it says nothing about pictures that hold nothing."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from casefile.vocabulary import Tier
from verification.edges import Edge, Subject, Thresholds
from verification.interface import Fingerprint
from verification.technical.decoding import open_picture, pixel_digest, preview_bytes
from verification.technical.failing import Refused, TooLarge, Unreadable
from verification.technical.fingerprints import border_box, fingerprints_of
from verification.technical.matching import Matcher, distance

from .making import card, encoded, painted

CAP = 80_000_000


def _prints(content: bytes, folder: Path) -> tuple[Fingerprint, ...]:
    path = folder / "copy"
    path.write_bytes(content)
    return fingerprints_of(open_picture(path, CAP).working, -1)


def _edge(one: Image.Image, other: Image.Image, folder: Path) -> Edge | None:
    """The edge between two pictures that come as JPEG files of their own captures."""
    matcher = Matcher()
    matcher.add(Subject("item-a", "capture-a", "sha256:a", _prints(encoded(one, quality=92), folder)))
    asking = Subject("item-b", "capture-b", "sha256:b", _prints(encoded(other, quality=85), folder))
    edges = matcher.matches(asking).edges
    return edges[0] if edges else None


def _cropped(image: Image.Image, share: float) -> Image.Image:
    across, down = int(image.width * share / 2), int(image.height * share / 2)
    return image.crop((across, down, image.width - across, image.height - down))


def _written_on(image: Image.Image) -> Image.Image:
    drawn = image.copy()
    font = ImageFont.load_default(image.width // 14)
    drawing = ImageDraw.Draw(drawn)
    for line, height in (("BREAKING NEWS", 0.05), ("share before it is gone", 0.85)):
        place = (image.width // 12, int(image.height * height))
        drawing.text(place, line, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return drawn


def _watermarked(image: Image.Image) -> Image.Image:
    over = Image.new("RGBA", image.size, (0, 0, 0, 0))
    place = (image.width // 4, image.height // 2)
    ImageDraw.Draw(over).text(place, "@channel", fill=(255, 255, 255, 110), font=ImageFont.load_default(64))
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


def _captioned(image: Image.Image) -> Image.Image:
    under = ImageOps.expand(image, (0, 0, 0, image.height // 4), "white")
    for line in range(3):
        place = (20, image.height + 8 + line * 34)
        text = f"line {line} of a caption that fills the bar"
        ImageDraw.Draw(under).text(place, text, fill="black", font=ImageFont.load_default(28))
    return under


COPIES: dict[str, tuple[Callable[[Image.Image], Image.Image], str]] = {
    "half size": (lambda one: one.reduce(2), "pdq+phash"),
    "grey": (lambda one: one.convert("L").convert("RGB"), "pdq+phash"),
    "darker": (lambda one: ImageEnhance.Brightness(one).enhance(0.7), "pdq+phash"),
    "text over": (_written_on, "pdq"),
    "watermark": (_watermarked, "pdq+phash"),
    "mirrored": (ImageOps.mirror, "pdq-mirrored"),
    "upside down": (ImageOps.flip, "pdq-flipped"),
    "turned": (lambda one: one.rotate(90, expand=True), "pdq-rotated-"),
    "letterbox": (lambda one: ImageOps.expand(one, (0, 120), "black"), "pdq+trim"),
    "white frame": (lambda one: ImageOps.expand(one, 40, "white"), "pdq+trim"),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_copy_is_found_and_the_method_says_how(copy: str, seed: int, tmp_path: Path) -> None:
    change, method = COPIES[copy]
    edge = _edge(painted(seed), change(painted(seed)), tmp_path)
    assert edge is not None
    assert edge.method.startswith(method)
    assert edge.distance <= 64


def test_row_70_a_re_encoded_pair_is_flagged_with_its_distance_and_an_unrelated_one_is_not(tmp_path: Path) -> None:
    again = Image.open(BytesIO(encoded(painted(11), quality=40)))
    edge = _edge(painted(11), again, tmp_path)
    assert edge is not None
    assert (edge.method, edge.bits, 0 <= edge.distance <= Thresholds().auto_bits) == ("pdq+phash", 256, True)
    assert _edge(painted(11), painted(12), tmp_path) is None


@pytest.mark.parametrize("quality", [15, 30, 60])
def test_a_recompressed_copy_is_found_without_a_second_look(quality: int, tmp_path: Path) -> None:
    worse = Image.open(BytesIO(encoded(painted(4), quality=quality)))
    edge = _edge(painted(4), worse, tmp_path)
    assert edge is not None
    assert edge.tier is Tier.AUTO
    assert "phash" in edge.methods


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fifth_cut_off_and_a_caption_bar_are_not_found_yet(seed: int, tmp_path: Path) -> None:
    assert _edge(painted(seed), _cropped(painted(seed), 0.2), tmp_path) is None
    assert _edge(painted(seed), _captioned(painted(seed)), tmp_path) is None


def test_unrelated_pictures_are_not_flagged(tmp_path: Path) -> None:
    matcher = Matcher()
    for seed in range(30):
        prints = _prints(encoded(painted(seed, 320, 240)), tmp_path)
        subject = Subject(f"item-{seed:03d}", f"capture-{seed}", f"sha256:{seed}", prints)
        assert matcher.matches(subject).edges == ()
        matcher.add(subject)


PLAIN = {
    "card": lambda: card("exclusive footage"),
    "other card": lambda: card("part two of three"),
    "dark on light": lambda: card("eyewitness video", "white", "black"),
    "coloured card": lambda: card("follow the channel", "navy", "yellow"),
    "flat": lambda: Image.new("RGB", (640, 360), "teal"),
    "gradient": lambda: Image.fromarray(np.tile(np.linspace(0, 255, 640).astype(np.uint8), (360, 1))).convert("RGB"),
    "page": lambda: _page(),
}


def _page() -> Image.Image:
    page = Image.new("RGB", (600, 840), "white")
    for line in range(30):
        text = f"{line} whereas the party of the first part"
        ImageDraw.Draw(page).text((40, 40 + 25 * line), text, fill="black", font=ImageFont.load_default(16))
    return page


@pytest.mark.parametrize("name", PLAIN)
def test_a_picture_that_holds_nothing_is_of_low_information(name: str, tmp_path: Path) -> None:
    assert all(one.low_information for one in _prints(encoded(PLAIN[name]()), tmp_path))


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_that_holds_something_is_not(seed: int, tmp_path: Path) -> None:
    assert not _prints(encoded(painted(seed)), tmp_path)[0].low_information


def test_title_cards_are_not_linked_by_likeness(tmp_path: Path) -> None:
    matcher = Matcher()
    for place, text in enumerate(["exclusive footage", "exclusive footages", "part two of three", "part six of three"]):
        prints = _prints(encoded(card(text)), tmp_path)
        subject = Subject(f"item-{place}", f"capture-{place}", f"sha256:{place}", prints)
        assert matcher.matches(subject).edges == ()
        matcher.add(subject)


def test_hashes_are_of_fixed_width_and_keep_leading_zeros(tmp_path: Path) -> None:
    for seed in range(20):
        for one in _prints(encoded(painted(seed, 320, 240)), tmp_path):
            assert [len(code) for code in (one.pdq, *one.turned)] == [64] * 8
            assert len(one.phash) == 16


def test_the_same_bytes_give_the_same_fingerprint(tmp_path: Path) -> None:
    content = encoded(painted(9))
    assert _prints(content, tmp_path) == _prints(content, tmp_path)


def test_the_stored_orientation_is_applied_before_hashing(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = painted(7).transpose(Image.Transpose.ROTATE_90)
    upright = _prints(encoded(painted(7)), tmp_path)[0]
    assert distance(_prints(encoded(lying, exif=exif), tmp_path)[0].pdq, upright.pdq) <= 16
    assert distance(_prints(encoded(lying), tmp_path)[0].pdq, upright.pdq) > 90


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("TIFF", "CMYK"),
        ("GIF", "P"),
        ("WEBP", "RGBA"),
        ("AVIF", "RGB"),
    ],
)
def test_every_mode_is_brought_to_the_same_picture(form: str, mode: str, tmp_path: Path) -> None:
    limit = 64 if mode == "1" else 20
    found = _prints(encoded(painted(5).convert(mode), form), tmp_path)[0]
    assert distance(found.pdq, _prints(encoded(painted(5)), tmp_path)[0].pdq) <= limit


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1600, 1200)])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(form: str, width: int, height: int, tmp_path: Path) -> None:
    grey = painted(5, width, height).convert("L")
    wide = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    found = _prints(encoded(wide, form), tmp_path)[0]
    assert distance(found.pdq, _prints(encoded(grey, "PNG"), tmp_path)[0].pdq) <= 4


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_fractions_are_stretched_whatever_is_among_them(odd: float, tmp_path: Path) -> None:
    levels = np.asarray(painted(5).convert("L")).astype(np.float32) / 300
    levels[0, 0] = odd
    found = _prints(encoded(Image.fromarray(levels), "TIFF"), tmp_path)[0]
    assert distance(found.pdq, _prints(encoded(painted(5).convert("L"), "PNG"), tmp_path)[0].pdq) <= 12


def test_a_border_is_cut_only_where_a_fifth_of_each_axis_remains() -> None:
    grey = np.asarray(painted(3, 200, 200).convert("L"))
    framed = np.zeros((500, 400), dtype=np.uint8)
    framed[100:300, 100:300] = grey
    assert border_box(framed) == (100, 100, 300, 300)
    slim = np.zeros((1200, 400), dtype=np.uint8)
    slim[100:300, 100:300] = grey
    assert border_box(slim) is None
    assert border_box(grey) is None
    assert border_box(np.zeros((50, 50), dtype=np.uint8)) is None


def _too_many_pixels(side: int) -> bytes:
    return encoded(Image.new("1", (side, side)), "PNG", optimize=True)


def test_177_million_pixels_are_refused_though_pillow_only_warns(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    path.write_bytes(_too_many_pixels(13_304))
    assert path.stat().st_size < 60_000
    with pytest.raises(TooLarge):
        open_picture(path, CAP)
    with pytest.raises(TooLarge):
        pixel_digest(path, CAP)


@pytest.mark.parametrize("side", [9_000, 18_000])
def test_the_cap_holds_below_and_above_twice_itself(side: int, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    path.write_bytes(_too_many_pixels(side))
    with pytest.raises(TooLarge):
        open_picture(path, CAP)


def test_postscript_and_svg_are_refused_whatever_they_are_called(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    for content in (
        encoded(painted(1, 32, 32), "EPS"),
        b"%!PS\n(%pipe%touch /tmp/owned) (w) file\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"push graphic-context\nimage over 0,0 0,0 'ephemeral:/etc/passwd'\n",
        b"",
        b"\0" * 4096,
    ):
        path.write_bytes(content)
        with pytest.raises(Refused):
            open_picture(path, CAP)


def test_what_is_left_of_a_truncated_picture_is_hashed_and_said_to_be_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    path.write_bytes(encoded(painted(6), quality=90)[:-4000])
    picture = open_picture(path, CAP)
    assert not picture.complete
    assert fingerprints_of(picture.working, -1)
    path.write_bytes(encoded(painted(6))[:300])
    with pytest.raises((Unreadable, Refused)):
        open_picture(path, CAP)


def test_pixels_are_equal_across_containers_and_metadata(tmp_path: Path) -> None:
    image = painted(8)
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "copy"
    digests = set()
    for content in (
        encoded(image, "PNG"),
        encoded(image, "BMP"),
        encoded(image, "TIFF", exif=exif),
        encoded(image, "WEBP", lossless=True),
    ):
        path.write_bytes(content)
        digests.add(pixel_digest(path, CAP))
    assert len(digests) == 1
    path.write_bytes(encoded(image, "JPEG", quality=95))
    assert pixel_digest(path, CAP) not in digests


def test_a_preview_holds_pixels_and_nothing_else() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    image = Image.open(BytesIO(encoded(painted(2), exif=exif, comment=b"a remark")))
    preview = preview_bytes(image, 320)
    assert b"taken at home" not in preview
    assert b"a remark" not in preview
    assert max(Image.open(BytesIO(preview)).size) == 320

"""What happens to a picture between two uploads: 38 ways, from recompression to a photograph of a screen."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Transformation = Callable[[Image.Image, np.random.Generator], Image.Image]
"""An RGB picture as it comes back; the generator draws what differs from picture to picture."""


def _quality(quality: int) -> Transformation:
    def recompressed(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return recompressed


def _scaled(factor: float) -> Transformation:
    return lambda image, _draw: image.resize(
        (max(8, round(image.width * factor)), max(8, round(image.height * factor))), Image.Resampling.LANCZOS
    )


def _cropped(share: float) -> Transformation:
    """This share of each axis is cut away, at a place that is drawn."""

    def cropped(image: Image.Image, draw: np.random.Generator) -> Image.Image:
        width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
        left, top = (int(draw.integers(0, most + 1)) for most in (image.width - width, image.height - height))
        return image.crop((left, top, left + width, top + height))

    return cropped


def _rotated(degrees: float) -> Transformation:
    return lambda image, _draw: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def _turned(way: Image.Transpose) -> Transformation:
    return lambda image, _draw: image.transpose(way)


def _framed(left: float, top: float, colour: str) -> Transformation:
    """Bars of these shares of the picture at both sides of an axis."""

    def framed(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
        wide, high = round(image.width * left), round(image.height * top)
        whole = Image.new("RGB", (image.width + 2 * wide, image.height + 2 * high), colour)
        whole.paste(image, (wide, high))
        return whole

    return framed


def _noisy(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    noise = draw.normal(0, 12, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image, np.float64) + noise, 0, 255).astype(np.uint8))


def _sepia(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    return ImageOps.colorize(image.convert("L"), "#1e1004", "#ffeed0")


def _watermark(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    layer = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(layer)
    size = max(12, image.width // 9)
    for row in range(0, image.height, 3 * size):
        pen.text((row % (2 * size), row), "AGENCY  AGENCY  AGENCY", fill=70, font_size=size)
    return Image.composite(Image.new("RGB", image.size, "white"), image, layer)


def _logo(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    marked = image.copy()
    side = min(image.size) // 6
    pen = ImageDraw.Draw(marked)
    box = (image.width - side - 8, 8, image.width - 8, 8 + side)
    pen.ellipse(box, fill="#c01020", outline="white", width=3)
    pen.text((box[0] + side // 4, box[1] + side // 4), "TV", fill="white", font_size=max(8, side // 2))
    return marked


def _meme(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    marked = image.copy()
    pen = ImageDraw.Draw(marked)
    size = max(14, image.width // 12)
    for text, top in ("WHEN YOU SEE IT", 6), ("SHARE BEFORE IT IS GONE", image.height - size - 12):
        pen.text((12, top), text, fill="white", stroke_fill="black", stroke_width=max(1, size // 12), font_size=size)
    return marked


def _mosaic(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    covered = image.copy()
    side = min(image.size) // 4
    left, top = (int(draw.integers(0, most - side)) for most in image.size)
    block = image.crop((left, top, left + side, top + side)).resize((6, 6), Image.Resampling.BOX)
    covered.paste(block.resize((side, side), Image.Resampling.NEAREST), (left, top))
    return covered


def _messenger(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    for factor, quality in (0.8, 60), (0.9, 50), (0.9, 55):
        image = _quality(quality)(_scaled(factor)(image, draw), draw)
    return image


def _caption_bar(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    bar = round(image.height * 0.22)
    whole = Image.new("RGB", (image.width, image.height + bar), "white")
    whole.paste(image, (0, bar))
    size = max(10, bar // 4)
    pen = ImageDraw.Draw(whole)
    for line, text in enumerate(("They do not want you to see", "this. Look at the left corner.")):
        pen.text((10, 6 + line * (size + 6)), text, fill="black", font_size=size)
    return whole


def _blurred_fill(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    side = image.width
    tall = ImageOps.fit(image, (side, side * 16 // 9)).filter(ImageFilter.GaussianBlur(side / 20))
    tall.paste(image, (0, (tall.height - image.height) // 2)) if image.height <= tall.height else None
    return tall


def _screenshot(image: Image.Image, _draw: np.random.Generator) -> Image.Image:
    width = image.width
    shot = Image.new("RGB", (width, max(image.height, width * 2)), "#101418")
    shot.paste(image, (0, (shot.height - image.height) // 3))
    pen = ImageDraw.Draw(shot)
    pen.text((10, 6), "12:47      LTE  83%", fill="white", font_size=max(10, width // 25))
    top = (shot.height - image.height) // 3 + image.height
    for line in range(4):
        pen.text(
            (12, top + 10 + line * width // 16),
            "a comment under the post, and another",
            fill="#d0d4d8",
            font_size=max(9, width // 28),
        )
    return shot


def _of_a_screen(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    """Keystone, glare and the dark room around."""
    width, height = image.size
    shift = [float(draw.uniform(0.02, 0.09)) for _corner in range(4)]
    quad = (
        -shift[0] * width,
        -shift[1] * height,
        -shift[2] * width,
        height * (1 + shift[3]),
        width * (1 + shift[1]),
        height * (1 + shift[0]),
        width * (1 + shift[3]),
        -shift[2] * height,
    )
    seen = image.transform(image.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor="#080808")
    glare = Image.linear_gradient("L").resize(image.size).point(lambda level: level // 6)
    return Image.composite(Image.new("RGB", image.size, "white"), seen, glare).filter(ImageFilter.GaussianBlur(0.8))


def _inset(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    """In the corner of another picture, at 45 % of its width."""
    whole = _backdrop(image.size, draw)
    small = _scaled(0.45)(image, draw)
    whole.paste(small, (whole.width - small.width - 10, whole.height - small.height - 10))
    return whole


def _collage(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    whole = _backdrop((image.width * 2, image.height * 2), draw)
    whole.paste(image, (int(draw.integers(0, 2)) * image.width, int(draw.integers(0, 2)) * image.height))
    return whole


def _backdrop(size: tuple[int, int], draw: np.random.Generator) -> Image.Image:
    """Another scene: shapes and texture that no photograph has."""
    coarse = draw.integers(0, 255, (9, 12, 3), dtype=np.uint8)
    scene = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(scene)
    for _shape in range(40):
        left, top = (int(draw.integers(0, most)) for most in size)
        side = int(draw.integers(8, max(9, min(size) // 5)))
        colour = tuple(int(level) for level in draw.integers(0, 255, 3))
        pen.rectangle((left, top, left + side, top + side), fill=colour)
    return _noisy(scene, draw)


def _all_at_once(image: Image.Image, draw: np.random.Generator) -> Image.Image:
    changed = _meme(_cropped(0.10)(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), draw), draw)
    return _quality(50)(changed, draw)


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "quality-30": _quality(30),
    "quality-50": _quality(50),
    "quality-70": _quality(70),
    "half": _scaled(0.5),
    "quarter": _scaled(0.25),
    "grey": lambda image, _draw: image.convert("L").convert("RGB"),
    "sepia": _sepia,
    "blur": lambda image, _draw: image.filter(ImageFilter.GaussianBlur(1.5)),
    "noise": _noisy,
    "dark": lambda image, _draw: ImageEnhance.Brightness(image).enhance(0.6),
    "bright": lambda image, _draw: ImageEnhance.Brightness(image).enhance(1.4),
    "watermark": _watermark,
    "logo": _logo,
    "border-5": _framed(0.05, 0.05, "#f0f0f0"),
    "crop-5": _cropped(0.05),
    "crop-10": _cropped(0.10),
    "letterbox": _framed(0, 0.18, "black"),
    "pillarbox": _framed(0.25, 0, "white"),
    "blurred-fill": _blurred_fill,
    "meme": _meme,
    "mosaic": _mosaic,
    "stretched": lambda image, _draw: image.resize((round(image.width * 1.25), image.height)),
    "messenger": _messenger,
    "rotated-3": _rotated(3),
    "rotated-8": _rotated(8),
    "mirrored": _turned(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned-90": _turned(Image.Transpose.ROTATE_90),
    "turned-180": _turned(Image.Transpose.ROTATE_180),
    "crop-20": _cropped(0.20),
    "crop-30": _cropped(0.30),
    "crop-50": _cropped(0.50),
    "caption-bar": _caption_bar,
    "screenshot": _screenshot,
    "of-a-screen": _of_a_screen,
    "inset": _inset,
    "collage": _collage,
    "contrast": lambda image, _draw: ImageEnhance.Contrast(image).enhance(1.6),
    "all-at-once": _all_at_once,
}

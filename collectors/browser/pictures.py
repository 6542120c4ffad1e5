"""Pictures of a page that are made of pictures: strips joined, and a frame with date, time and address beside it.

They are decoded here, inside the sandbox, although our own browser made them: a page may have taken it over.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

MOST_PIXELS = 80_000_000
MARGIN, LINE, SIZE = 12, 22, 15
WRAP = 8.4
"""Pixels that a character of the frame's text takes, at most."""
QUALITY = 80
INK, PAPER = (20, 20, 20), (244, 241, 226)


class PictureUnusable(ValueError):
    """What the browser gave is no picture, or too large a one."""


def join(strips: Sequence[bytes]) -> bytes:
    """One PNG of strips that follow each other downwards. Raises PictureUnusable."""
    if len(strips) == 1:
        return strips[0]
    pictures = [_opened(one) for one in strips]
    width, height = max(one.width for one in pictures), sum(one.height for one in pictures)
    if width * height > MOST_PIXELS:
        raise PictureUnusable("too many pixels")
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for one in pictures:
        whole.paste(one.convert("RGB"), (0, top))
        top += one.height
    return _png(whole)


def frame(picture: bytes, lines: Sequence[str]) -> bytes:
    """The picture with these lines of ASCII above it, on paper of another colour, as JPEG. Raises PictureUnusable."""
    shown = _opened(picture).convert("RGB")
    width = max(shown.width, 480) + 2 * MARGIN
    characters = int((width - 2 * MARGIN) / WRAP)
    wrapped = [line[at : at + characters] for line in lines for at in range(0, max(len(line), 1), characters)]
    top = 2 * MARGIN + LINE * len(wrapped)
    whole = Image.new("RGB", (width, top + shown.height + MARGIN), PAPER)
    draw = ImageDraw.Draw(whole)
    font = ImageFont.load_default(SIZE)
    for row, line in enumerate(wrapped):
        text = line.encode("ascii", "replace").decode("ascii")
        draw.text((MARGIN, MARGIN + row * LINE), text, fill=INK, font=font)
    whole.paste(shown, (MARGIN, top))
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises PictureUnusable."""
    shown = _opened(picture)
    return shown.width, shown.height


def colours(picture: bytes, points: Sequence[tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    """The colours at these points. Raises PictureUnusable."""
    shown = _opened(picture).convert("RGB")
    if any(x >= shown.width or y >= shown.height for x, y in points):
        raise PictureUnusable("smaller than it should be")
    return tuple(shown.getpixel(point) for point in points)  # type: ignore[misc]


def _opened(picture: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            opened = Image.open(io.BytesIO(picture), formats=("PNG",))
            if opened.width * opened.height > MOST_PIXELS:
                raise PictureUnusable("too many pixels")
            return opened
    except (OSError, ValueError, SyntaxError, Warning) as error:
        raise PictureUnusable(f"no picture: {type(error).__name__}") from error


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()

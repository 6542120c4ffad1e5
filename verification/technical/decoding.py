"""Still pictures, decoded once and small: named formats, a pixel cap, alpha over white, upright.

Hostile bytes are opened here, so only a worker process imports this module. What it gives away is an 8-bit RGB picture
of a size that later steps can afford, never the full one, except for the digest of decoded pixels.
"""

from __future__ import annotations

import hashlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from casefile.digests import Digest
from verification.technical.failing import Refused, TooLarge, Unreadable

PLUGINS = (
    JpegImagePlugin,
    PngImagePlugin,
    GifImagePlugin,
    WebPImagePlugin,
    BmpImagePlugin,
    TiffImagePlugin,
    AvifImagePlugin,
)
"""All that is loaded of Pillow's decoders; a file's name picks none, since it is a digest."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
"""The decoders that may be asked; JPEG's takes multi-picture files too. EPS is never among them: it hands its content
to Ghostscript."""
EXACT_FORMATS = tuple(form for form in FORMATS if form != "AVIF")
"""Those whose pixels can be digested: of AVIF Pillow gives eight bits and does not say whether there were more."""
WORKING_PIXELS = 256
"""The shorter side, at least, of the working picture: a draft of 256 moves PDQ by 6.6 of 256 bits on average."""
PARSER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on broken input, found by running them on it."""
WIDE_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
"""Modes that RGBA holds without loss."""
BITS_PER_SAMPLE = 258
"""TIFF 6.0, tag 258."""
SAMPLED_PIXELS = 1 << 20
"""Pixels that are converted at a time, so that no second copy of a whole picture is made."""
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF 2.32, table 4.6.4 A, tag 274: the turn that makes a stored picture upright."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded still. `working` is upright RGB whose shorter side is at least WORKING_PIXELS where the file's is.

    `width` and `height` are those of the stored picture in pixels; `complete` is false when something was missing
    or damaged and the rest has been decoded; `thumbnail` is the preview that the file's EXIF carries, decoded, if any.
    """

    working: Image.Image
    format: str
    width: int
    height: int
    orientation: int
    several_frames: bool
    complete: bool
    thumbnail: Image.Image | None


def open_picture(path: Path, max_pixels: int, least: int = WORKING_PIXELS) -> Picture:
    """The working picture of a file.

    Raises Refused for a format that is not named here, TooLarge beyond `max_pixels`, Unreadable for anything that
    the decoder cannot make sense of.
    """
    with _guarded(max_pixels):
        try:
            return _decode(path, least, complete=True)
        except UnidentifiedImageError:
            raise
        except (OSError, ValueError):
            # Truncated, or a chunk beside the picture is damaged or a bomb: Pillow then decodes what is there.
            return _decode(path, least, complete=False)


def pixel_digest(path: Path, max_pixels: int) -> Digest:
    """The sha256 of a still's pixels as they stand upright, with mode, width and height in front.

    Equal for files that differ in container, compression or metadata only. Modes of eight bits are digested as RGBA,
    into which each of them goes without loss; all others as the samples that they hold. A colour profile is not
    applied. Costs a full decode and, for a turned picture, twice its size in memory.

    Raises what `open_picture` raises, but decodes nothing of a damaged file; and Refused for what Pillow does not
    give whole: several frames, and more than eight bits of several channels.
    """
    with _guarded(max_pixels), Image.open(path, formats=EXACT_FORMATS) as image:
        if _loses_bits(image):
            raise Refused("the decoder keeps eight bits of more")
        image.load()
        if image.mode not in EIGHT_BIT_MODES and "transparency" in image.info:
            raise Refused("the decoder leaves transparency out")
        shown = _upright(image, _orientation(image))
        digest = hashlib.sha256(f"casefile-pixels 1 {_form(shown.mode)} {shown.width} {shown.height}\n".encode())
        for samples in _samples(shown):
            digest.update(samples)
        # Last, since it replaces the loaded picture by the second one.
        if _several_frames(image):
            raise Refused("there is more than one picture in it")
        return Digest("sha256:" + digest.hexdigest())


def _loses_bits(image: Image.Image) -> bool:
    """Whether Pillow cuts samples of an opened file to eight bits."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(BITS_PER_SAMPLE, (1,))
        return len(bits) > 1 and max(bits) > 8
    if isinstance(image, PngImagePlugin.PngImageFile):
        return image.mode not in WIDE_MODES and any("16" in str(tile.args) for tile in image.tile)
    return False


def _form(mode: str) -> str:
    """The mode that samples are digested in, whatever order of bytes the file has."""
    if mode in EIGHT_BIT_MODES:
        return "RGBA"
    return "I;16" if mode.startswith("I;16") else mode


def _samples(image: Image.Image) -> Iterator[bytes]:
    """The samples of a picture in rows, in an order of bytes that is the same on every machine."""
    if image.mode in WIDE_MODES:
        levels = np.asarray(image)
        yield levels.astype(levels.dtype.newbyteorder("<")).tobytes()
        return
    rows = max(SAMPLED_PIXELS // image.width, 1)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield (strip.convert("RGBA") if strip.mode in EIGHT_BIT_MODES else strip).tobytes()


@contextmanager
def _guarded(max_pixels: int) -> Iterator[None]:
    """Pillow's limits set to ours, its warning made an error, its errors made typed."""
    Image.MAX_IMAGE_PIXELS = max_pixels
    with warnings.catch_warnings():
        # Between one and two times the cap Pillow only warns, and then loads: 177 million pixels from 21 KB.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise TooLarge(f"more than {max_pixels} pixels") from error
        except UnidentifiedImageError as error:
            raise Refused("no permitted picture format") from error
        except PARSER_ERRORS as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error


def _decode(path: Path, least: int, *, complete: bool) -> Picture:
    ImageFile.LOAD_TRUNCATED_IMAGES = not complete
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            # Before any load: the decoder then skips most of the inverse transform.
            image.draft("RGB", (least, least))
            image.load()
            orientation = _orientation(image)
            working = _upright(_flat_rgb(_reduced(image, least)), orientation)
            thumbnail = _embedded_thumbnail(image)
            return Picture(
                working=working,
                format=image.format or "",
                width=width,
                height=height,
                orientation=orientation,
                complete=complete,
                thumbnail=thumbnail,
                several_frames=_several_frames(image),
            )
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _reduced(image: Image.Image, least: int) -> Image.Image:
    """The picture by a whole factor smaller, its shorter side still at least `least`, in modes of eight bits."""
    factor = max(min(image.size) // least, 1)
    if image.mode in WIDE_MODES:
        # `reduce` knows none of these modes, and bringing the whole picture to eight bits first costs a copy of it.
        size = (image.width // factor, image.height // factor)
        return _eight_bit(image.resize(size, Image.Resampling.BOX) if factor > 1 else image)
    if factor == 1:
        return image
    if image.mode in {"P", "1"}:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image.reduce(factor)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Modes of more than eight bits brought to eight; the others unchanged.

    Sixteen bits keep their upper half. The wider modes have no fixed range, so their own least is black and their
    own greatest white.
    """
    if image.mode not in WIDE_MODES:
        return image
    levels = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray((levels >> 8).astype(np.uint8))
    wide = np.nan_to_num(levels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(wide.min()), float(wide.max())
    return Image.fromarray(((wide - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))


def _flat_rgb(image: Image.Image) -> Image.Image:
    """RGB, with whatever is transparent laid over white."""
    image = _eight_bit(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        shown = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 when there is none or the EXIF block is damaged."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except PARSER_ERRORS:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = ORIENTATIONS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _several_frames(image: Image.Image) -> bool:
    """Whether there is a second frame or picture. Counting them all would cost as many seeks as an author likes."""
    try:
        image.seek(1)
    except PARSER_ERRORS:
        return False
    return True


def _embedded_thumbnail(image: Image.Image) -> Image.Image | None:
    """The preview in the file's EXIF, decoded; None when there is none that can be read."""
    block = image.info.get("exif")
    if not isinstance(block, bytes):
        return None
    try:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        start, length = directory.get(0x0201), directory.get(0x0202)
        if not isinstance(start, int) or not isinstance(length, int) or not 0 < length <= 1 << 20:
            return None
        body = block.removeprefix(b"Exif\0\0")[start : start + length]
        with Image.open(BytesIO(body), formats=("JPEG",)) as small:
            small.draft("RGB", (64, 64))
            small.load()
            return _upright(_flat_rgb(small), _orientation(image))
    except PARSER_ERRORS:
        return None


def preview_bytes(image: Image.Image, longer_side: int) -> bytes:
    """A JPEG of at most `longer_side` pixels, made of pixels alone: no metadata of the original is in it."""
    small = ImageOps.contain(image, (longer_side, longer_side)) if max(image.size) > longer_side else image.copy()
    buffer = BytesIO()
    Image.frombytes("RGB", small.size, small.convert("RGB").tobytes()).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()

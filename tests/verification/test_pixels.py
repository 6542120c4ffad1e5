"""Pixels are called equal only where every sample is, and are decoded in a worker that no file takes down."""

from __future__ import annotations

import struct
import textwrap
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Transpose

from casefile.canonical import Json
from casefile.vocabulary import ContainmentLevel
from containment.worker import Limits, WorkerResult, open_worker
from verification.interface import CheckCause, CheckName, CheckResult, Finding, PixelsRequest
from verification.pixels import MODULE, digest_pixels, exact_size
from verification.technical.decoding import ORIENTATIONS, pixel_digest
from verification.technical.failing import Refused, Unreadable

from .making import Bench, card, encoded, painted

CAP = 80_000_000
UNDONE = {
    Transpose.ROTATE_270: Transpose.ROTATE_90,
    Transpose.ROTATE_90: Transpose.ROTATE_270,
}
"""What a turn is undone by; the others undo themselves."""
Digested = Callable[[bytes], str]


@pytest.fixture
def digested(tmp_path: Path) -> Digested:
    """The digest of a file's pixels."""

    def digest(content: bytes) -> str:
        (tmp_path / "copy").write_bytes(content)
        return pixel_digest(tmp_path / "copy", CAP)

    return digest


def _exif(orientation: int = 0, maker: str = "") -> Image.Exif:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    if maker:
        exif[0x010F] = maker
    return exif


def test_one_picture_in_many_files_has_one_digest(digested: Digested) -> None:
    image = painted(8, 320, 240)
    files = [
        encoded(image, "PNG"),
        encoded(image, "PNG", compress_level=1, exif=_exif(maker="Maker"), dpi=(300, 300)),
        encoded(image.convert("RGBA"), "PNG"),
        encoded(image, "BMP"),
        encoded(image, "TIFF"),
        encoded(image, "TIFF", compression="tiff_lzw", exif=_exif(maker="Maker")),
        encoded(image, "WEBP", lossless=True),
    ]
    assert len(set(files)) == len(files)
    assert len({digested(one) for one in files}) == 1


def test_a_jpeg_has_the_pixels_of_what_it_decodes_to_and_of_no_other(digested: Digested) -> None:
    image = painted(8, 320, 240)
    jpeg = encoded(image, quality=85)
    with_words = encoded(image, quality=85, exif=_exif(maker="Maker"), comment=b"a remark")
    again = Image.open(BytesIO(jpeg)).convert("RGB")
    assert digested(jpeg) == digested(with_words) == digested(encoded(again, "PNG"))
    assert digested(jpeg) not in {digested(encoded(again, quality=60)), digested(encoded(image, "PNG"))}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_a_turned_picture_is_digested_as_it_stands(orientation: int, form: str, digested: Digested) -> None:
    image = painted(8, 96, 64)
    turn = ORIENTATIONS[orientation]
    stored = image.transpose(UNDONE.get(turn, turn))
    options = {"lossless": True} if form == "WEBP" else {}
    assert digested(encoded(stored, form, exif=_exif(orientation), **options)) == digested(encoded(image, "PNG"))
    assert digested(encoded(stored, form, **options)) != digested(encoded(image, "PNG"))


def test_palettes_greys_and_bits_are_the_colours_that_they_stand_for(digested: Digested) -> None:
    palette = painted(8, 96, 64).quantize(64)
    colours = {digested(encoded(one, form)) for one in (palette, palette.convert("RGB")) for form in ("PNG", "BMP")}
    assert colours == {digested(encoded(palette, "GIF"))}
    grey = painted(8, 96, 64).convert("L")
    assert digested(encoded(grey, "PNG")) == digested(encoded(grey.convert("RGB"), "BMP"))
    bits = grey.convert("1")
    assert digested(encoded(bits, "PNG")) == digested(encoded(bits.convert("L"), "TIFF"))


def test_one_value_in_one_pixel_is_another_picture(digested: Digested) -> None:
    image = painted(8, 96, 64)
    other = image.copy()
    red, green, blue = (int(one) for one in np.asarray(image)[63, 95])
    other.putpixel((95, 63), (red, green, blue ^ 1))
    assert digested(encoded(image, "PNG")) != digested(encoded(other, "PNG"))
    # The same bytes in rows of another length.
    assert digested(encoded(Image.new("L", (8, 2)), "PNG")) != digested(encoded(Image.new("L", (2, 8)), "PNG"))


def test_transparency_is_part_of_the_picture_and_so_is_what_it_hides(digested: Digested) -> None:
    image = painted(8, 96, 64)
    clear, hiding = image.convert("RGBA"), image.convert("RGBA")
    clear.putalpha(0)
    hiding.paste((1, 2, 3), (0, 0, 96, 64))
    hiding.putalpha(0)
    digests = {digested(encoded(one, "PNG")) for one in (image, clear, hiding)}
    assert len(digests) == 3
    palette = image.quantize(16)
    assert digested(encoded(palette, "PNG", transparency=3)) != digested(encoded(palette, "PNG"))
    assert digested(encoded(palette, "PNG", transparency=3)) == digested(encoded(palette, "GIF", transparency=3))


def test_sixteen_bits_of_grey_count_all_of_them(digested: Digested) -> None:
    levels = np.asarray(painted(8, 96, 64).convert("L")).astype(np.uint16)
    low, high = (Image.fromarray(one) for one in (levels * 256, levels * 256 + 1))
    assert digested(encoded(low, "PNG")) == digested(encoded(low, "TIFF")) != digested(encoded(high, "PNG"))
    turned = low.transpose(Transpose.ROTATE_90)
    assert digested(encoded(turned, "PNG", exif=_exif(6))) == digested(encoded(low, "PNG"))
    assert digested(encoded(low, "PNG")) != digested(encoded(Image.fromarray(levels.astype(np.uint8)), "PNG"))


@pytest.mark.parametrize("made", ["PNG", "TIFF"])
def test_what_is_cut_to_eight_bits_has_no_digest(made: str, digested: Digested) -> None:
    levels = np.asarray(painted(8, 32, 24)).astype(np.uint16) * 256
    content = {"PNG": _deep_png, "TIFF": _deep_tiff}[made]
    for one in (levels, levels + 1):
        with pytest.raises(Refused):
            digested(content(one))


def test_what_holds_further_pictures_has_no_digest(digested: Digested) -> None:
    first, others = painted(8, 96, 64), [painted(9, 96, 64)]
    for form in ("GIF", "PNG", "WEBP", "TIFF"):
        with pytest.raises(Refused):
            digested(encoded(first, form, save_all=True, append_images=others))
    with pytest.raises(Refused):
        digested(encoded(first, "AVIF"))


def test_what_is_cut_off_has_no_digest_though_the_rest_is_hashed(digested: Digested) -> None:
    with pytest.raises(Unreadable):
        digested(encoded(painted(8, 320, 240), quality=90)[:-4000])


def _size(**facts: object) -> tuple[int, int] | None:
    known = {"width": 640, "height": 480, "complete": True, "several_frames": False}
    finding = Finding(
        check=CheckName.FINGERPRINTS,
        version="1",
        result=CheckResult.DONE,
        input="sha256:" + "0" * 64,
        facts=known | facts,  # type: ignore[arg-type]
    )
    return exact_size([finding])


def test_only_whole_stills_of_equal_sides_are_worth_a_decode() -> None:
    assert _size() == _size(width=480, height=640) == (480, 640)
    assert _size(complete=False) is None
    assert _size(several_frames=True) is None
    assert exact_size(()) is None


class Played:
    """A worker that answers from a script: an answer, or the failure that it raises."""

    def __init__(self, play: Callable[[PixelsRequest], Mapping[str, Json]]) -> None:
        self.play = play
        self.names = list[str]()

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        self.names.append(out_name)
        answer = self.play(PixelsRequest.model_validate(request))
        return WorkerResult(answer, (), ContainmentLevel.WEAK, False, 0.0, 0)


FILES = tuple(f"{place:064x}" for place in (1, 2))


def _equal(asked: PixelsRequest) -> Mapping[str, Json]:
    return {"pixels": dict.fromkeys(asked.files, f"sha256:{'a' * 64}"), "failed": {}}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"pixels": {FILES[0]: f"sha256:{'a' * 64}"}, "failed": {}},
        {"pixels": dict.fromkeys(FILES, "equal"), "failed": {}},
        {"pixels": {}, "failed": dict.fromkeys(FILES, "for no reason")},
        {"pixels": dict.fromkeys(FILES, f"sha256:{'a' * 64}"), "failed": {FILES[0]: "timeout"}},
        {"pixels": dict.fromkeys((*FILES, "3" * 64), f"sha256:{'a' * 64}"), "failed": {}},
    ],
)
def test_an_answer_that_is_not_one_is_asked_for_file_by_file(answer: Mapping[str, Json]) -> None:
    worker = Played(lambda asked: answer if len(asked.files) == 2 else _equal(asked))
    assert set(digest_pixels(worker, FILES, "p").pixels) == set(FILES)
    assert worker.names == ["p", "p-000", "p-001"]


def test_the_file_that_ends_a_call_is_the_only_one_without_a_digest(bench: Bench, tmp_path: Path) -> None:
    module = tmp_path / "crashing_pixels.py"
    module.write_text(
        textwrap.dedent(
            """
            import os
            from verification.technical import pixels

            def work(request, inputs, out):
                if any((inputs / one).read_bytes() == b"end" for one in request["files"]):
                    os.abort()
                return pixels.work(request, inputs, out)
            """
        )
    )
    good, end = bench.put(encoded(painted(1, 96, 64), "PNG")), bench.put(b"end")
    level = ContainmentLevel.WEAK
    with open_worker(
        "crashing_pixels", inputs=bench.inputs, out=bench.out, egress=None, level=level, code=(module,)
    ) as worker:
        answer = digest_pixels(worker, (good, end), "p")
        assert set(digest_pixels(worker, (good,), "again").pixels) == {good}
    assert set(answer.pixels) == {good}
    assert answer.failed == {end: CheckCause.CRASHED}


def test_hostile_files_end_in_a_cause_and_the_worker_lives(bench: Bench) -> None:
    files = {
        "format-refused": [b"%!PS\n(%pipe%touch /tmp/owned) (w) file\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
        "too-large": [_png(13_304, 13_304, 1, 0, b""), _png(1 << 30, 1 << 30, 8, 6, b"")],
        "malformed": [encoded(painted(6), quality=90)[:-4000]],
    }
    names = {bench.put(content): cause for cause, contents in files.items() for content in contents}
    cards = [bench.put(encoded(card("A title"), form)) for form in ("PNG", "BMP")]
    with open_worker(MODULE, inputs=bench.inputs, out=bench.out, egress=None, level=ContainmentLevel.FULL) as worker:
        answer = digest_pixels(worker, (*names, *cards), "p")
        again = digest_pixels(worker, cards, "again")
    assert answer.failed == names
    assert len(set(answer.pixels.values())) == 1
    assert answer.pixels == again.pixels


def _png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _deep_png(levels: NDArray[np.uint16]) -> bytes:
    """Three channels of sixteen bits, which Pillow cannot write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    return _png(levels.shape[1], levels.shape[0], 16, 2, rows)


def _deep_tiff(levels: NDArray[np.uint16]) -> bytes:
    """The same as TIFF: one strip, no compression."""
    height, width, channels = levels.shape
    content = levels.astype("<u2").tobytes()
    bits_at = 8 + 2 + 9 * 12 + 4
    entries = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, bits_at),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, bits_at + 2 * channels),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, 1, len(content)),
    ]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        b"II*\0" + struct.pack("<IH", 8, 9) + table + struct.pack("<I", 0) + struct.pack("<HHH", 16, 16, 16) + content
    )

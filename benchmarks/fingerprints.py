"""The fingerprints of a picture of 12 megapixels, against nothing but decoding it small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.measuring import Figure, both, in_turn
from casefile.digests import digest_file
from examples.media import LAKE, draw_scene, save_photo
from verification.interface import ExamineLimits
from verification.technical.decoding import WORKING_PIXELS
from verification.technical.fingerprints import fingerprint_picture

SIZE = (4000, 3000)
PICTURES = 4
ROUNDS = 5
QUALITY = 97
"""Makes files of about 4 MB, as a telephone writes them; emptier ones would decode too fast to compare with."""


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time of PDQ with its eight turnings and phash, decode included, against a draft decode."""
    files = [folder / f"{number}.jpg" for number in range(PICTURES)]
    for seed, file in enumerate(files):
        save_photo(draw_scene(seed, SIZE), file, LAKE, quality=QUALITY)
    digests = [digest_file(file).sha256 for file in files]
    limits = ExamineLimits()

    def ours() -> None:
        for file, digest in zip(files, digests, strict=True):
            fingerprint_picture(file, limits, digest)

    def plain() -> None:
        for file in files:
            with Image.open(file, formats=("JPEG",)) as picture:
                picture.draft("RGB", (WORKING_PIXELS, WORKING_PIXELS))
                picture.load()

    mine, theirs = in_turn(ROUNDS, ours, plain)
    claim = f"fingerprints of {PICTURES} pictures of 12 megapixels, against a draft decode"
    return [Figure(claim, mine.cpu_s / theirs.cpu_s, 1.35, "x CPU", both("fingerprints", mine, theirs))]

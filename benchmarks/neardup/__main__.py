"""Near-duplicate figures: `python -m benchmarks.neardup images|fit --corpus DIR`, and `index --codes N` of made codes.

No collection is part of this repository. The constants of the local codes are fitted on every second picture of a
folder, in order of name; recall is measured on the others, which the constants have never seen.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.neardup.index import index
from benchmarks.neardup.transformations import TRANSFORMATIONS
from verification.edges import Alignment, Subject
from verification.technical.alignment import Laid, align
from verification.technical.features import describe
from verification.technical.fingerprints import fingerprints_of
from verification.technical.keypoints import Grey, keypoints, resized
from verification.technical.local_codes import ASKED, CONSTANTS, WORKING_PIXELS, fit
from verification.technical.matching import Matcher
from verification.technical.votes import VoteTable

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LONGEST = 640
"""Pictures are brought to this before they are changed: most collections hold several sizes."""
FIT_SEED = 7


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; 2 without a collection."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neardup", description=__doc__)
    parser.add_argument("what", choices=["images", "fit", "index"])
    parser.add_argument("--codes", type=int, default=1_000_000, help="how many codes the index holds")
    parser.add_argument("--corpus", type=Path, help="a folder of natural photographs")
    parser.add_argument("--pictures", type=int, default=60, help="how many are changed and looked for")
    asked = parser.parse_args(arguments)
    if asked.what == "index":
        return index(asked.codes)
    files = sorted(one for one in asked.corpus.rglob("*") if one.suffix.lower() in SUFFIXES) if asked.corpus else []
    if len(files) < 2:
        print("not measured: name a folder of photographs with --corpus DIR", file=sys.stderr)
        return 2
    return fit_constants(files) if asked.what == "fit" else images(files, asked.pictures)


def fit_constants(files: Sequence[Path]) -> int:
    """Fits the constants of the local codes on every second picture and writes them where they are read."""
    found = [keypoints(resized(grey(opened(one)), WORKING_PIXELS), ASKED).descriptors for one in files[1::2]]
    mean, rotation = fit(np.concatenate(found), FIT_SEED)
    import verification.technical as place

    target = Path(place.__path__[0]) / CONSTANTS
    np.savez_compressed(target, mean=mean.astype(np.float16), rotation=rotation.astype(np.float16))
    print(f"{target.name}: fitted on {len(found)} pictures, {sum(map(len, found))} key points")
    return 0


@dataclass(slots=True)
class Counted:
    """What became of the changed copies of one kind: of `tries`, and unrelated pictures that were taken for it."""

    tries: int = 0
    hashed: int = 0
    nominated: int = 0
    proven: int = 0
    found: int = 0
    false_hashed: int = 0
    false_nominated: int = 0
    false_proven: int = 0

    def line(self, name: str) -> str:
        shares = "  ".join(f"{one / self.tries:6.3f}" for one in (self.hashed, self.nominated, self.proven, self.found))
        return f"{name:14} {shares}   {self.false_hashed} / {self.false_nominated} / {self.false_proven}"


@dataclass(slots=True)
class Collection:
    """Every picture by its hashes and its local codes."""

    files: Sequence[Path]
    matcher: Matcher = field(default_factory=Matcher)
    table: VoteTable = field(default_factory=VoteTable)

    def fill(self) -> None:
        for place, file in enumerate(self.files):
            picture = opened(file)
            self.matcher.add(subject(str(place), picture))
            self.table.add(describe(grey(picture)))


def images(files: Sequence[Path], pictures: int) -> int:
    """Recall of 38 changes, by whole-picture hashes, by votes, by alignment, and by hashes or alignment."""
    collection = Collection([*files[0::2], *files[1::2]])
    begun = time.process_time()
    collection.fill()
    each = (time.process_time() - begun) / len(files)
    asked = collection.files[: min(pictures, len(files[0::2]))]
    print(f"{len(asked)} of {len(files)} pictures, each in {len(TRANSFORMATIONS)} forms")
    print(f"{each * 1e3:.0f} ms of processor to take a picture in")
    print(f"{'':14} hashes   votes  proven  either   unrelated: hashes / votes / proven")
    total = Counted()
    for name, change in TRANSFORMATIONS.items():
        counted = Counted()
        for place, file in enumerate(asked):
            copy = change(opened(file), np.random.default_rng(place))
            _look(collection, place, copy, counted)
        print(counted.line(name), flush=True)
        for one in Counted.__slots__:
            setattr(total, one, getattr(total, one) + getattr(counted, one))
    print(total.line("ALL"))
    print(f"{total.tries * (len(files) - 1)} unrelated pairs")
    return 0


def _look(collection: Collection, place: int, copy: Image.Image, counted: Counted) -> None:
    asked = subject("copy", copy)
    hashed = {
        int(edge.item_a if edge.item_b == "copy" else edge.item_b) for edge in collection.matcher.matches(asked).edges
    }
    voted = set() if asked.fingerprints[0].low_information else set(collection.table.votes(describe(grey(copy))))
    shown = Laid.of(grey(copy))
    proven = {one for one in voted | hashed if _proves(Laid.of(grey(opened(collection.files[one]))), shown)}
    counted.tries += 1
    counted.hashed += place in hashed
    counted.nominated += place in voted
    counted.proven += place in proven
    counted.found += place in hashed | proven
    counted.false_hashed += len(hashed - {place})
    counted.false_nominated += len(voted - {place})
    counted.false_proven += len(proven - {place})


def _proves(first: Laid, second: Laid) -> bool:
    found = align(first, second)
    if found is None:
        return False
    shares = round(found.covered_first * 100), round(found.covered_second * 100)
    told = Alignment("a", "b", False, 0, found.inliers, found.good, found.compared, *shares, (), found.mirrored)
    return told.proves


def opened(file: Path) -> Image.Image:
    """A picture in RGB, at most LONGEST long."""
    with Image.open(file) as image:
        image.draft("RGB", (LONGEST, LONGEST))
        picture = image.convert("RGB")
    picture.thumbnail((LONGEST, LONGEST))
    return picture


def grey(picture: Image.Image) -> Grey:
    """Its luma."""
    return np.asarray(picture.convert("L"))


def subject(name: str, picture: Image.Image) -> Subject:
    """A picture as it is compared by hashes."""
    small = picture.copy()
    small.thumbnail((512, 512))
    return Subject(name, name, "", fingerprints_of(small, -1))


if __name__ == "__main__":
    sys.exit(main())

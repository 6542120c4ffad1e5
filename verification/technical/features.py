"""The worker that describes stills by local codes, and lays pairs of them upon each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from casefile.canonical import Json
from verification.features import FRACTION, AlignedPair, AskedPair, FeaturesAnswer, FeaturesRequest
from verification.interface import CheckCause, ExamineLimits
from verification.technical.alignment import ALIGNED_PIXELS, Alignment, Laid, align
from verification.technical.comparison import drawn
from verification.technical.decoding import open_picture
from verification.technical.failing import CheckStopped, deadline
from verification.technical.keypoints import Grey, keypoints, resized
from verification.technical.local_codes import ASKED, MIRRORED, WORKING_PIXELS, LocalCodes, bits_of, places_of


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a FeaturesRequest with a FeaturesAnswer; writes only the pictures that are asked for."""
    asked = FeaturesRequest.model_validate(request)
    described, failed = dict[str, str](), dict[str, CheckCause]()
    for name in asked.files:
        picture = _opened(inputs / name, asked.limits, WORKING_PIXELS, failed)
        if picture is not None:
            described[name] = describe(picture).packed().hex()
    laid: dict[str, Laid | None] = {}
    aligned = []
    for place, pair in enumerate(asked.pairs):
        for name in (pair.first, pair.second):
            if name not in laid:
                picture = _opened(inputs / name, asked.limits, ALIGNED_PIXELS, failed)
                laid[name] = Laid.of(picture) if picture is not None else None
        first, second = laid[pair.first], laid[pair.second]
        found = align(first, second) if first is not None and second is not None else None
        name = ""
        if asked.drawn and first is not None and second is not None:
            name = f"{place:04d}.png"
            drawn(first.grey, second.grey, found).save(out / name, "PNG")
        aligned.append(_told(pair, found, name))
    return FeaturesAnswer(described=described, failed=failed, aligned=tuple(aligned)).plain()


def describe(grey: Grey) -> LocalCodes:
    """The local codes of a grey picture."""
    working = resized(grey, WORKING_PIXELS)
    found = keypoints(working, ASKED)
    return LocalCodes(
        bits_of(found.descriptors),
        bits_of(found.descriptors[:, MIRRORED]),
        places_of(found.places, found.sizes, found.angles),
        working.shape[1],
        working.shape[0],
    )


def _opened(path: Path, limits: ExamineLimits, least: int, failed: dict[str, CheckCause]) -> Grey | None:
    """The grey picture of a file; None with its cause in `failed`."""
    try:
        with deadline(limits.check_deadline_s):
            return np.asarray(open_picture(path, limits.max_pixels, least).working.convert("L"))
    except CheckStopped as error:
        failed[path.name] = error.cause
    except MemoryError:
        failed[path.name] = CheckCause.MEMORY
    return None


def _told(pair: AskedPair, found: Alignment | None, picture: str) -> AlignedPair:
    if found is None:
        return AlignedPair(first=pair.first, second=pair.second, picture=picture)
    return AlignedPair(
        first=pair.first,
        second=pair.second,
        movement=tuple(round(float(number) * FRACTION) for number in found.movement.ravel()),
        mirrored=found.mirrored,
        inliers=found.inliers,
        good=found.good,
        compared=found.compared,
        covered_first=round(found.covered_first * 100),
        covered_second=round(found.covered_second * 100),
        picture=picture,
    )

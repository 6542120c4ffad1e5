"""The worker that describes stills by local codes, and lays pairs of them upon each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from casefile.canonical import Json
from verification.features import FRACTION, STILL, AlignedPair, AskedPair, FeaturesAnswer, FeaturesRequest
from verification.interface import CheckCause, ExamineLimits
from verification.technical.alignment import ALIGNED_PIXELS, Alignment, Laid, align
from verification.technical.comparison import drawn
from verification.technical.containers import opened
from verification.technical.decoding import open_picture
from verification.technical.failing import CheckStopped, deadline
from verification.technical.film_frames import frame_at, telling_frames
from verification.technical.keypoints import Grey, keypoints, resized
from verification.technical.local_codes import (
    ASKED,
    MIRRORED,
    WORKING_PIXELS,
    LocalCodes,
    bits_of,
    packed_film,
    places_of,
)

FRAME_PIXELS = 480
"""The longer side of a frame before it is described or laid upon another."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a FeaturesRequest with a FeaturesAnswer; writes only the pictures that are asked for."""
    asked = FeaturesRequest.model_validate(request)
    described, failed = dict[str, str](), dict[str, CheckCause]()
    for name in asked.files:
        picture = _opened(inputs / name, asked.limits, WORKING_PIXELS, failed)
        if picture is not None:
            described[name] = describe(picture).packed().hex()
    for name in asked.films:
        frames = _frames(inputs / name, asked.limits, failed)
        if frames or name not in failed:
            described[name] = packed_film(frames).hex()
    laid: dict[tuple[str, int], Laid | None] = {}
    aligned = []
    for place, pair in enumerate(asked.pairs):
        ends = (pair.first, pair.first_ms), (pair.second, pair.second_ms)
        for end in ends:
            if end not in laid:
                picture = _opened(inputs / end[0], asked.limits, ALIGNED_PIXELS, failed, end[1])
                laid[end] = Laid.of(picture) if picture is not None else None
        first, second = (laid[end] for end in ends)
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


def _frames(path: Path, limits: ExamineLimits, failed: dict[str, CheckCause]) -> dict[int, bytes]:
    """The packed codes of frames of a film by their milliseconds; what there was before it failed, with the cause."""
    found = dict[int, bytes]()
    try:
        with deadline(limits.check_deadline_s), opened(path) as container:
            for at_ms, image in telling_frames(container, limits, FRAME_PIXELS):
                found[at_ms] = describe(np.asarray(image.convert("L"))).packed()
    except CheckStopped as error:
        failed[path.name] = error.cause
    except MemoryError:
        failed[path.name] = CheckCause.MEMORY
    return found


def _opened(
    path: Path, limits: ExamineLimits, least: int, failed: dict[str, CheckCause], at_ms: int = STILL
) -> Grey | None:
    """The grey picture of a file, or of the frame at that time; None with its cause in `failed`."""
    try:
        with deadline(limits.check_deadline_s):
            if at_ms != STILL:
                with opened(path) as container:
                    return np.asarray(frame_at(container, limits, at_ms, FRAME_PIXELS).convert("L"))
            return np.asarray(open_picture(path, limits.max_pixels, least).working.convert("L"))
    except CheckStopped as error:
        failed[path.name] = error.cause
    except MemoryError:
        failed[path.name] = CheckCause.MEMORY
    return None


def _told(pair: AskedPair, found: Alignment | None, picture: str) -> AlignedPair:
    if found is None:
        return AlignedPair.model_validate(pair.plain() | {"picture": picture})
    return AlignedPair(
        first=pair.first,
        second=pair.second,
        first_ms=pair.first_ms,
        second_ms=pair.second_ms,
        movement=tuple(round(float(number) * FRACTION) for number in found.movement.ravel()),
        mirrored=found.mirrored,
        inliers=found.inliers,
        good=found.good,
        compared=found.compared,
        covered_first=round(found.covered_first * 100),
        covered_second=round(found.covered_second * 100),
        picture=picture,
    )

"""Local features of stills: the values that cross to the worker which finds and aligns them, and asking it.

Nothing is decoded here. What a worker answers about a pair is evidence; whether it is enough is decided in `edges`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from casefile.model import Value, readable
from containment.worker import WorkerFailed
from verification.interface import MAX_BATCH, CheckCause, DigestName, ExamineLimits, OutputPath
from verification.running import CallsWorker, cause_of, limits_for
from verification.technical.local_codes import frames_of

MODULE = "verification.technical.features"
"""The worker module to open; it needs no network."""
FRACTION = 1 << 16
"""The numbers of a movement are whole numbers of this fraction of a pixel."""
Packed = Annotated[str, StringConstraints(pattern="^(?:[0-9a-f]{2})+$", max_length=65_536)]
Hundredths = Annotated[int, Field(ge=0, le=100)]
MOVEMENT = 6
"""Numbers of a movement."""
FURTHEST = 1 << 53
Number = Annotated[int, Field(ge=-FURTHEST, le=FURTHEST)]


STILL = -1
"""The milliseconds of a picture that is no frame."""
Milliseconds = Annotated[int, Field(ge=STILL, lt=1 << 53)]


class AskedPair(Value):
    """Two working copies to be laid upon each other; of a film, the frame at so many milliseconds."""

    first: DigestName
    second: DigestName
    first_ms: Milliseconds = STILL
    second_ms: Milliseconds = STILL

    @property
    def asked(self) -> tuple[str, str, int, int]:
        """Which pair of pictures it is."""
        return self.first, self.second, self.first_ms, self.second_ms


class FeaturesRequest(Value):
    """Working copies to be described, and pairs to be aligned; `drawn` asks for a picture of each alignment.

    `films` are working copies of which frames are described.
    """

    files: tuple[DigestName, ...] = Field(default=(), max_length=MAX_BATCH)
    films: tuple[DigestName, ...] = Field(default=(), max_length=MAX_BATCH)
    pairs: tuple[AskedPair, ...] = Field(default=(), max_length=MAX_BATCH)
    drawn: bool = False
    limits: ExamineLimits = ExamineLimits()


class AlignedPair(AskedPair):
    """How the second of a pair lies upon the first, both with a longer side of 360 pixels.

    `movement` is the 2 x 3 matrix, row by row, in 65536ths; empty where none could be fitted. `inliers` key points
    fit it. `good` of `compared` tiles agree. `covered_*`: hundredths of either picture that both have in common.
    `picture` is a PNG in the output folder, empty unless asked for.
    """

    movement: tuple[Number, ...] = Field(default=(), max_length=6)
    mirrored: bool = False
    inliers: int = Field(default=0, ge=0)
    good: int = Field(default=0, ge=0)
    compared: int = Field(default=0, ge=0)
    covered_first: Hundredths = 0
    covered_second: Hundredths = 0
    picture: OutputPath = ""

    @model_validator(mode="after")
    def _can_be_undone(self) -> Self:
        """A movement has six numbers and takes no picture to a line, so that it can be seen from either of the two."""
        if self.movement and (len(self.movement) != MOVEMENT or _area(self.movement) == 0):
            raise ValueError("no movement")
        if self.movement and max(map(abs, _inverse(self.movement))) > FURTHEST:
            raise ValueError("a movement that cannot be undone")
        return self


class FeaturesAnswer(Value):
    """`described`: packed local codes by file. `failed`: the cause for each file that cannot be read."""

    described: Mapping[DigestName, Packed]
    failed: Mapping[DigestName, CheckCause]
    aligned: tuple[AlignedPair, ...] = ()


def features_installed() -> bool:
    """Whether the library that finds key points is there."""
    return find_spec("cv2") is not None


def describe(worker: CallsWorker, files: Sequence[str], out_name: str, films: Collection[str] = ()) -> FeaturesAnswer:
    """The local codes of every working copy, or the cause why there are none; none is lost and none raises.

    Of those that are `films` the codes of several frames, packed as one.

    When a call ends abnormally its files are described singly. Raises ContainmentError only when no worker can be had
    at all.
    """
    try:
        stills, moving = ([one for one in files if (one in films) is wanted] for wanted in (False, True))
        return _call(worker, FeaturesRequest(files=tuple(stills), films=tuple(moving)), out_name)
    except WorkerFailed as failed:
        if len(files) == 1:
            return FeaturesAnswer(described={}, failed={files[0]: cause_of(failed)})
    return _joined(describe(worker, [file], f"{out_name}-{place:03d}", films) for place, file in enumerate(files))


def align_pairs(worker: CallsWorker, pairs: Sequence[AskedPair], out_name: str) -> FeaturesAnswer:
    """The alignment of every pair; one that cannot be had is one without a movement, and its cause is in `failed`."""
    try:
        return _call(worker, FeaturesRequest(pairs=tuple(pairs)), out_name)
    except WorkerFailed as failed:
        if len(pairs) == 1:
            pair = pairs[0]
            nothing = AlignedPair.model_validate(pair.plain())
            return FeaturesAnswer(described={}, failed={pair.second: cause_of(failed)}, aligned=(nothing,))
    return _joined(align_pairs(worker, [pair], f"{out_name}-{place:03d}") for place, pair in enumerate(pairs))


def draw_pair(worker: CallsWorker, pair: AskedPair, out_name: str) -> AlignedPair:
    """One pair, drawn. Raises WorkerFailed."""
    return _call(worker, FeaturesRequest(pairs=(pair,), drawn=True), out_name).aligned[0]


def reversed_pair(pair: AlignedPair) -> AlignedPair:
    """The same seen from the other picture."""
    return AlignedPair(
        first=pair.second,
        second=pair.first,
        first_ms=pair.second_ms,
        second_ms=pair.first_ms,
        movement=_inverse(pair.movement) if pair.movement else (),
        mirrored=pair.mirrored,
        inliers=pair.inliers,
        good=pair.good,
        compared=pair.compared,
        covered_first=pair.covered_second,
        covered_second=pair.covered_first,
    )


def _area(movement: Sequence[int]) -> int:
    """How much larger pictures become by it, in whole numbers; 0 of what makes a line of them."""
    return movement[0] * movement[4] - movement[1] * movement[3]


def _inverse(movement: Sequence[int]) -> tuple[int, ...]:
    a, b, c, d, e, f = (number / FRACTION for number in movement)
    area = _area(movement) / FRACTION**2
    turned = (e / area, -b / area, (b * f - c * e) / area, -d / area, a / area, (c * d - a * f) / area)
    return tuple(round(number * FRACTION) for number in turned)


def _call(worker: CallsWorker, request: FeaturesRequest, out_name: str) -> FeaturesAnswer:
    """One call; an answer that does not fit the request is as good as none."""
    result = worker.call(
        request.plain(), out_name, limits_for(len(request.files) + len(request.films) + len(request.pairs))
    )
    try:
        answer = FeaturesAnswer.model_validate(result.answer)
        for packed in answer.described.values():
            frames_of(bytes.fromhex(packed))
    except ValueError as error:
        raise WorkerFailed("malformed", readable(str(error), 512)) from error
    told = {*answer.described, *answer.failed} >= {*request.files, *request.films}
    if not told or [one.asked for one in answer.aligned] != [one.asked for one in request.pairs]:
        raise WorkerFailed("malformed", "the answer is about other files")
    return answer


def _joined(answers: Iterable[FeaturesAnswer]) -> FeaturesAnswer:
    whole = FeaturesAnswer(described={}, failed={})
    for one in answers:
        whole = FeaturesAnswer(
            described={**whole.described, **one.described},
            failed={**whole.failed, **one.failed},
            aligned=(*whole.aligned, *one.aligned),
        )
    return whole

"""What a package holds and what it leaves out, as values: gathered from the record, written by `writing`. Pure."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from casefile.canonical import Json, canonical_json
from casefile.errors import IntegrityError
from casefile.events.envelope import Envelope, Part
from casefile.events.types_packages import RedactedSpan
from casefile.ids import CaptureId, item_id

FORMAT = "casefile package 1"
WHOLE = ("investigation.opened", "key.stated", "key.revoked")
"""Types of which every event of the log is in each package: without them nothing else can be judged."""


@dataclass(frozen=True, slots=True)
class HeldRedaction:
    """What leaves in the place of a file: with `spans` written over it has the digest `sha256`, empty where none of it
    leaves. `event` says so in the log; `by`, `at` and `why` are its words.
    """

    path: str
    event: str
    spans: tuple[RedactedSpan, ...]
    sha256: str
    by: str
    at: str
    why: str

    @property
    def kinds(self) -> str:
        """What stood in those places, each kind once."""
        return "; ".join(dict.fromkeys(span.kind for span in self.spans))

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        derivative: dict[str, Json] = {"sha256": self.sha256} if self.sha256 else {}
        return {"event": self.event, "path": self.path, **derivative}


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item that was asked for. What the record does not say is empty; times are RFC 3339 and never merged.

    `place` is where the object of its capture is, below `data/`, and `redactions` are of all files of that.
    """

    id: str
    number: str
    capture: str
    position: int
    sha256: str
    bytes: int
    files: tuple[str, ...]
    role: str
    media_type: str
    description: str
    locator: str
    account: str
    published_time: str
    captured_time: str
    recorded_time: str
    acquisition: str
    place: str
    tags: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    sensitivity: str = ""
    graphic: bool = False
    consent: str = ""
    redactions: tuple[HeldRedaction, ...] = ()

    @property
    def redacted(self) -> tuple[HeldRedaction, ...]:
        """What leaves in the place of its own files."""
        return tuple(one for one in self.redactions if one.path in self.files)

    def plain(self) -> dict[str, Json]:
        """What the description says of it; the rest is in the log's parts."""
        return {
            "bytes": self.bytes,
            "capture": self.capture,
            "files": list(self.files),
            "id": self.id,
            "media_type": self.media_type,
            "number": self.number,
            "position": self.position,
            "role": self.role,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class HeldCapture:
    """A capture whose object is in the package, with the items of it that come along unasked, as (id, number).

    `withheld` are files of the object that stay, each with the reason; with any, the object is partial. `redactions`
    say what leaves in the place of some of them. With `is_earlier` the object is in the package that this one adds to;
    with a `volume`, in that volume of the package, counted from 1.
    """

    id: str
    event: str
    object_id: str
    inventory: str
    accompanying: tuple[tuple[str, str], ...]
    withheld: Mapping[str, str] = field(default_factory=dict)
    redactions: tuple[HeldRedaction, ...] = ()
    is_earlier: bool = False
    volume: int = 0

    @property
    def place(self) -> str:
        """Where the object is, below `data/`."""
        return f"{'partial' if self.withheld else 'objects'}/{self.id}"

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        accompanying: list[Json] = [{"id": one, "number": number} for one, number in self.accompanying]
        withheld: list[Json] = [{"path": path, "reason": reason} for path, reason in sorted(self.withheld.items())]
        redacted: list[Json] = [one.plain() for one in self.redactions]
        return {
            "accompanying": accompanying,
            "event": self.event,
            "id": self.id,
            "inventory": self.inventory,
            "object": self.place,
            **({"withheld": withheld} if withheld else {}),
            **({"redacted": redacted} if redacted else {}),
            **({"earlier": True} if self.is_earlier else {}),
            **({"volume": self.volume} if self.volume else {}),
        }


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that hangs together with what was asked for and is not in the package. `id` is an item or a capture."""

    kind: str
    id: str
    reason: str
    number: str = ""

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        numbered: dict[str, Json] = {"number": self.number} if self.number else {}
        return {"id": self.id, "kind": self.kind, "reason": self.reason, **numbered}


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part of an event that is in the package without it."""

    event: str
    part: str
    reason: str

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        return {"event": self.event, "part": self.part, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event of the package: its place, its bytes, the path to the head, and the parts that leave."""

    index: int
    envelope: Envelope
    content: bytes
    path: tuple[bytes, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class HeldAnchor:
    """A head that time authorities stamped: its files by name, and the proof that the package's head continues it."""

    size: int
    files: Mapping[str, bytes]
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A package that another one adds to: its id, the sha256 of its signature.note, and the objects that it has whole,
    as the sha512 of their inventories by capture.
    """

    package: str
    signature: str
    objects: Mapping[str, str]

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        return {"package": self.package, "signature": self.signature}


@dataclass(frozen=True, slots=True)
class Volumes:
    """A package in volumes: the id that it has as a whole, and the id of each volume, which is a package too."""

    whole: str
    ids: tuple[str, ...]

    def plain(self) -> dict[str, Json]:
        """What the description says of it."""
        return {"ids": list(self.ids), "whole": self.whole}


@dataclass(frozen=True)
class Contents:
    """A package before it is written. `made_at` is the time of the last event under the head.

    `condition` is what the recipient may do with it, as the agreement says. `expected` are the events that the views
    know about the items: each has to be among `events`.
    """

    package: str
    log: str
    size: int
    root: bytes
    checkpoint: bytes
    made_at: str
    recipient: str
    title: str
    items: tuple[HeldItem, ...]
    captures: tuple[HeldCapture, ...]
    events: tuple[HeldEvent, ...]
    totals: Mapping[str, int]
    omitted: tuple[Omission, ...]
    withheld: tuple[Withheld, ...]
    anchors: tuple[HeldAnchor, ...] = ()
    expected: frozenset[str] = frozenset()
    since: Earlier | None = None
    volumes: Volumes | None = None
    condition: str = ""

    @property
    def number(self) -> int:
        """Which of the volumes this is, counted from 1; 0 where there are none."""
        return self.volumes.ids.index(self.package) + 1 if self.volumes is not None else 0

    def holds(self, capture: HeldCapture) -> bool:
        """Whether the object of a capture is in this very package."""
        return not capture.is_earlier and capture.volume == self.number

    def volume_of(self, item: HeldItem) -> int:
        """The volume that holds the files of an item; 0 where there are no volumes, or an earlier package does."""
        return next(one.volume for one in self.captures if one.id == item.capture)

    @cached_property
    def included(self) -> Mapping[str, int]:
        """How many events of each type are in the package."""
        return dict(sorted(Counter(one.envelope.type for one in self.events).items()))

    def description(self) -> bytes:
        """`data/package.json`: what programs read of the package, in the form of RFC 8785."""
        return canonical_json(
            {
                "captures": [one.plain() for one in self.captures],
                "format": FORMAT,
                "head": {"root": base64.b64encode(self.root).decode("ascii"), "size": self.size},
                "included": dict(self.included),
                "items": [one.plain() for one in self.items],
                "log": self.log,
                "made_at": self.made_at,
                "omitted": [one.plain() for one in self.omitted],
                "package": self.package,
                "recipient": self.recipient,
                **({"since": self.since.plain()} if self.since is not None else {}),
                "totals": dict(self.totals),
                **({"volumes": self.volumes.plain()} if self.volumes is not None else {}),
                "withheld": [one.plain() for one in self.withheld],
            }
        )


class PackageIncomplete(IntegrityError):
    """Something that hangs together with the items is neither in the package nor listed as left out."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"{len(missing)} linked entries are neither included nor listed, first {missing[0]}")
        self.missing = tuple(missing)


def require_complete(contents: Contents) -> None:
    """Raise PackageIncomplete unless every event, capture and item that belongs here is there or listed.

    The events come from the log and the lists from the views, so that what one of them lost is seen.
    """
    if missing := [*_unaccounted(contents)]:
        raise PackageIncomplete(missing)


def _unaccounted(contents: Contents) -> Iterator[str]:
    known = {one.id for one in contents.items} | {one.id for one in contents.captures}
    known |= {one.id for one in contents.omitted}
    known |= {id_ for one in contents.captures for id_, _number in one.accompanying}
    withheld = {(one.event, one.part) for one in contents.withheld}
    for event in contents.events:
        leaving = {part.name for part in event.parts}
        for name in event.envelope.parts:
            if ((event.envelope.id, name) in withheld) is (name in leaving):
                yield f"{name} of event {event.envelope.id}"
        for kind, named in _named(event.envelope):
            if named not in known:
                yield f"{kind} {named} of event {event.envelope.id}"
    included = {one.envelope.id for one in contents.events}
    yield from (f"event {one}" for one in sorted(contents.expected - included))
    yield from (f"event {one.event}" for one in contents.captures if one.event not in included)
    for kind in WHOLE:
        if contents.included.get(kind, 0) != contents.totals.get(kind, 0):
            yield f"an event {kind}"


def _named(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """The items and captures that an event names; a range of items is each of them."""
    for subject in envelope.subject:
        if subject.kind == "item" and subject.count is not None:
            yield "capture", subject.id
            yield from (("item", item_id(CaptureId(subject.id), position)) for position in range(subject.count))
        elif subject.kind in ("item", "capture"):
            yield subject.kind, subject.id

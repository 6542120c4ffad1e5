"""Hash lists: comparing somebody's with the items, and writing the items' hashes as one. Nothing else leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from casefile.errors import SheetUnusable, UsageError
from casefile.events.envelope import EventOutcome
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.records.edges import examined_after
from casefile.records.engine import Connection, reading
from casefile.records.pixels import portions
from casefile.records.protection import newest_guards
from casefile.records.queries import ItemFilter, ItemRecord, list_items
from casefile.records.tombstones import buried
from casefile.vocabulary import Tier
from casefile.vocabulary_planning import Sensitivity
from pipelines.edge_index import compared, edge_index
from pipelines.services import Services
from preservation.durable import Disk
from verification.edges import PDQ_BITS, score
from verification.hash_lists import HashList, read_list, write_list


@dataclass(frozen=True, slots=True)
class ListedMatch:
    """An item with a fingerprint near a hash of a list. `bits` of 256 differ."""

    hash: str
    item: ItemRecord
    bits: int
    tier: Tier

    @property
    def score(self) -> str:
        """1 - bits/256, as a decimal with four places."""
        return score(self.bits, PDQ_BITS)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing a list: how many hashes it has, what they are near, and lines that hold none.

    `search` is exact or approximate; `limits` say where a hash is near more items than were looked at.
    """

    hashes: int
    matches: tuple[ListedMatch, ...]
    refused: tuple[int, ...]
    search: str
    limits: tuple[str, ...]


def compare_list(services: Services, file: Path) -> Compared:
    """The items that hashes of a list are near, nearest first. Nothing is taken over; that it was asked is recorded.

    Hashes are compared as they stand, with pictures and frames as they stand and with borders cut away: a list says
    nothing of mirrored ones. Raises UsageError for what is no list.
    """
    listed = _read(file)
    if not listed.hashes:
        raise UsageError(f"{file.name} holds no PDQ hash: 64 hexadecimal digits a line, `pdq` before them or not")
    examine = services.settings.examine
    near = edge_index(services).near(listed.hashes, examine.candidate_distance_bits)
    with reading(services.engine) as connection:
        wanted = portions({item for bits in near.found for item in bits})
        items = {one.id: one for some in wanted for one in list_items(connection, ItemFilter(ids=tuple(some)))}
    matches = [
        ListedMatch(code, items[item], bits, Tier.AUTO if bits <= examine.auto_distance_bits else Tier.CANDIDATE)
        for code, found in zip(listed.hashes, near.found, strict=True)
        for item, bits in found.items()
        if item in items
    ]
    said = f"{len(listed.hashes)} hashes of a list, {len(matches)} near items, {near.search} search"
    _record(services, "duplicates match-hashes", said)
    ordered = sorted(matches, key=lambda one: (one.bits, one.item.number, one.hash))
    return Compared(len(listed.hashes), tuple(ordered), listed.refused, near.search, near.limits)


def export_list(services: Services, target: Path) -> int:
    """Write the PDQ hashes of all stills with enough information into a new file; how many there are.

    Items that are kept closely or erased are left out: a hash tells whoever has the picture that it is here. That a
    list was written is recorded, with its digest. Raises SheetUnusable where no new file can stand.
    """
    if target.exists() or not target.parent.is_dir():
        problem = "there is something by this name" if target.exists() else f"there is no folder {target.parent}"
        raise SheetUnusable(target.name, problem, "Name a new file in a folder that is there.")
    with reading(services.engine) as connection:
        hashes = set(_hashes(connection))
    content = write_list(hashes).encode("ascii")
    _record(services, "duplicates export-hashes", f"{len(hashes)} hashes, {sha256(content)}")
    Disk().create_exclusive(target, content, 0o600)
    return len(hashes)


def _hashes(connection: Connection) -> Iterator[str]:
    closely = {item for item, one in newest_guards(connection).items() if one.sensitivity is not Sensitivity.ORDINARY}
    left_out = closely | buried(connection)
    newest = {one.item: one for one in examined_after(connection, -1) if one.item not in left_out}
    for item in map(compared, newest.values()):
        for one in item.fingerprints:
            if one.frame_ms < 0 and one.region == "full" and not one.low_information:
                yield one.pdq


def _read(file: Path) -> HashList:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return read_list(lines)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file.name}: {error}") from error


def _record(services: Services, act: str, detail: str) -> None:
    body = AccessLogged(act=act, detail=detail)
    services.append(draft("access.logged", body=body, outcome=EventOutcome(status="done")))

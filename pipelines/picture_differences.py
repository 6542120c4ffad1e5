"""Where two pictures of one locator differ, as pictures in a folder: decoded and encoded anew in containment."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import hex_of
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.vocabulary import ContainmentLevel
from containment.worker import run_worker
from pipelines.examinable import Examinable, examinable
from pipelines.revisits import Visit
from pipelines.services import Services
from preservation.durable import storage_errors
from verification.revisits import Change
from verification.running import limits_for
from verification.technical.differing import DifferenceAnswer, DifferenceRequest
from verification.working_copies import working_copies

MODULE = "verification.technical.differing"
PICTURES = frozenset({"picture", "thumbnail", "video"})


@dataclass(frozen=True, slots=True)
class PictureDifference:
    """What was written of two items: the paths, and how many pixels of how many differ; none where shapes do."""

    before: str
    after: str
    files: tuple[Path, ...]
    changed: int = 0
    pixels: int = 0
    failed: str = ""

    def plain(self) -> dict[str, object]:
        """As `--json` gives it."""
        return {
            "before": self.before,
            "after": self.after,
            "files": [str(one) for one in self.files],
            "changed_pixels": self.changed,
            "pixels": self.pixels,
            "failed": self.failed or None,
        }


def write_differences(
    services: Services, visits: Sequence[Visit], folder: Path, level: ContainmentLevel
) -> list[PictureDifference]:
    """Write, for each picture that changed between visits, both and where they differ into a new folder; record it.

    Raises UsageError for a folder that is there, and where no picture changed.
    """
    if folder.exists():
        raise UsageError(f"{folder.name} is there already; name a new folder")
    roles = {item.label: item.role for visit in visits for item in visit.items}
    changed = [
        (one.before, one.after)
        for visit in visits
        for one in visit.differences
        if one.change is Change.CHANGED and roles.get(one.after) in PICTURES and one.before
    ]
    if not changed:
        raise UsageError("no picture changed between these visits")
    with storage_errors("pictures", folder):
        folder.mkdir(mode=0o700)
    return [_write(services, before, after, folder, level) for before, after in changed]


def _write(services: Services, before: str, after: str, folder: Path, level: ContainmentLevel) -> PictureDifference:
    with reading(services.engine) as connection:
        items = find_items(connection, [before, after])
    found = examinable(services, items)
    if len(found) < len(items):
        return PictureDifference(before, after, (), failed="one of the two has no single file")
    work = services.workspace.work / f"differing-{secrets.token_hex(8)}"
    work.mkdir(parents=True, mode=0o700)
    try:
        answer = _ask(found, work, level)
        with storage_errors("pictures", folder):
            files = tuple(
                _keep(work / "out" / path, folder / f"{before}-{after}-{path}")
                for path in (answer.before, answer.after, answer.difference)
                if path
            )
    finally:
        shutil.rmtree(work)
    services.append(
        draft(
            "access.logged",
            *(Subject(kind="item", id=item.id) for item in items),
            body=AccessLogged(act="difference written", detail=f"{len(files)} pictures"),
            outcome=EventOutcome(status="done"),
        )
    )
    return PictureDifference(before, after, files, answer.changed, answer.pixels, answer.failed)


def _ask(found: Sequence[Examinable], work: Path, level: ContainmentLevel) -> DifferenceAnswer:
    one, other = (hex_of(each.original.sha256) for each in found)
    with working_copies(work / "inputs", [each.original for each in found]):
        asked = DifferenceRequest(before=one, after=other).plain()
        result = run_worker(
            MODULE, asked, work / "inputs", work / "out", limits=limits_for(2), egress=None, level=level
        )
    return DifferenceAnswer.model_validate(result.answer)


def _keep(source: Path, target: Path) -> Path:
    shutil.copyfile(source, target)
    return target

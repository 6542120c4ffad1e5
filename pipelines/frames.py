"""Pictures to search by: keyframes of a video, or a picture, encoded anew in containment and put into a folder.

Casefile searches nowhere with them. Whoever does, does it by hand and records it as a step (`reverse-search`).
"""

from __future__ import annotations

import secrets
import shutil
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
from pipelines.examinable import examinable
from pipelines.previewing import MODULE, NoPreview
from pipelines.services import Services
from preservation.durable import storage_errors
from verification.running import limits_for
from verification.technical.previews import PreviewsAnswer, PreviewsRequest
from verification.working_copies import working_copies

KEYFRAMES = 24
LONGER_SIDE = 1_280


def write_frames(services: Services, text: str, folder: Path, level: ContainmentLevel) -> list[Path]:
    """Write the pictures of one item into a new folder, and record it; their paths, in the order of time.

    Raises UnknownItem, UsageError for a folder that is there, and NoPreview for what no picture can be made of.
    """
    if folder.exists():
        raise UsageError(f"{folder.name} is there already; name a new folder")
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
    found = examinable(services, [item])
    if not found:
        raise NoPreview(item.label, "it has no single file")
    name = hex_of(found[0].original.sha256)
    work = services.workspace.work / f"frames-{secrets.token_hex(8)}"
    work.mkdir(parents=True, mode=0o700)
    try:
        with working_copies(work / "inputs", [found[0].original]):
            asked = PreviewsRequest(files=(name,), longer_side=LONGER_SIDE, keyframes=KEYFRAMES).plain()
            limits = limits_for(1)
            result = run_worker(MODULE, asked, work / "inputs", work / "out", limits=limits, egress=None, level=level)
        answer = PreviewsAnswer.model_validate(result.answer)
        if name not in answer.previews:
            raise NoPreview(item.label, answer.failed.get(name, "nothing came of it"))
        made = answer.frames.get(name) or (answer.previews[name],)
        with storage_errors("keyframes", folder):
            folder.mkdir(mode=0o700)
            written = [folder / f"{item.label}-{one.partition('-')[2] or 'picture.jpg'}" for one in made]
            for one, target in zip(made, written, strict=True):
                shutil.copyfile(work / "out" / one, target)
    finally:
        shutil.rmtree(work)
    services.append(
        draft(
            "access.logged",
            Subject(kind="item", id=item.id),
            body=AccessLogged(act="keyframes written", detail=f"{len(written)} pictures"),
            outcome=EventOutcome(status="done"),
        )
    )
    return written

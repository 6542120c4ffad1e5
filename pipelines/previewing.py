"""Opening an item: a large preview, decoded and encoded anew in containment. Nobody's viewer gets collected bytes."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from casefile.digests import hex_of
from casefile.errors import VerificationError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.vocabulary import ContainmentLevel
from containment.worker import run_worker
from pipelines.examinable import examinable, picture_of
from pipelines.services import Services
from verification.running import limits_for
from verification.technical.previews import PreviewsAnswer, PreviewsRequest
from verification.working_copies import working_copies

LARGE = "large"
MODULE = "verification.technical.previews"


class NoPreview(VerificationError):
    """An item cannot be shown as a picture."""

    def __init__(self, item: str, why: str) -> None:
        super().__init__(f"{item} cannot be shown: {why}")
        self.item = item
        self.why = why

    def advice(self) -> str:
        return "Use `casefile show` for what is known of it, and `casefile items --html DIR` for its text."


def open_preview(services: Services, text: str, level: ContainmentLevel) -> Path:
    """The large preview of the item of that id or number, of a page its picture; that it was opened is recorded.

    Raises UnknownItem, or NoPreview for what no picture can be made of.
    """
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
    if item.erased_at:
        raise NoPreview(item.label, f"it was erased on {item.erased_at[:10]}")
    original = picture_of(services, item) or next((one.original for one in examinable(services, [item])), None)
    if original is None:
        raise NoPreview(item.label, "it has no single file")
    name = hex_of(original.sha256)
    target = services.workspace.previews / LARGE / f"{name}.jpg"
    folder = services.workspace.work / f"preview-{secrets.token_hex(8)}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        with working_copies(folder / "inputs", [original]):
            asked = PreviewsRequest(files=(name,)).plain()
            out = folder / "out"
            result = run_worker(MODULE, asked, folder / "inputs", out, limits=limits_for(1), egress=None, level=level)
        answer = PreviewsAnswer.model_validate(result.answer)
        if name not in answer.previews:
            raise NoPreview(item.label, answer.failed.get(name, "nothing came of it"))
        target.parent.mkdir(parents=True, exist_ok=True)
        (out / answer.previews[name]).replace(target)
    finally:
        shutil.rmtree(folder)
    services.append(
        draft(
            "access.logged",
            Subject(kind="item", id=item.id),
            body=AccessLogged(act="preview opened"),
            outcome=EventOutcome(status="done"),
        )
    )
    return target


def show_preview(preview: Path, environment: Mapping[str, str]) -> bool:
    """Hand a preview to the desktop's viewer; False where there is no desktop."""
    viewer = shutil.which("xdg-open")
    if viewer is None or not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return False
    subprocess.Popen([viewer, str(preview)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return True

"""The worker of `casefile browse`: the same capture, of a page that a person drives first."""

from __future__ import annotations

from pathlib import Path

from casefile.canonical import Json
from collectors.browser.capture import capture
from collectors.interface import CaptureRequest
from containment.channel import connected


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture `request` (CaptureRequest) below `out` once a person says so on the channel of `inputs`."""
    channel = connected(inputs)
    try:
        return capture(CaptureRequest.model_validate(request), out, channel).plain()
    finally:
        channel.close()

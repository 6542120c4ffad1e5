"""A worker that tries the yt-dlp that it meets on known answers, without network, before any capture relies on it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import yt_dlp
import yt_dlp.version

from collectors.ytdlp.matching import key_for

KNOWN = {
    "https://www.youtube.com/watch?v=BaW_jenozKc": "Youtube",
    "https://vimeo.com/76979871": "Vimeo",
    "https://www.tiktok.com/@leenabhushan/video/6748451240264420610": "TikTok",
    "https://t.me/europa_press/613": "TelegramEmbed",
}
"""Locators of the shapes that yt-dlp's own extractors give as examples, and which of them takes each."""
OURS = ("capture", "batch", "listing", "streams", "transport")
"""What a capture needs of it: each of these fails to import when yt-dlp no longer has what they build upon."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Any]:
    """Which trials gave the known answer, which did not; `version` and `path` of what was tried."""
    trials = {f"version {request['version']}": yt_dlp.version.__version__ == request["version"]}
    trials |= {f"{key} takes its locator": key_for(locator) == key for locator, key in KNOWN.items()}
    for name in OURS:
        trials[f"what `{name}` builds upon is there"] = _imports(name)
    return {
        "passed": [name for name, good in trials.items() if good],
        "failed": [name for name, good in trials.items() if not good],
        "path": str(Path(yt_dlp.__file__).parent),
    }


def _imports(name: str) -> bool:
    try:
        importlib.import_module(f"collectors.ytdlp.{name}")
    except (ImportError, AttributeError):
        return False
    return True

"""By which method pages are taken that nobody named one for: what the settings wish, and what this machine can do."""

from __future__ import annotations

from casefile.settings import CaptureSettings
from casefile.vocabulary import ContainmentLevel, Purpose
from collectors.choosing import Pages
from containment.sandbox import available
from containment.tools import find_program

SHOWN, SENT = "browser", "http"


def pages_for(settings: CaptureSettings, purpose: Purpose, level: ContainmentLevel) -> Pages:
    """The method for pages and why; `http` in place of `browser` where that is lacking something, which it says."""
    if settings.pages == SENT:
        return Pages(SENT, "as it is sent: capture.pages is http")
    if settings.pages == "purpose" and purpose is Purpose.WORK:
        return Pages(SENT, "as it is sent: the purpose is work")
    wish = "capture.pages is browser" if settings.pages == SHOWN else f"the purpose is {purpose}"
    if lack := _lacking(level):
        return Pages(SENT, f"as it is sent, though {wish}: {lack}")
    return Pages(SHOWN, f"as a browser shows it: {wish}")


def _lacking(level: ContainmentLevel) -> str:
    """What the method `browser` has not got here; empty where it has everything."""
    if find_program("chromium") is None:
        return "Chromium is not installed"
    if level is not ContainmentLevel.FULL:
        return "a browser takes full containment"
    return "" if available().full else "full containment is not there"

"""The scripts that are run in a page, each with its name, version and digest. They run in a world of their own."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256


@dataclass(frozen=True, slots=True)
class Script:
    """A script; `name` ends in its version."""

    name: str
    source: str

    @property
    def digest(self) -> str:
        return sha256(self.source.encode("utf-8"))


@functools.cache
def script(name: str) -> Script:
    """The script of that name."""
    return Script(name, Path(__file__).with_name("scripts").joinpath(f"{name}.js").read_text("utf-8"))


FACTS, FRAME, SCROLL, TOP, CONSENT, FOCUS = "facts-1", "frame-1", "scroll-1", "top-1", "consent-1", "focus-1"


@functools.cache
def reference() -> str:
    """The source of the reference page."""
    return Path(__file__).with_name("scripts").joinpath("reference-1.html").read_text("utf-8")

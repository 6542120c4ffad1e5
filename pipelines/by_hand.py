"""Captures that a person takes part in: how they reach the call, for how long, and what is recorded of the choice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collectors.browser.assisted_spec import SPEC as ASSISTED

__all__ = ["ASSISTED", "REASON", "ByHand"]

REASON = "assisted: a person drove the page, by `casefile browse`"


@dataclass(frozen=True, slots=True)
class ByHand:
    """`folder` holds the channel and becomes the inputs of the call; a person has it for `most_s` seconds at most."""

    folder: Path
    most_s: int

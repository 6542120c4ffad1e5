"""What `doctor` says of containment: the level, why not more, and each thing that the weak level lacks."""

from __future__ import annotations

import pytest

from containment.sandbox import Availability
from pipelines.doctor import containment_here


def test_the_weak_level_says_why_and_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.doctor.available", lambda: Availability(False, "no bubblewrap"))
    found = containment_here()
    assert (found["level"], found["reason"]) == ("weak", "no bubblewrap")
    lacking = [one.partition(":")[0] for one in found["lacks"]]
    assert lacking == ["network", "files", "processes", "privileges", "recording"]


def test_the_full_level_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.doctor.available", lambda: Availability(True))
    assert containment_here() == {"level": "full", "reason": "", "lacks": []}

"""By which method a page is taken when nobody named one: what is wished for, and what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefile.settings import CaptureSettings
from casefile.vocabulary import ContainmentLevel, Purpose
from collectors.choosing import Pages
from containment.sandbox import Availability
from pipelines import page_methods
from pipelines.page_methods import pages_for

FULL, WEAK = ContainmentLevel.FULL, ContainmentLevel.WEAK


@pytest.fixture(autouse=True)
def everything_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_methods, "find_program", lambda name: Path("/usr/bin", name))
    monkeypatch.setattr(page_methods, "available", lambda: Availability(True))


def pages(wish: str, purpose: Purpose = Purpose.WORK, level: ContainmentLevel = FULL) -> Pages:
    return pages_for(CaptureSettings.model_validate({"pages": wish}), purpose, level)


def test_material_for_a_court_or_a_decision_is_shown_and_work_product_is_kept_as_sent() -> None:
    assert CaptureSettings().pages == "purpose"
    assert pages("purpose").method == "http"
    for purpose in (Purpose.COURT, Purpose.DECISION):
        assert pages("purpose", purpose) == Pages("browser", f"as a browser shows it: the purpose is {purpose}")


def test_the_setting_comes_before_the_purpose() -> None:
    assert pages("browser").method == "browser"
    assert pages("http", Purpose.COURT) == Pages("http", "as it is sent: capture.pages is http")


@pytest.mark.parametrize(
    ("missing", "said"), [("chromium", "Chromium is not installed"), ("containment", "full containment is not there")]
)
def test_where_the_browser_is_not_to_be_had_http_takes_its_place_and_says_why(
    missing: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "chromium":
        monkeypatch.setattr(page_methods, "find_program", lambda _name: None)
    else:
        monkeypatch.setattr(page_methods, "available", lambda: Availability(False, "none"))
    found = pages("purpose", Purpose.COURT)
    assert (found.method, found.why) == ("http", f"as it is sent, though the purpose is court: {said}")


def test_no_page_is_given_to_a_browser_without_full_containment() -> None:
    assert pages("browser", level=WEAK).method == "http"
    assert "full containment" in pages("browser", level=WEAK).why

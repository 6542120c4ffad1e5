"""What `casefile browse` captures by: the browser, driven by a person. It is chosen for nothing."""

from __future__ import annotations

from dataclasses import replace

from collectors.browser.spec import SPEC as BROWSER

SPEC = replace(
    BROWSER,
    name="browse",
    summary="A page as Chromium shows it once a person has driven it there; what they did is kept with it.",
    module="collectors.browser.assisted",
)

"""Why there is no page, and which method is to be tried in the browser's place. Without any browser."""

from __future__ import annotations

import pytest

from casefile.vocabulary import Cause
from collectors.browser.answer import failure
from collectors.browser.protocol import Protocol
from collectors.browser.traffic import Request, Traffic
from collectors.browser.visit import NotShown, Visit


@pytest.mark.parametrize(("status", "suggested"), [(200, "http"), (0, "")])
def test_a_page_that_answers_and_holds_the_browser_up_is_left_to_the_method_for_files(
    status: int, suggested: str
) -> None:
    traffic = Traffic()
    at = "2026-05-04T08:00:00Z"
    traffic.requests.append(Request(1, "1", "Document", "GET", "https://example.test/", "top", "l", at, status))
    visit = Visit(Protocol(0, 0, 0.0), "page", "top", traffic, 5)
    assert failure(NotShown(Cause.TIMEOUT, "it took too long"), visit).suggests == suggested

"""Causes: each belongs to outcomes, each has advice, and a server's wishes have a limit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from casefile.vocabulary import Cause, Outcome
from collectors.outcomes import MEANINGS, advice, outcomes_of, retry_after_s, retryable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_outcomes_and_advice(cause: Cause) -> None:
    assert outcomes_of(cause)
    assert Outcome.ALREADY not in outcomes_of(cause)
    assert advice(cause).endswith(".")


def test_the_table_is_the_one_of_the_design() -> None:
    by_outcome = {
        outcome: {cause.value for cause in Cause if outcome in outcomes_of(cause)}
        for outcome in (Outcome.REFUSED, Outcome.PARTIAL, Outcome.CAPTURED)
    }
    assert by_outcome == {
        Outcome.REFUSED: {"blocked-by-policy", "unsupported"},
        Outcome.PARTIAL: {"truncated", "encoding-damaged", "too-large", "timeout", "parts-missing"},
        Outcome.CAPTURED: {"http-status", "not-the-content", "session-expired", "challenge"},
    }
    assert set(MEANINGS) == set(Cause)


def test_only_what_time_can_mend_is_tried_again() -> None:
    again = {cause.value for cause in Cause if retryable(cause)}
    assert {"dns", "connection-refused", "reset", "timeout", "truncated", "interrupted"} <= again
    assert not again & {"blocked-by-policy", "unsupported", "tls", "malformed", "too-large", "login-needed", "region"}
    assert not again & {"session-expired", "challenge"}, "a person has to act first"


@pytest.mark.parametrize(("status", "again"), [(404, False), (403, False), (410, False), (429, True), (503, True)])
def test_a_status_decides_whether_to_try_again(status: int, again: bool) -> None:
    assert retryable(Cause.HTTP_STATUS, status) is again


def test_advice_never_says_that_anything_was_deleted() -> None:
    assert not [cause for cause in Cause if "was deleted" in advice(cause, 404)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("315360000", 86_400),
        ("9" * 5_000, 86_400),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        ("٣", 0),
        ("Thu, 01 Jan 2026 00:10:00 GMT", 600),
        ("Thu, 01 Jan 2026 00:10:00", 600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 99 Jan 2026 00:10:00 GMT", 0),
    ],
)
def test_retry_after_is_believed_for_a_day_at_most(value: str, seconds: int) -> None:
    assert retry_after_s(value, NOW) == seconds

"""The selftest that a capture cites."""

from __future__ import annotations

from datetime import datetime

from casefile.clock import parse_rfc3339
from casefile.model import SelftestCited
from casefile.records.acts import last_act
from casefile.records.engine import reading
from pipelines.services import Services


def last_selftest(services: Services, now: datetime) -> SelftestCited:
    """The newest selftest in the log as a capture cites it; one that the clock puts in the future has age 0."""
    with reading(services.engine) as connection:
        found = last_act(connection, "tool.tested", subject="[]")
    if found is None:
        return SelftestCited()
    age_s = int((now - parse_rfc3339(found.done_at)).total_seconds())
    return SelftestCited(event=found.event, status=found.status or "", age_s=max(age_s, 0))

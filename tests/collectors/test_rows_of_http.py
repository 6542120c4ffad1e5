"""Every behaviour of a hostile server, met in the sandbox: typed within 60 s and 1 GiB, the worker alive."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sites.capturing import request_for
from sites.hostile import HostileSite, Visit

from casefile.model import Received
from casefile.vocabulary import ContainmentLevel
from containment.sandbox import available
from containment.worker import EgressPolicy, Limits, open_worker

from .test_http_outcomes import TABLE

LONGEST_S = 60
LIMITS = Limits(wall_s=LONGEST_S, cpu_s=60, memory_bytes=1 << 30, file_bytes=1 << 30, output_bytes=1 << 30)
ODD_TIMES = {
    "/date-9999": "Date: Fri, 31 Dec 9999 23:59:59 GMT",
    "/date-negative": "Date: Mon, 01 Jan -001 00:00:00 GMT",
    "/date-nonsense": "Date: yesterday",
    "/modified-in-future": "Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT",
    "/etag-odd": 'ETag: W/"\x01\xff' + "e" * 4000 + '"',
}


def dated(header: str):
    def answer(visit: Visit) -> None:
        visit.send(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{header}\r\nContent-Length: 2900\r\n\r\n", b"word " * 580
        )

    return answer


def different(visit: Visit) -> None:
    """Another body for each who asks."""
    visit.respond("word " * 600 + str(len(visit.site.requests)), content_type="text/plain")


@pytest.mark.campaign
def test_every_behaviour_ends_typed_within_its_bounds_and_the_worker_lives(
    hostile_site: HostileSite, tmp_path: Path
) -> None:
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    hostile_site.behaviours |= {path: dated(header) for path, header in ODD_TIMES.items()} | {"/different": different}
    expected = {**TABLE, **dict.fromkeys((*ODD_TIMES, "/different"), ("captured", None, "present"))}
    policy = EgressPolicy(allow=(hostile_site.address,), ports=(80, 443))
    level, module = ContainmentLevel.FULL, "collectors.http.capture"
    peak = 0
    with open_worker(module, inputs=None, out=tmp_path, egress=policy, level=level) as worker:
        for number, (path, (outcome, cause, content)) in enumerate([*expected.items(), ("/page", TABLE["/page"])]):
            began = time.monotonic()
            result = worker.call(request_for(hostile_site.url(path), ""), f"c{number}", LIMITS)
            assert time.monotonic() - began < LONGEST_S, path
            peak = max(peak, result.peak_memory_bytes)
            received = Received.model_validate(result.answer)
            found = (received.outcome.value, received.cause and received.cause.value)
            assert found == (outcome, cause), (path, received.detail)
            assert [one.content.value for one in received.items] == ([content] if content else []), path
    assert peak <= LIMITS.memory_bytes

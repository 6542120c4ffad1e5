"""The method `http` where it really runs: in a sandbox, with the egress broker as its only way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sites.capturing import Captured, request_for
from sites.hostile import HostileSite, Visit

from casefile.model import Contact, Received
from casefile.vocabulary import Cause, ContainmentLevel, Outcome
from containment.worker import EgressPolicy, Limits, Worker, open_worker

LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=1 << 30, file_bytes=1 << 30, output_bytes=1 << 30)


class Collector:
    """One open worker; each call has a folder of its own."""

    def __init__(self, worker: Worker, out: Path) -> None:
        self._worker = worker
        self._out = out
        self._count = 0
        self.contacts: tuple[Contact, ...] = ()
        self.peak_memory_bytes = 0

    def capture(self, locator: str, **limits: int) -> Captured:
        self._count += 1
        name = f"call-{self._count}"
        # The broker's address is the containment's to give.
        result = self._worker.call(request_for(locator, "", **limits), name, LIMITS)
        self.contacts = result.contacts
        self.peak_memory_bytes = result.peak_memory_bytes
        return Captured(Received.model_validate(result.answer), self._out / name)


@pytest.fixture
def collector(request: pytest.FixtureRequest, hostile_site: HostileSite, tmp_path: Path) -> Iterator[Collector]:
    """Allowed to reach the hostile site and nothing else that is not public; in full containment unless asked."""
    level = getattr(request, "param", ContainmentLevel.FULL)
    out = tmp_path / "outputs"
    out.mkdir()
    policy = EgressPolicy(allow=(hostile_site.address,), ports=(80, 443))
    with open_worker("collectors.http.capture", inputs=None, out=out, egress=policy, level=level) as worker:
        yield Collector(worker, out)


at_both_levels = pytest.mark.parametrize("collector", list(ContainmentLevel), indirect=True)


@at_both_levels
def test_one_worker_captures_one_address_after_another(collector: Collector, hostile_site: HostileSite) -> None:
    for path, outcome, cause in (
        ("/page", Outcome.CAPTURED, None),
        ("/chain/2", Outcome.CAPTURED, None),
        ("/reset", Outcome.FAILED, Cause.RESET),
        ("/reset-in-body", Outcome.PARTIAL, Cause.TRUNCATED),
        ("/hang", Outcome.FAILED, Cause.TIMEOUT),
        ("/gzip-bomb", Outcome.PARTIAL, Cause.TOO_LARGE),
        ("/two-lengths", Outcome.FAILED, Cause.MALFORMED),
        ("/status/404", Outcome.CAPTURED, Cause.HTTP_STATUS),
        ("/gzip", Outcome.CAPTURED, None),
    ):
        captured = collector.capture(hostile_site.url(path))
        assert (captured.received.outcome, captured.received.cause) == (outcome, cause), path
        assert captured.files() == {file.path for file in captured.received.files}
    assert captured.records("response")[0].block == bytes(hostile_site.sent[-1])


@at_both_levels
def test_the_peer_is_the_one_that_the_broker_connected(collector: Collector, hostile_site: HostileSite) -> None:
    captured = collector.capture(hostile_site.url("/page"))
    assert captured.received.exchanges[0].peer == hostile_site.address
    (contact,) = collector.contacts
    assert f"{contact.address}:{contact.port}" == hostile_site.address
    assert contact.allowance == hostile_site.address
    assert captured.records("response")[0].headers["WARC-IP-Address"] == "127.0.0.1"


@at_both_levels
def test_a_redirect_into_the_machine_is_refused_before_a_packet(
    collector: Collector, hostile_site: HostileSite
) -> None:
    with HostileSite() as private:
        for status in (301, 302, 303, 307, 308):
            path = f"/redirect?status={status}&to={private.url('/page')}"
            received = collector.capture(hostile_site.url(path)).received
            assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)
            assert [exchange.status for exchange in received.exchanges] == [status, 0]
            refused = [contact for contact in collector.contacts if contact.refused]
            assert [contact.host for contact in refused] == ["127.0.0.1"]
        assert private.connections == 0


SPELLINGS = (
    "localhost",
    "LOCALHOST.",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "100.64.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "user@127.0.0.1",
)


def test_no_spelling_of_a_private_address_gets_through(collector: Collector, hostile_site: HostileSite) -> None:
    with HostileSite() as private:
        port = private.address.rpartition(":")[2]
        for host in SPELLINGS:
            for locator in (f"http://{host}:{port}/", hostile_site.url(f"/redirect?to=//{host}:{port}/")):
                received = collector.capture(locator).received
                assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY), locator
        assert private.connections == 0


def test_a_name_that_does_not_exist_is_dns(collector: Collector) -> None:
    received = collector.capture("http://does-not-exist.invalid/").received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.DNS)


def test_an_address_that_nobody_listens_at_is_refused_by_it(collector: Collector, hostile_site: HostileSite) -> None:
    locator = hostile_site.url("/page")
    hostile_site.close()
    received = collector.capture(locator).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.CONNECTION_REFUSED)


def test_memory_stays_flat_while_a_body_grows(collector: Collector, hostile_site: HostileSite) -> None:
    small = collector.capture(hostile_site.url("/big?bytes=1000000"), max_bytes=1 << 30)
    before = collector.peak_memory_bytes
    large = collector.capture(
        hostile_site.url("/big?bytes=100000000"), max_bytes=1 << 30, max_decoded_bytes=1 << 30, deadline_s=60
    )
    assert small.received.outcome is large.received.outcome is Outcome.CAPTURED
    assert large.item.wire_bytes == 100_000_000
    assert collector.peak_memory_bytes - before < 16 << 20


def test_a_hostile_page_leaves_the_worker_alive(collector: Collector, hostile_site: HostileSite) -> None:
    def deep(visit: Visit) -> None:
        visit.respond(b"<!doctype html><title>x</title>" + b"<div>" * 200_000)

    hostile_site.behaviours["/deep"] = deep
    assert collector.capture(hostile_site.url("/deep")).item.title == "x"
    assert collector.capture(hostile_site.url("/markup-bomb")).item.title == "x"
    assert collector.capture(hostile_site.url("/page")).received.outcome is Outcome.CAPTURED

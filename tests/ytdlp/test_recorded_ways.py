"""Recording behind a proxy, and without: what passed is kept, a proxy that dies ends the capture, and nothing goes
around it; a site that will have no recorder passes marked, and no record of it is called `wire`.

The site has a name that only the proxy knows, so that a direct connection is seen as one more than the proxy made.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from identities.desk import Desk
from sites import proxies
from sites.hostile import HostileSite
from warcio.archiveiterator import ArchiveIterator

from casefile.vocabulary import Outcome
from containment.sandbox import available
from containment.worker import RecordingPolicy

KINDS = {"http": proxies.serve_http, "socks5": proxies.serve_socks}
NAME = "site.example"
WIRE = "record/wire.warc.gz"

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(not available().full, reason=f"full containment: {available().reason}"),
]


@pytest.fixture
def film(media: Path) -> bytes:
    """A film with a megabyte of padding behind its end."""
    return (media / "a.mp4").read_bytes() + ((1 << 20) + 8).to_bytes(4, "big") + b"free" + bytes(1 << 20)


@pytest.fixture
def secured(film: bytes) -> Iterator[HostileSite]:
    with HostileSite({"/a.mp4": lambda visit: visit.respond(film, content_type="video/mp4")}) as site:
        yield site


@pytest.fixture
def desk(tmp_path: Path, secured: HostileSite, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An investigation that records, and that holds the root of the site's certificate for a public one."""

    def policy(settings: Any, **asked: bool) -> RecordingPolicy:
        return RecordingPolicy(1 << 30, unrecorded=settings.egress.unrecorded, roots=(secured.certificates.root,))

    monkeypatch.setattr("pipelines.egress_policy.recording_policy", policy)
    desk = Desk(tmp_path, SimpleNamespace(site=secured, url=secured.url)).open("case")  # type: ignore[arg-type]
    desk.settings |= {
        "CASEFILE_EGRESS__RECORD": "true",
        "CASEFILE_EGRESS__PORTS": json.dumps([port_of(secured)]),
        "CASEFILE_CAPTURE__CONNECT_TIMEOUT_S": "5",
        "CASEFILE_CAPTURE__WORKERS": "1",
    }
    return desk


def port_of(site: HostileSite) -> int:
    return int(site.tls_address().rpartition(":")[2])


def through(desk: Desk, proxy: proxies.Proxy, kind: str) -> None:
    desk.settings["CASEFILE_EGRESS__UPSTREAM"] = f"{kind}://{proxy.address}"


def contacts_of(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(facts["circumstances"]["contacts"])


@pytest.mark.parametrize("kind", KINDS)
def test_behind_a_proxy_what_passed_is_recorded_byte_for_byte(kind: str, desk: Desk, secured: HostileSite) -> None:
    with KINDS[kind]({NAME: ("127.0.0.1", port_of(secured))}) as proxy:
        through(desk, proxy, kind)
        (result,) = desk.collect(secured.url("/a.mp4", tls="good", host=NAME), identity="", method="ytdlp")
    assert (result.outcome, result.cause) == (Outcome.CAPTURED, None), result.detail
    facts = desk.facts(result)
    for contact in contacts_of(facts):
        said = (contact["upstream"], contact["recording"], contact["address"], contact["resolved"])
        assert said == (f"{kind}://{proxy.address}", "whole", "", [])
    with desk.services() as services, services.vault.open_content(facts["object_id"], WIRE) as stream:
        kept = [(one.rec_type, one.raw_stream.read()) for one in ArchiveIterator(stream, no_record_parse=True)]
    assert [block for name, block in kept if name == "request"] == [seen.raw for seen in secured.requests]
    assert {(one.host, one.port) for one in proxy.asked} == {(NAME, port_of(secured))}
    assert secured.connections == len(proxy.asked)


@pytest.mark.parametrize(("kind", "method"), [("http", "ytdlp"), ("socks5", "ytdlp"), ("socks5", "http")])
def test_a_proxy_that_dies_in_the_middle_ends_the_capture_and_nothing_goes_around_it(
    kind: str, method: str, desk: Desk, secured: HostileSite
) -> None:
    """The media method behind the recorder; `http`, which records itself, over plain http."""
    tls = "good" if method == "ytdlp" else ""
    locator = secured.url("/a.mp4", tls=tls, host=NAME)
    port = int(locator.rpartition(":")[2].partition("/")[0])
    desk.settings["CASEFILE_EGRESS__PORTS"] = json.dumps([port])
    with KINDS[kind]({NAME: ("127.0.0.1", port)}, dies_after=200_000) as proxy:
        through(desk, proxy, kind)
        first, second = desk.collect(locator, locator, identity="", method=method)
    assert proxy.dead.is_set()
    assert (first.outcome, first.cause) == (Outcome.PARTIAL, "truncated")
    assert (second.outcome, second.cause) == (Outcome.FAILED, "tool-failed")
    assert "nothing was asked for around it" in second.detail
    assert secured.connections == len(proxy.asked)


def carry(visitor: socket.socket, site: socket.socket) -> None:
    """Between the two until both have ended."""
    with visitor, site:
        back = threading.Thread(target=proxies.pump, args=(site, visitor), daemon=True)
        back.start()
        proxies.pump(visitor, site)
        back.join(10)


@contextmanager
def refusing_once(address: str) -> Iterator[int]:
    """The port of a place before a site at `address` that hangs up on the first who comes, which is the recorder."""
    host, _, port = address.rpartition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    come: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:
                return
            come.append(visitor.recv(1 << 16, socket.MSG_PEEK))
            if len(come) == 1:
                visitor.close()
                continue
            site = socket.create_connection((host, int(port)))
            threading.Thread(target=carry, args=(visitor, site), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_site_that_refuses_the_recorder_passes_marked_and_its_records_are_reconstructed(
    desk: Desk, secured: HostileSite
) -> None:
    desk.settings["CASEFILE_EGRESS__UNRECORDED"] = "pass"
    with refusing_once(secured.tls_address()) as port:
        desk.settings["CASEFILE_EGRESS__ALLOW"] = json.dumps([f"127.0.0.1:{port}"])
        (result,) = desk.collect(f"https://127.0.0.1:{port}/a.mp4", identity="", method="ytdlp")
    assert (result.outcome, result.cause) == (Outcome.CAPTURED, None), result.detail
    facts = desk.facts(result)
    marks = [contact["recording"] for contact in contacts_of(facts)]
    assert marks
    assert all(mark.startswith("not recorded: ") for mark in marks)
    records = [file for file in facts["files"] if file["kind"] == "record"]
    assert records
    assert {file["fidelity"] for file in records} == {"reconstructed"}
    assert WIRE not in {file["path"] for file in facts["files"]}

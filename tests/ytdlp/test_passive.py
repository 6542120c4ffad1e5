"""What a site learns from the requests of the method: one user agent, no page that we came from, no other method."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from yt_dlp.networking import Request

from casefile.vocabulary import Cause
from collectors.interface import CaptureRequest
from collectors.ytdlp.extraction import Extraction
from collectors.ytdlp.faults import WireFault
from collectors.ytdlp.recording import Recorder, exchange_of

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile import HostileSite

from containment.broker import Broker, EgressPolicy

TELLING = {"Referer": "http://a.test/", "Origin": "http://a.test", "Sec-Fetch-Mode": "navigate", "User-Agent": "Other"}


@pytest.fixture
def hostile():
    with HostileSite() as site:
        yield site


@pytest.fixture
def extraction(hostile, limits, tmp_path):
    import socket

    broker = Broker(EgressPolicy((hostile.address,)))
    listener = socket.create_server(("127.0.0.1", 0))
    broker.serve(listener)
    opened = []

    def opening(*methods: str) -> Extraction:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        asked = CaptureRequest(
            locator="", limits=limits, user_agent="Ours/1", accept_language="en", proxy=proxy, methods=methods
        )
        opened.append(Extraction(asked, Recorder(tmp_path, asked.limits)))
        return opened[-1]

    yield opening
    for one in opened:
        one.close()
    broker.close()


def test_no_request_says_where_it_comes_from_and_all_have_one_user_agent(extraction, hostile) -> None:
    one = extraction("GET", "HEAD")
    for method in ("GET", "HEAD"):
        one.urlopen(Request(hostile.url("/page"), headers=TELLING, method=method)).read()
    heads = [seen.raw.lower() for seen in hostile.requests]
    assert len(heads) == 2
    for head in heads:
        assert head.count(b"user-agent: ours/1") == head.count(b"user-agent:") == 1
        assert not any(name in head for name in (b"referer", b"origin", b"sec-"))
    altered = {(told.kind, told.what): told.count for told in one.recorder.altered.told()}
    assert altered["withheld", "header Referer"] == altered["replaced", "header User-Agent"] == 2


def test_another_method_is_refused_and_listed(extraction, hostile) -> None:
    one = extraction("GET", "HEAD")
    with pytest.raises(WireFault) as refused:
        one.urlopen(Request(hostile.url("/page"), data=b"{}"))
    assert refused.value.why is Cause.BLOCKED_BY_POLICY
    assert hostile.requests == []
    assert [(told.kind, told.what) for told in one.recorder.altered.told()] == [("refused", "method POST")]


def test_a_post_that_the_policy_lets_out_is_recorded_with_its_digest(extraction, hostile) -> None:
    one = extraction("GET", "HEAD", "POST")
    one.urlopen(Request(hostile.url("/page"), data=b"{}")).read()
    (told,) = map(exchange_of, one.recorder.transfers)
    digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert (told.method, told.sent_bytes, told.sent_sha256) == ("POST", 2, digest)

"""Fetch workers and the broker together: what they may reach, what is recorded, and what the weak level does not do."""

from __future__ import annotations

import http.server
import shutil
import threading

import pytest

from casefile.vocabulary import ContainmentLevel
from containment.worker import EgressPolicy, WorkerFailed


class Site(http.server.BaseHTTPRequestHandler):
    """A page at /page; everything else redirects with the status and to the place that its path names."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, status, place = self.path.split("/", 2) if self.path != "/page" else ("", "200", "")
        body = b"a page" if status == "200" else b""
        self.send_response(int(status))
        if place:
            self.send_header("Location", place)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *arguments: object) -> None:
        pass


@pytest.fixture
def site():
    """A site on loopback, as host:port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_allowed_host_is_fetched_from_and_recorded(opening, level, limits, site) -> None:
    with opening("fetching", level, egress=EgressPolicy(allow=(site,))) as worker:
        result = worker.call({"locators": [f"http://{site}/page", f"http://{site}/page"]}, "o", limits)
    assert result.answer["fetched"] == ["200 a page", "200 a page"]
    assert result.answer["proxy"] == result.answer["variable"]
    assert result.answer["proxy"].startswith("http://127.0.0.1:")
    assert [(f"{one.host}:{one.port}", one.allowance, one.address) for one in result.contacts] == [
        (site, site, "127.0.0.1")
    ] * 2
    assert all(one.bytes_received > 6 and one.bytes_sent > 10 for one in result.contacts)
    assert result.egress_enforced is (level is ContainmentLevel.FULL)


def test_a_redirect_is_judged_again(opening, level, limits, site, canary) -> None:
    hosts = ("http://127.0.0.2:{}/", "//127.0.0.2:{}/", "http://localhost:{}/", "http://[::1]:{}/", "http://127.1:{}/")
    places = [host.format(canary.port) for host in hosts]
    locators = [f"http://{site}/{status}/{place}" for status in (301, 302, 303, 307, 308) for place in places]
    with opening("fetching", level, egress=EgressPolicy(allow=(site,), ports=(canary.port,))) as worker:
        result = worker.call({"locators": locators}, "o", limits)
    assert [str(one).split()[:2] for one in result.answer["fetched"]] == [["403", "not-public"]] * len(locators)
    assert [bool(one.refused) for one in result.contacts] == [False, True] * len(locators)
    assert canary.visits == []


@pytest.fixture
def fetcher(opening, level, site):
    """A fetch worker that may contact the site and nothing else that is not public."""
    with opening("fetching", level, egress=EgressPolicy(allow=(site,))) as worker:
        yield worker


def test_a_private_address_is_refused_whatever_its_port(opening, level, limits, canary) -> None:
    with opening("fetching", level, egress=EgressPolicy(ports=(canary.port,))) as worker:
        locators = [f"http://127.0.0.2:{canary.port}/", f"https://127.0.0.2:{canary.port}/", "http://nowhere.invalid/"]
        result = worker.call({"locators": [*locators, "file:///etc/hostname"]}, "o", limits)
    assert result.answer["fetched"][0] == "403 not-public 127.0.0.2 loopback"
    assert canary.visits == []
    assert [one.refused for one in result.contacts[:2]] == ["not-public 127.0.0.2 loopback"] * 2


def test_contacts_belong_to_the_call_that_made_them(fetcher, limits, site) -> None:
    first = fetcher.call({"locators": [f"http://{site}/page"]}, "o/a", limits)
    second = fetcher.call({"locators": []}, "o/b", limits)
    with pytest.raises(WorkerFailed) as failed:
        fetcher.call({"locators": [f"http://{site}/page"] * 2, "crash": True}, "o/c", limits)
    assert [len(first.contacts), len(second.contacts), len(failed.value.contacts)] == [1, 0, 2]


def test_without_egress_nothing_is_reached(opening, full, limits, canary, site) -> None:
    with opening("fetching", full) as worker:
        host, port = site.split(":")
        answer = worker.call({"locators": [f"http://{site}/page"], "direct": [[host, int(port)]]}, "o", limits).answer
    assert answer == {"proxy": "", "variable": "", "fetched": ["URLError"], "reached": [False], "programs": []}


def test_at_the_full_level_only_the_broker_is_reached(opening, full, limits, canary) -> None:
    direct = [["127.0.0.1", canary.port], ["127.0.0.2", canary.port], ["::1", canary.port]]
    with opening("fetching", full, egress=EgressPolicy()) as worker:
        answer = worker.call({"direct": direct}, "o", limits).answer
        own = int(answer["proxy"].rpartition(":")[2])
        assert worker.call({"direct": [["127.0.0.1", own]]}, "p", limits).answer["reached"] == [True]
    assert answer["reached"] == [False] * 3
    assert canary.visits == []


def test_the_weak_level_is_what_it_says(opening, limits, canary) -> None:
    with opening("fetching", ContainmentLevel.WEAK, egress=EgressPolicy()) as worker:
        result = worker.call({"direct": [["127.0.0.2", canary.port]]}, "o", limits)
    assert (result.containment, result.egress_enforced) == (ContainmentLevel.WEAK, False)
    # What is not enforced can be gone around: that is what its records say.
    assert result.answer["reached"] == [True]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_ffmpeg_gets_no_further_than_the_broker(opening, full, limits, canary) -> None:
    target = f"127.0.0.2:{canary.port}"
    inputs = [f"http://{target}/a.mp4", f"tcp://{target}", f"tls://{target}", f"rtmp://{target}/a", f"ftp://{target}/a"]
    programs = [["ffmpeg", "-v", "error", "-i", one, "-f", "null", "-"] for one in inputs]
    programs.append(["ffmpeg", "-v", "error", "-i", f"udp://{target}?timeout=100000", "-t", "1", "-f", "null", "-"])
    with opening("fetching", full, egress=EgressPolicy(ports=(canary.port,))) as worker:
        result = worker.call({"programs": programs}, "o", limits)
    assert 0 not in result.answer["programs"]
    assert canary.visits == []


def test_the_end_of_the_broker_ends_the_way_out(opening, full, limits, site) -> None:
    host, port = site.split(":")
    with opening("fetching", full, egress=EgressPolicy(allow=(site,))) as worker:
        worker.call({"locators": [f"http://{site}/page"]}, "o/a", limits)
        worker._running.broker.close()
        request = {"locators": [f"http://{site}/page"], "direct": [[host, int(port)]]}
        answer = worker.call(request, "o/b", limits).answer
    assert answer["fetched"] == ["URLError"]
    assert answer["reached"] == [False]

"""Tools of the field over what we write: the validator of WACZ, an indexer, and a server that replays it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from archives.conftest import Judge
from archives.samples import HTML, PAGE, PICTURE, PNG, make_wacz, members, pack
from e2e.case import Case
from sites.hostile import HostileSite
from sites.warcs import check_with_fastwarc, check_with_warcio

from collectors.wacz.reading import read_wacz
from collectors.wacz.surt import surt_key

Replaying = Callable[[Path], AbstractContextManager[Callable[[str, str], bytes]]]

pytestmark = pytest.mark.campaign

ADDRESSES = (
    "http://example.org", "https://www.example.org:443/A/b/../C/?b=2&a=1", "http://www3.EXAMPLE.com/x//y/./z/",
    "http://user:pw@example.org:8080/p?", "urn:view:https://example.org/AB", "dns:www.example.org",
    "http://127.0.0.1:8000/a.html", "http://[::1]:80/x", "http://münchen.de/straße?q=ü", "http:////foo.com/bar",
    "https://example.org/%E1%80%99%25%32%35?x=%2520#frag", "http://http://foo.com/", "foo.com/bar",
    "http://2130706433/x", "http://example.org/a?phpsessid=0123456789abcdef0123456789abcdef&z=1",
    "http://example.org/(S(aaaaaaaaaaaaaaaaaaaaaaaa))/page.aspx", "http://example.org/..", "http://a..b.org./x",
    "https://مثال.إختبار/صفحة", "https://မြန်မာ.example/သတင်း?က=ခ&A",
)  # fmt: skip
KEYS = "import sys, json, surt; print(json.dumps([surt.surt(one) for one in json.load(sys.stdin)]))"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wacz(tmp_path_factory.mktemp("wacz"))[0]


def test_the_validator_of_the_field_accepts_it(sample: Path, judge: Judge) -> None:
    said = judge("wacz", "validate", "-f", sample)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "the passed WACZ is valid" in said.stdout


def test_it_sees_damage_that_it_is_made_to_see(sample: Path, judge: Judge, tmp_path: Path) -> None:
    content = members(sample)
    content["archive/wire.warc.gz"] = content["archive/wire.warc.gz"][:-1] + b"\1"
    assert judge("wacz", "validate", "-f", pack(tmp_path / "bad.wacz", content)).returncode == 1


def test_readers_of_warcs_agree(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "wire.warc.gz"
    path.write_bytes(members(sample)["archive/wire.warc.gz"])
    assert check_with_warcio(path) == check_with_fastwarc(path) == 7


def test_an_indexer_of_the_field_makes_the_same_index(sample: Path, judge: Judge, tmp_path: Path) -> None:
    path = tmp_path / "wire.warc.gz"
    path.write_bytes(members(sample)["archive/wire.warc.gz"])
    theirs = judge("cdxj-indexer", "--sort", "-p", path).stdout.splitlines()
    ours = members(sample)["indexes/index.cdx"].decode().splitlines()
    assert [_line(one) for one in ours] == [_line(one) for one in theirs]


def _line(line: str) -> tuple[str, str, dict[str, str]]:
    key, moment, plain = line.split(" ", 2)
    return key, moment, json.loads(plain)


def test_keys_are_those_of_the_field(judges: Path) -> None:
    run = subprocess.run(
        [str(judges / "python"), "-W", "ignore", "-c", KEYS],
        input=json.dumps(ADDRESSES), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    theirs = [one.replace(" ", "%20") for one in json.loads(run.stdout)]
    assert [surt_key(one) for one in ADDRESSES] == theirs


def test_it_is_replayed_byte_for_byte(sample: Path, replaying: Replaying) -> None:
    with replaying(sample) as ask:
        assert ask("id_", PAGE) == HTML
        assert ask("id_", PICTURE) == PNG
        replayed = ask("mp_", PAGE).decode()
        assert "It was raining." in replayed
        assert f"im_/{PICTURE}" in replayed.replace("mp_/", "im_/")


def test_a_page_of_the_browser_is_replayed_with_its_text_and_pictures(tmp_path: Path, replaying: Replaying) -> None:
    page = b"<!doctype html><title>Two</title><p>\xd8\xa7\xd9\x84\xd9\x85\xd8\xb7\xd8\xb1 it rained"
    with HostileSite() as site:
        site.behaviours["/two"] = lambda visit: visit.respond(page + b"<img src=/a/photo.png><img src=/b/photo.png>")
        case = Case(tmp_path / "case", [site.address]).open()
        said = case.run("--json", "collect", site.url("/two"), "--method", "browser", timeout=400)
        assert said.json["results"][0]["outcome"] == "captured", said.out + said.err
        addresses = [site.url(path) for path in ("/two", "/a/photo.png", "/b/photo.png")]
    (wacz,) = (tmp_path / "case/vault").rglob("*.wacz")
    assert not list((tmp_path / "case/vault").rglob("*.warc.gz"))
    found = read_wacz(wacz)
    assert found.ok, found.problems
    assert "it rained" in found.pages[0].text
    with replaying(wacz) as ask:
        shown, first, second = (ask("id_", address) for address in addresses)
    assert page in shown
    assert first != second
    assert {first[:4], second[:4]} == {b"\x89PNG"}


@pytest.fixture
def replaying(judge: Judge, judges: Path, tmp_path: Path) -> Replaying:
    """A server of pywb's over a WACZ, which is asked by kind of replay and address."""

    @contextmanager
    def serve(wacz: Path) -> Iterator[Callable[[str, str], bytes]]:
        assert judge("wb-manager", "init", "case").returncode == 0
        added = judge("wb-manager", "add", "--unpack-wacz", "case", wacz)
        assert added.returncode == 0, added.stdout + added.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [str(judges / "wayback"), "-p", str(port), "-b", "127.0.0.1"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            yield lambda kind, address: _wait(f"http://127.0.0.1:{port}/case/20261122010203{kind}/{address}")
        finally:
            server.terminate()
            server.wait(timeout=120)

    return serve


def _wait(address: str) -> bytes:
    """What is answered, once there is somebody who answers."""
    end = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(address, timeout=120) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)

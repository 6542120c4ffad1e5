"""What the recorder kept becomes a WARC: each message where it belongs, byte for byte, and nothing left out."""

from __future__ import annotations

import hashlib
import os
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sites.capturing import Captured
from sites.certificates import Certificates
from sites.warcs import check_with_fastwarc, check_with_warcio
from warcio.archiveiterator import ArchiveIterator

from casefile.model import Received
from casefile.vocabulary import Cause, Outcome
from collectors.http.recorded import work
from collectors.http.recorded_answer import WARC_FILE, HeldFile, WarcMade, WarcRequest
from containment.spool import Kind, Spool

OPENED = {"scheme": "http", "host": "site.example", "port": 80, "address": "93.184.216.34"}
GET = b"GET /a?b=c HTTP/1.1\r\nHost: site.example\r\n\r\n"
HEAD = b"HEAD /a HTTP/1.1\r\nHost: site.example\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: site.example\r\nContent-Length: 5\r\n\r\nhello"
OK = b"HTTP/1.1 200 OK\r\nX-Odd:   kept \r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\nT: 1\r\n\r\n"
OPEN_END = b"HTTP/1.1 200 OK\r\n\r\nto the end"
NO_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HUGE = CHUNKED.replace(b"4;x=y", b"F" * 15)
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"

CASES: dict[str, tuple[bytes, bytes, list[tuple[bytes, bytes]], tuple[bytes, bytes]]] = {
    "one": (GET, OK, [(GET, OK)], (b"", b"")),
    "kept alive": (GET + POST + GET, OK + CHUNKED + EMPTY, [(GET, OK), (POST, CHUNKED), (GET, EMPTY)], (b"", b"")),
    "head": (HEAD + GET, NO_BODY + OK, [(HEAD, NO_BODY), (GET, OK)], (b"", b"")),
    "interim": (GET + GET, HINTS + CONTINUE + OK + OK, [(GET, OK), (GET, OK)], (b"", b"")),
    "until the end": (GET + GET, OK + OPEN_END, [(GET, OK), (GET, OPEN_END)], (b"", b"")),
    "cut body": (GET, OK[:-1], [(GET, OK[:-1])], (b"", b"")),
    "cut chunk": (GET, CHUNKED[:-16], [(GET, CHUNKED[:-16])], (b"", b"")),
    "cut trailer": (GET, CHUNKED[:-3], [(GET, CHUNKED[:-3])], (b"", b"")),
    "cut head": (GET, OK[:20], [(GET, b"")], (b"", OK[:20])),
    "cut request": (GET + POST[:-2], OK, [(GET, OK), (POST[:-2], b"")], (b"", b"")),
    "unanswered": (GET + GET, OK, [(GET, OK), (GET, b"")], (b"", b"")),
    "unasked": (b"", OK, [(b"", OK)], (b"", b"")),
    "surplus": (GET, OK + b"\0more", [(GET, OK)], (b"", b"\0more")),
    "upgraded": (GET + b"\x81\x05frame", SWITCH + b"\x81\x02hi", [(GET, SWITCH)], (b"\x81\x05frame", b"\x81\x02hi")),
    "two lengths": (GET, SMUGGLED, [(GET, b"")], (b"", SMUGGLED)),
    "no http": (b"EHLO a\r\n", b"220 ready\r\n", [], (b"EHLO a\r\n", b"220 ready\r\n")),
    "http/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\4",
        [],
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\4"),
    ),
    "bad chunk": (GET, CHUNKED.replace(b"4;x=y", b"-4"), [(GET, b"")], (b"", CHUNKED.replace(b"4;x=y", b"-4"))),
    "huge chunk": (
        GET,
        CHUNKED.replace(b"4;x=y", b"F" * 15),
        [(GET, CHUNKED.replace(b"4;x=y", b"F" * 15))],
        (b"", b""),
    ),
    "negative": (GET, OK.replace(b": 4", b": -4"), [(GET, b"")], (b"", OK.replace(b": 4", b": -4"))),
    "bare newlines": (GET, OK.replace(b"\r\n", b"\n"), [(GET, OK.replace(b"\r\n", b"\n"))], (b"", b"")),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A WARC with what the worker says of it."""

    said: WarcMade
    captured: Captured

    def blocks(self, kind: str) -> list[bytes]:
        return [record.block for record in self.captured.records(kind)]


Making = Callable[..., Made]


@pytest.fixture
def make(tmp_path: Path) -> Making:
    """Make a WARC of one connection, its bytes cut into frames of random lengths."""
    count = 0

    def run(
        up: bytes,
        down: bytes,
        *,
        held: tuple[HeldFile, ...] = (),
        secured: dict[str, object] | None = None,
        opened: dict[str, object] = OPENED,
        cut: int = 0,
    ) -> Made:
        nonlocal count
        count += 1
        lengths = random.Random(count)
        inputs, out = tmp_path / f"in-{count}", tmp_path / f"out-{count}"
        inputs.mkdir()
        out.mkdir()
        spool = Spool(inputs / "spool", 1 << 30)
        strand = spool.open(opened)
        if secured:
            strand.say(Kind.SECURED, secured)
        for kind, content in ((Kind.UP, up), (Kind.DOWN, down)):
            while content:
                size = lengths.randint(1, max(40, len(content) // 3))
                strand.put(kind, content[:size])
                content = content[size:]
        strand.end({"client": "closed", "server": "closed", "broken": ""})
        path = spool.close().path
        os.truncate(path, path.stat().st_size - cut)
        said = WarcMade.model_validate(work(WarcRequest(spool="spool", held=held).plain(), inputs, out))
        (out / WARC_FILE).rename(out / "record/capture.warc.gz")
        made = Made(said, Captured(Received(outcome=Outcome.FAILED, cause=Cause.RESET), out))
        records = len(made.captured.records())
        assert check_with_fastwarc(made.captured.warc) == check_with_warcio(made.captured.warc) == records
        return made

    return run


@pytest.mark.parametrize("name", CASES)
def test_each_message_is_found_and_no_byte_is_left_out(name: str, make: Making) -> None:
    up, down, pairs, (rest_up, rest_down) = CASES[name]
    made = make(up, down)
    assert made.blocks("request") == [request for request, _ in pairs if request]
    assert made.blocks("response") == [response for _, response in pairs if response]
    assert made.blocks("resource") == [rest for rest in (rest_up, rest_down) if rest]
    assert (made.said.exchanges, made.said.connections) == (len(pairs), 1)
    assert made.said.unread_bytes == len(rest_up) + len(rest_down)
    cut = [record for record in made.captured.records() if "WARC-Truncated" in record.headers]
    assert made.said.cut == len(cut) == (name.startswith(("cut ", "huge")) and name != "cut head")


def test_interim_responses_stand_beside_the_final_one(make: Making) -> None:
    made = make(GET, HINTS + CONTINUE + OK)
    beside = [
        one for one in made.captured.records("metadata") if one.headers["Content-Type"].startswith("application/h")
    ]
    (response,) = made.captured.records("response")
    assert [one.block for one in beside] == [HINTS, CONTINUE]
    assert {one.headers["WARC-Concurrent-To"] for one in beside} == {response.headers["WARC-Record-ID"]}


def test_records_say_where_it_went_and_belong_together(make: Making) -> None:
    made = make(GET, OK)
    (request,), (response,) = made.captured.records("request"), made.captured.records("response")
    (facts,) = made.captured.records("metadata")
    for one in (request, response, facts):
        assert one.headers["WARC-Target-URI"] == "http://site.example/a?b=c"
        assert one.headers["WARC-IP-Address"] == "93.184.216.34"
    assert request.headers["WARC-Concurrent-To"] == response.headers["WARC-Record-ID"]
    assert response.headers["WARC-Payload-Digest"] == "sha256:" + hashlib.sha256(b"body").hexdigest()
    told = dict(line.split(": ", 1) for line in facts.block.decode().splitlines())
    assert (told["peer"], told["length"], told["server-end"]) == ("93.184.216.34:80", "verified", "closed")


@pytest.mark.parametrize(
    ("opened", "place"),
    [
        ({"scheme": "https", "host": "::1", "port": 8443, "address": "::1"}, "https://[::1]:8443/a?b=c"),
        ({"scheme": "https", "host": "a", "port": 443, "address": "1.2.3.4"}, "https://a/a?b=c"),
        ({"scheme": "http", "host": "a", "port": 443, "address": "1.2.3.4"}, "http://a:443/a?b=c"),
    ],
)
def test_the_address_is_that_of_the_connection(opened: dict[str, object], place: str, make: Making) -> None:
    (request,) = make(GET, OK, opened=opened).captured.records("request")
    assert request.headers["WARC-Target-URI"] == place


def test_an_address_that_a_proxy_chose_is_not_made_up(make: Making) -> None:
    made = make(GET, OK, opened={**OPENED, "address": ""})
    assert not [one for one in made.captured.records() if "WARC-IP-Address" in one.headers]
    assert b"peer: not known:80\r\n" in made.blocks("metadata")[0]


def test_a_target_cannot_write_headers(make: Making) -> None:
    hostile = GET.replace(b"/a?b=c", b"/\xd8\xa7\x85\x1b[31m%0d%0aWARC-Type:x")
    (request,) = make(hostile, OK).captured.records("request")
    assert request.headers["WARC-Target-URI"] == "http://site.example/%D8%A7%85%1B[31m%0d%0aWARC-Type:x"


def test_a_chain_is_kept_once_with_version_cipher_and_roots(make: Making) -> None:
    root = Certificates.shared().root.read_text()
    chain = [ssl.PEM_cert_to_DER_cert(root).hex()]
    secured = {"version": "TLSv1.3", "cipher": "TLS_X", "protocol": "http/1.1", "chain": chain, "roots": "certifi 1"}
    made = make(GET + GET, OK + OK, secured=secured, opened={**OPENED, "scheme": "https", "port": 443})
    (kept,) = made.captured.records("resource")
    assert (kept.block.decode(), kept.headers["Content-Type"]) == (root, "application/pem-certificate-chain")
    for facts in made.blocks("metadata"):
        told = dict(line.split(": ", 1) for line in facts.decode().splitlines())
        assert told["tls-chain"] == kept.headers["WARC-Record-ID"]
        assert (told["tls-version"], told["tls-cipher"], told["tls-roots"]) == ("TLSv1.3", "TLS_X", "certifi 1")


def test_a_large_body_that_is_a_file_of_the_capture_is_not_kept_twice(make: Making) -> None:
    body = random.Random(1).randbytes(1 << 20)
    response = OK.replace(b": 4\r\n\r\nbody", b": %d\r\n\r\n" % len(body)) + body
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    held = HeldFile(path="received/0001", sha256=digest, bytes=len(body))
    made = make(GET + GET, response + response[:-1], held=(held,))
    (revisit,) = made.captured.records("revisit")
    assert revisit.block + body == response
    assert revisit.headers["WARC-Payload-Digest"] == digest
    assert revisit.headers["WARC-Profile"].endswith("/identical-payload-digest")
    assert b"payload-file: received/0001\r\n" in b"".join(made.blocks("metadata"))
    assert made.blocks("response") == [response[:-1]]
    assert made.said.referred == 1
    other = HeldFile(path="received/0001", sha256="sha256:" + "0" * 64, bytes=len(body))
    assert make(GET, response, held=(other,)).blocks("response") == [response]


def test_what_a_crash_left_is_kept_up_to_the_last_whole_frame(make: Making) -> None:
    whole = make(GET, OPEN_END).blocks("response")
    assert whole == [OPEN_END]
    for cut in range(1, 200, 13):
        made = make(GET, OPEN_END, cut=cut)
        kept = (*made.blocks("request"), *made.blocks("response"), *made.blocks("resource"))
        assert all((GET + OPEN_END).startswith((one, GET + one)) for one in kept)
        if made.blocks("metadata"):
            assert b"server-end: not seen" in made.blocks("metadata")[0]


def test_warcio_finds_the_bodies(make: Making) -> None:
    with make(GET + GET, OK + CHUNKED.replace(b"T: 1\r\n", b"")).captured.warc.open("rb") as stream:
        bodies = [one.content_stream().read() for one in ArchiveIterator(stream) if one.rec_type == "response"]
    assert bodies == [b"body", b"body"]


def test_noise_ends_in_a_record(make: Making) -> None:
    noise = random.Random(7)
    for _ in range(60):
        up, down = bytearray(GET + POST), bytearray(CHUNKED + OK)
        for content in (up, down):
            for _ in range(noise.randint(1, 6)):
                content[noise.randrange(len(content))] = noise.randrange(256)
        made = make(bytes(up), bytes(down))
        kept = sum(map(len, (*made.blocks("request"), *made.blocks("response"), *made.blocks("resource"))))
        interim = sum(len(one) for one in made.blocks("metadata") if one.startswith(b"HTTP/"))
        assert kept + interim == len(up) + len(down)

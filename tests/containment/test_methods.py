"""Which requests leave: by policy GET and HEAD, found in any cut of the bytes, and nothing that reads in two ways."""

from __future__ import annotations

import hashlib

import pytest

from containment.methods import RequestRefused, Requests

HEAD = b" /a HTTP/1.1\r\nHost: a.test\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nT: 1\r\n\r\n"
POSTS = ("GET", "HEAD", "POST")


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_every_request_of_a_connection_is_counted_and_bodies_digested(size: int) -> None:
    sent = (
        b"GET"
        + HEAD
        + b"\r\nPOST"
        + HEAD
        + b"Content-Length: 5\r\n\r\nabcdePOST"
        + HEAD
        + CHUNKS
        + b"HEAD"
        + HEAD
        + b"\r\n"
    )
    seen = Requests(POSTS)
    for at in range(0, len(sent), size):
        seen.see(sent[at : at + size])
    assert seen.told() == "GET 1, HEAD 1, POST 2"
    digest = "sha256:" + hashlib.sha256(b"abcde").hexdigest()
    assert [(one.method, one.target, one.sha256, one.bytes) for one in seen.listed()] == [("POST", "/a", digest, 5)] * 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "CONNECT", "PRI", "get"])
@pytest.mark.parametrize("before", [b"", b"GET" + HEAD + b"\r\n"])
def test_another_method_is_refused_before_its_head_is_whole(method: str, before: bytes) -> None:
    with pytest.raises(RequestRefused, match=f"method {method}"):
        Requests().see(before + method.encode() + b" /")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /a HTTP/1.1\n\nPOST /b HTTP/1.1\r\n\r\n",
        b"GET" + HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET" + HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
        b"GET" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET" + HEAD + b" folded: 1\r\n\r\n",
        b"\r\nGET" + HEAD + b"\r\n",
        b"GET" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n+3\r\n",
        b"\x00" * 40,
    ],
)
def test_what_reads_in_two_ways_is_refused(sent: bytes) -> None:
    with pytest.raises(RequestRefused, match="malformed"):
        Requests(POSTS).see(sent)


def test_no_connection_becomes_another_protocol() -> None:
    with pytest.raises(RequestRefused, match="upgrade"):
        Requests().see(b"GET" + HEAD + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n")

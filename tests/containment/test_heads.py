"""The parser of request heads: what is asked for is understood in one way only, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containment.heads import HeadRefused, Target, parse_head


def head(*lines: str | bytes) -> bytes:
    return b"\r\n".join(one if isinstance(one, bytes) else one.encode("latin-1") for one in lines)


def test_connect_names_host_and_port() -> None:
    assert parse_head(head("CONNECT example.org:443 HTTP/1.1", "Host: other.example")) == Target("example.org", 443)
    assert parse_head(head("CONNECT [2606:4700::1]:443 HTTP/1.1")) == Target("2606:4700::1", 443)


def test_an_absolute_form_becomes_one_request_of_its_own() -> None:
    target = parse_head(
        head(
            "GET http://Example.org:8080/a?b=c#part HTTP/1.1",
            "Host: forged.example",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic c2VjcmV0",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "Accept: */*",
        )
    )
    assert (target.host, target.port, target.body_bytes) == ("Example.org", 8080, 0)
    assert target.forward.split(b"\r\n") == [
        b"GET /a?b=c HTTP/1.1",
        b"Host: Example.org:8080",
        b"Accept: */*",
        b"Connection: close",
        b"",
        b"",
    ]


def test_a_body_has_the_length_that_the_head_says() -> None:
    asked = head("POST http://example.org/ HTTP/1.1", "Content-Length: 12", "Connection: content-length")
    target = parse_head(asked)
    assert target.body_bytes == 12
    assert b"Content-Length: 12" in target.forward


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "malformed"),
        ("GET", "malformed"),
        ("GET / HTTP/1.1", "malformed"),
        ("GET http://a/ HTTP/2.0", "malformed"),
        ("GET http://a/ HTTP/1.1 more", "malformed"),
        ("GET  http://a/ HTTP/1.1", "malformed"),
        ("G(T http://a/ HTTP/1.1", "malformed"),
        ("GET https://a/ HTTP/1.1", "scheme"),
        ("GET file:///etc/passwd HTTP/1.1", "scheme"),
        ("GET gopher://127.0.0.1/ HTTP/1.1", "scheme"),
        ("GET ftp://a/ HTTP/1.1", "scheme"),
        ("GET javascript:alert(1) HTTP/1.1", "malformed"),
        ("GET data:text/html,x HTTP/1.1", "malformed"),
        ("GET //a/ HTTP/1.1", "malformed"),
        ("GET http:///etc HTTP/1.1", "malformed"),
        ("GET http://user:word@a/ HTTP/1.1", "credentials-in-url"),
        ("GET http://a@127.0.0.1/ HTTP/1.1", "credentials-in-url"),
        ("GET http://a\\@127.0.0.1/ HTTP/1.1", "malformed"),
        ("GET http://a\\b/ HTTP/1.1", "malformed"),
        ("GET http://a:b/ HTTP/1.1", "malformed"),
        ("GET http://a:0/ HTTP/1.1", "malformed"),
        ("GET http://a:65536/ HTTP/1.1", "malformed"),
        ("GET http://a:080/ HTTP/1.1", "malformed"),
        ("GET http://::1/ HTTP/1.1", "malformed"),
        ("GET http://[::1/ HTTP/1.1", "malformed"),
        ("GET http://[::1%25eth0]/ HTTP/1.1", "malformed"),
        ("GET http://a%2eb/ HTTP/1.1", "malformed"),
        ("GET http://-a/ HTTP/1.1", "malformed"),
        ("GET http://①②⑦.0.0.1/ HTTP/1.1", "malformed"),
        ("GET http://127。0。0。1/ HTTP/1.1", "malformed"),
        ("GET http://a\x00b/ HTTP/1.1", "malformed"),
        ("GET http://a\tb/ HTTP/1.1", "malformed"),
        ("GET http://a\x7fb/ HTTP/1.1", "malformed"),
        ("CONNECT a HTTP/1.1", "malformed"),
        ("CONNECT a: HTTP/1.1", "malformed"),
        ("CONNECT :443 HTTP/1.1", "malformed"),
        ("CONNECT a:443/ HTTP/1.1", "malformed"),
        ("CONNECT http://a:443 HTTP/1.1", "malformed"),
        ("CONNECT user@a:443 HTTP/1.1", "credentials-in-url"),
        ("CONNECT a:+443 HTTP/1.1", "malformed"),
    ],
)
def test_a_request_line_that_can_be_read_in_two_ways_is_refused(line: str, reason: str) -> None:
    with pytest.raises(HeadRefused) as refused:
        parse_head(line.encode("utf-8"))
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"NoColon", "malformed"),
        (b" Folded: value", "malformed"),
        (b"Space : value", "malformed"),
        (b": empty", "malformed"),
        (b"Name: nul\x00", "malformed"),
        (b"Name: bare\nX: y", "malformed"),
        (b"Name: bare\rX: y", "malformed"),
        (b"Content-Length: -1", "malformed"),
        (b"Content-Length: 1, 1", "malformed"),
        (b"Content-Length: 0x10", "malformed"),
        (b"Content-Length: 1\r\nContent-Length: 1", "malformed"),
        (b"Transfer-Encoding: chunked", "length-required"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 1", "length-required"),
        (b"\r\n".join(b"X: y" for _ in range(300)), "too-many-headers"),
    ],
)
def test_a_header_that_servers_read_differently_is_refused(header: bytes, reason: str) -> None:
    with pytest.raises(HeadRefused) as refused:
        parse_head(head("GET http://a/ HTTP/1.1", header))
    assert refused.value.reason == reason


PIECES = st.one_of(
    st.sampled_from(
        [b"GET ", b"CONNECT ", b"http://", b"a:80", b" HTTP/1.1", b"\r\n", b"Host: ", b"@", b"[::1]", b"\\"]
    ),
    st.binary(max_size=8),
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_whatever_comes_is_a_target_or_is_refused(content: bytes) -> None:
    try:
        target = parse_head(content)
    except HeadRefused:
        return
    assert 0 < target.port < 65536
    assert target.host
    assert not set(target.host) & set("@/\\ \r\n")
    if target.forward:
        assert target.forward.count(b"\r\n\r\n") == 1
        assert b"\n" not in target.forward.replace(b"\r\n", b"")

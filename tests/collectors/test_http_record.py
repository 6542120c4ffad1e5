"""The record: what passed on the wire and nothing else, in WARC/1.1 that two other implementations accept."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sites.behaviours import BODY
from sites.capturing import Capture, Captured
from sites.hostile import HostileSite, Visit
from sites.warcs import check_with_fastwarc, check_with_warcio
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from casefile.digests import sha256
from casefile.vocabulary import FileKind
from collectors.http.warc import FileSlice, Record, WarcWriter

AS_SENT = [
    "/page",
    "/plain",
    "/a/photo.png",
    "/odd-headers",
    "/chunked",
    "/chunked-extended",
    "/http-1.0",
    "/bare-newlines",
    "/gzip",
    "/gzip-chunked",
    "/gzip-cut",
    "/br",
    "/no-length",
    "/truncated",
    "/chunked-cut",
    "/reset-in-body",
    "/unknown-coding",
    "/status/404",
    "/empty",
    "/no-content",
    "/big?bytes=300000",
]


def records_of(path: str) -> Iterator[object]:
    with Path(path).open("rb") as stream:
        yield from WarcioIterator(stream, no_record_parse=True)


@pytest.mark.parametrize("path", AS_SENT)
def test_request_and_response_are_the_bytes_as_they_passed(
    path: str, hostile_site: HostileSite, capture: Capture
) -> None:
    captured = capture(hostile_site.url(path))
    (request,), (response,) = captured.records("request"), captured.records("response")
    assert request.block == hostile_site.requests[0].raw
    assert response.block == bytes(hostile_site.sent[0])


@pytest.mark.parametrize("path", [*AS_SENT, "/chain/3", "/early-hints", "/over-length", "/gzip-bomb", "/endless"])
def test_two_other_implementations_accept_the_record(path: str, hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url(path))
    assert check_with_warcio(captured.warc) == len(captured.records())
    assert check_with_fastwarc(captured.warc) == len(captured.records())


def test_the_checker_that_others_will_run_passes(hostile_site: HostileSite, capture: Capture) -> None:
    paths = [str(capture(hostile_site.url(path)).warc) for path in ("/chain/2", "/gzip-chunked", "/truncated")]
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", *paths]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("digest pass") == sum(1 for path in paths for _ in records_of(path))


def test_warcio_reads_the_body_out_of_the_record(hostile_site: HostileSite, capture: Capture) -> None:
    for path in ("/page", "/chunked", "/gzip", "/gzip-chunked", "/odd-headers"):
        captured = capture(hostile_site.url(path))
        with captured.warc.open("rb") as stream:
            for record in WarcioIterator(stream):
                if record.rec_type == "response":
                    assert record.http_headers.get_statuscode() == "200"
                    assert record.content_stream().read() == captured.content


def test_every_exchange_of_a_chain_is_in_the_record_in_order(hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/chain/2"))
    assert [one.block for one in captured.records("request")] == [seen.raw for seen in hostile_site.requests]
    assert [one.block for one in captured.records("response")] == [bytes(sent) for sent in hostile_site.sent]
    assert [one.headers["WARC-Target-URI"] for one in captured.records("response")] == [
        exchange.locator for exchange in captured.received.exchanges
    ]


def test_every_record_is_a_gzip_member_of_its_own(hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/chain/1"))
    rest, members = captured.warc.read_bytes(), 0
    while rest:
        inflate = zlib.decompressobj(31)
        assert inflate.decompress(rest).startswith(b"WARC/1.1\r\n")
        rest, members = inflate.unused_data, members + 1
    assert members == len(captured.records())


def test_the_first_record_says_who_wrote_and_names_no_machine(hostile_site: HostileSite, capture: Capture) -> None:
    info = capture(hostile_site.url("/page")).records()[0]
    assert info.kind == "warcinfo"
    assert b"software: casefile" in info.block
    assert b"hostname" not in info.block


def test_request_metadata_and_response_point_to_each_other(hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/page"))
    (response,) = captured.records("response")
    for other in (*captured.records("request"), *captured.records("metadata")):
        assert other.headers["WARC-Concurrent-To"] == response.headers["WARC-Record-ID"]
        assert other.headers["WARC-Target-URI"] == response.headers["WARC-Target-URI"]
    assert response.headers["WARC-IP-Address"] == "127.0.0.1"
    assert response.headers["WARC-Date"] == captured.received.exchanges[0].started_at


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/page", None),
        ("/gzip-cut", None),
        ("/truncated", "disconnect"),
        ("/hang-in-body", "time"),
        ("/endless", "length"),
    ],
)
def test_a_cut_response_says_so_and_why(
    path: str, reason: str | None, hostile_site: HostileSite, capture: Capture
) -> None:
    (response,) = capture(hostile_site.url(path)).records("response")
    assert response.headers.get("WARC-Truncated") == reason


def test_what_came_before_and_behind_the_message_is_kept_apart(hostile_site: HostileSite, capture: Capture) -> None:
    early = capture(hostile_site.url("/early-hints"))
    assert early.records("metadata")[0].block == b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    assert early.records("response")[0].block.startswith(b"HTTP/1.1 200")
    late = capture(hostile_site.url("/over-length"))
    assert late.records("metadata")[0].block == b"more than was said"
    assert late.records("response")[0].block.endswith(BODY)
    assert "18 bytes came behind" in late.received.exchanges[0].error
    sent = [bytes(one) for one in hostile_site.sent]
    assert early.records("metadata")[0].block + early.records("response")[0].block == sent[0]
    assert late.records("response")[0].block + late.records("metadata")[0].block == sent[1]


def payload(captured: Captured) -> bytes:
    """What is behind the head of the response in the record."""
    (response,) = captured.records("response")
    return response.block.partition(b"\r\n\r\n")[2]


def test_the_digests_are_of_the_payload_as_sent_and_of_the_body_as_decoded(
    hostile_site: HostileSite, capture: Capture
) -> None:
    captured = capture(hostile_site.url("/gzip"))
    item, (response,) = captured.item, captured.records("response")
    assert item.wire_sha256 == sha256(payload(captured)) == response.headers["WARC-Payload-Digest"]
    assert item.wire_bytes == len(payload(captured))
    assert gzip.decompress(payload(captured)) == captured.content


def test_chunk_framing_is_no_part_of_the_payload(hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/chunked"))
    assert captured.item.wire_sha256 == sha256(BODY)
    assert captured.item.wire_bytes == len(BODY)
    assert "WARC-Payload-Digest" not in captured.records("response")[0].headers
    assert f"payload-digest: {sha256(BODY)}".encode() in captured.records("metadata")[-1].block


def test_the_record_is_one_and_the_content_another_file(hostile_site: HostileSite, capture: Capture) -> None:
    files = {file.path: file.kind for file in capture(hostile_site.url("/page")).received.files}
    assert files == {"files/0001": FileKind.CONTENT, "record/capture.wacz": FileKind.RECORD}
    files = {file.path: file.kind for file in capture(hostile_site.url("/a/photo.png")).received.files}
    assert files == {"files/0001": FileKind.CONTENT, "record/capture.warc.gz": FileKind.RECORD}


@pytest.mark.parametrize("path", ["/reset", "/two-lengths", "/redirect?to=file:///x", "/loop/a", "/closed-before-body"])
def test_without_an_item_no_file_is_left(path: str, hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url(path))
    assert captured.files() == set()
    assert captured.received.files == ()


def test_media_are_stored_and_text_is_deflated(hostile_site: HostileSite, capture: Capture) -> None:
    noise = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(8_000))

    def media(visit: Visit) -> None:
        visit.respond(noise, content_type="video/mp4")

    hostile_site.behaviours["/noise"] = media
    assert capture(hostile_site.url("/noise")).warc.stat().st_size > len(noise)
    assert capture(hostile_site.url("/big?bytes=300000")).warc.stat().st_size < 10_000


def test_a_header_value_cannot_add_a_header(tmp_path: Path) -> None:
    warc = WarcWriter(tmp_path / "a.warc.gz")
    warc.write(Record("metadata", "2026-01-01T00:00:00Z", "text/plain", (b"x",), (("X", "a\r\nWARC-Type: b"),)))
    warc.close()
    head = gzip.decompress((tmp_path / "a.warc.gz").read_bytes())
    assert head.count(b"WARC-Type:") == 2
    assert head.count(b"\r\nWARC-Type:") == 1


def test_a_block_may_lie_in_several_places(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"0123456789")
    warc = WarcWriter(tmp_path / "a.warc.gz")
    parts = (b"<", FileSlice(tmp_path / "spool", 2, 3), b"", FileSlice(tmp_path / "spool", 9, 1), b">")
    warc.write(Record("metadata", "2026-01-01T00:00:00Z", "text/plain", parts))
    warc.close()
    content = gzip.decompress((tmp_path / "a.warc.gz").read_bytes())
    assert content.endswith(b"\r\n\r\n<2349>\r\n\r\n")
    assert b"Content-Length: 6\r\n" in content


def test_a_spool_that_shrank_is_an_error_and_no_short_record(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"0123")
    warc = WarcWriter(tmp_path / "a.warc.gz")
    with pytest.raises(EOFError):
        warc.write(Record("metadata", "2026-01-01T00:00:00Z", "text/plain", (FileSlice(tmp_path / "spool", 0, 9),)))
    warc.close()

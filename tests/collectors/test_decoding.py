"""Content codings: whatever the cut into blocks, the same bytes; a stream that was cut is never taken for whole."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.http.decoding import STEP_BYTES, DecodingFailed, codings, decoder_for

CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
SAMPLE = b"".join(b"line %d of a synthetic text\n" % number for number in range(3_000))

coding = pytest.mark.parametrize("name", CODERS)


def decode(name: str, blocks: Iterator[bytes] | list[bytes]) -> tuple[bytes, bool]:
    decoder = decoder_for(name)
    assert decoder is not None
    made = b"".join(part for block in blocks for part in decoder.feed(block))
    return made, decoder.finished


def collect(parts: Iterator[bytes], into: list[bytes]) -> None:
    for part in parts:
        into.append(part)


def split(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@coding
@pytest.mark.parametrize("size", [1, 7, 4_096, 1 << 20])
def test_the_cut_into_blocks_makes_no_difference(name: str, size: int) -> None:
    assert decode(name, split(CODERS[name](SAMPLE), size)) == (SAMPLE, True)


@coding
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=600), cuts=st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_any_content_comes_back(name: str, content: bytes, cuts: list[int]) -> None:
    coded, blocks = CODERS[name](content), []
    for cut in cuts:
        blocks.append(coded[:cut])
        coded = coded[cut:]
    assert decode(name, [*blocks, coded]) == (content, True)


@coding
def test_a_stream_cut_at_any_byte_is_not_finished(name: str) -> None:
    coded = CODERS[name](SAMPLE[:2_000])
    for end in range(1, len(coded)):
        try:
            made, finished = decode(name, [coded[:end]])
        except DecodingFailed:
            continue
        assert not finished, end
        assert SAMPLE.startswith(made)


@pytest.mark.parametrize("position", [-8, -5, -4, -1])
def test_a_gzip_trailer_that_does_not_fit_is_damage(position: int) -> None:
    coded = bytearray(gzip.compress(SAMPLE))
    coded[position] ^= 0x40
    decoder = decoder_for("gzip")
    assert decoder is not None
    made: list[bytes] = []
    with pytest.raises(DecodingFailed):
        collect(decoder.feed(bytes(coded)), made)
    assert b"".join(made) == SAMPLE
    assert not decoder.finished


def test_raw_deflate_is_read_as_some_servers_send_it() -> None:
    squeeze = zlib.compressobj(wbits=-15)
    coded = squeeze.compress(SAMPLE) + squeeze.flush()
    assert decode("deflate", split(coded, 100)) == (SAMPLE, True)


def test_several_members_are_one_body_and_padding_is_none() -> None:
    coded = gzip.compress(SAMPLE[:500]) + gzip.compress(SAMPLE[500:]) + b"\0\0padding\x1f"
    assert decode("gzip", split(coded, 11)) == (SAMPLE, True)
    frames = zstandard.compress(SAMPLE[:500]) + zstandard.compress(SAMPLE[500:])
    assert decode("zstd", split(frames, 11)) == (SAMPLE, True)


def test_several_codings_are_taken_off_in_reverse() -> None:
    assert decode("gzip, br", split(brotli.compress(gzip.compress(SAMPLE)), 13)) == (SAMPLE, True)
    made, finished = decode("gzip, br", [brotli.compress(gzip.compress(SAMPLE)[:-4])])
    assert (made, finished) == (SAMPLE, False)


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "gzip, gzip"])
def test_a_bomb_is_made_in_bounded_steps(name: str) -> None:
    coded = bytes(64 << 20)
    for one in codings(name):
        coded = CODERS[one](coded) if one != "br" else brotli.compress(coded, quality=3)
    decoder = decoder_for(name)
    assert decoder is not None
    tracemalloc.start()
    total = 0
    try:
        for part in decoder.feed(coded):
            total += len(part)
            if total > 32 << 20:
                break
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 32 << 20
    assert peak < (20 << 20 if name == "zstd" else 8 * STEP_BYTES), peak


@pytest.mark.parametrize("header", ["", "identity", " Identity , "])
def test_identity_is_no_coding(header: str) -> None:
    assert decoder_for(header) is None


@pytest.mark.parametrize("header", ["compress", "gzip;q=1", "x-secret, gzip", "gzip, gzip, gzip, gzip"])
def test_a_coding_that_cannot_be_read_is_said(header: str) -> None:
    with pytest.raises(DecodingFailed):
        decoder_for(header)


@given(junk=st.binary(min_size=1, max_size=200), name=st.sampled_from(sorted(CODERS)))
def test_junk_is_damage_and_no_other_error(junk: bytes, name: str) -> None:
    with contextlib.suppress(DecodingFailed):
        decode(name, [junk, junk])

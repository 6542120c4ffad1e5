"""What would expose the collectors is found in every form in which a file can hold it, and refuses the package."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import brotli
import pytest
import zstandard

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from disclosure.scanning import Scanner, Secret
from disclosure.unfolding import Unfoldable, unfold, work
from pipelines.packing import WouldExpose
from pipelines.services import open_services

from .workspaces import ENVIRONMENT, exported, hand_over

ADDRESS = "203.0.113.77"
SECRET = Secret("an address", ADDRESS)
COOKIE = Secret("a cookie", "x9/Kq+é==", whole=False)


def kinds(content: bytes, *secrets: Secret, block: int = 7) -> list[str]:
    look = Scanner(secrets).look("file")
    for at in range(0, len(content), block):
        look.feed(content[at : at + block])
    return [hit.kind for hit in look.hits()]


@pytest.mark.parametrize("block", [1, 7, 4096])
@pytest.mark.parametrize(
    "content",
    [
        f"came from {ADDRESS}.".encode(),
        ADDRESS.encode("utf-16-le") + b"\0",
        json.dumps({"cookie": COOKIE.text}).encode(),
        b"c=x9%2FKq%2B%C3%A9%3D%3D; path=/",
        COOKIE.text.upper().encode(),
    ],
)
def test_a_secret_is_found_in_each_form_and_across_blocks(content: bytes, block: int) -> None:
    assert kinds(content, SECRET, COOKIE, block=block)


def test_an_address_within_a_longer_one_is_another_address() -> None:
    for block in range(1, 40):
        assert not kinds(b"1203.0.113.77 and 203.0.113.770", SECRET, block=block)


def member(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode()
    block = head + body
    record = f"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
    return gzip.compress(record)


def found_in(content: bytes) -> list[str]:
    look = Scanner((SECRET,)).look("file")
    unfold(blocks(content), look)
    return [hit.kind for hit in look.hits()]


def blocks(content: bytes) -> Iterator[bytes]:
    return (content[at : at + 1000] for at in range(0, len(content), 1000))


def chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"


PAGE = b"<p>your address is " + ADDRESS.encode() + b"</p>" + b" " * 3000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("identity", PAGE),
        ("gzip", gzip.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)),
        ("br", brotli.compress(PAGE)),
        ("zstd", zstandard.compress(PAGE)),
    ],
)
def test_a_body_is_looked_through_without_its_codings(coding: str, body: bytes) -> None:
    assert found_in(member(body, f"Content-Encoding: {coding}"))
    assert found_in(member(chunked(body), f"Content-Encoding: {coding}", "Transfer-Encoding: chunked"))


def zipped(content: bytes, method: int = zipfile.ZIP_STORED, *, streamed: bool = False) -> bytes:
    """A zip of two members; `streamed`, their lengths are behind them."""
    place = BytesIO()
    unseekable = Unseekable(place) if streamed else place
    with zipfile.ZipFile(unseekable, "w", method) as archive:  # type: ignore[arg-type]
        archive.writestr("a", b"nothing")
        archive.writestr("archive/b", content)
    return place.getvalue()


class Unseekable:
    """A pipe, as a zip's writer sees it."""

    def __init__(self, place: BytesIO) -> None:
        self.write, self.flush = place.write, place.flush


@pytest.mark.parametrize("block", [1, 100, 1 << 16])
def test_members_of_a_zip_are_looked_through(block: int) -> None:
    body = member(gzip.compress(ADDRESS.encode()), "Content-Encoding: gzip")
    zips = [
        zipped(body),
        zipped(ADDRESS.encode(), zipfile.ZIP_DEFLATED),
        zipped(ADDRESS.encode(), zipfile.ZIP_DEFLATED, streamed=True),
        zipped(zipped(gzip.compress(ADDRESS.encode())), zipfile.ZIP_DEFLATED),
    ]
    for content in zips:
        look = Scanner((SECRET,)).look("file")
        unfold((content[at : at + block] for at in range(0, len(content), block)), look)
        assert look.hits(), content


def test_a_member_that_cannot_be_unpacked_is_told() -> None:
    locked = bytearray(zipped(b"x"))
    locked[6] |= 1
    for content in (bytes(locked), zipped(b"x", streamed=True), zipped(b"x" * 100, zipfile.ZIP_DEFLATED)[:60]):
        with pytest.raises(Unfoldable):
            unfold(iter([content]), Scanner((SECRET,)).look("file"))


def test_what_follows_a_damaged_body_is_looked_through() -> None:
    look = Scanner((SECRET,)).look("file")
    damaged = member(gzip.compress(b"x" * 5000)[:30], "Content-Encoding: gzip")
    with pytest.raises(Unfoldable):
        unfold(blocks(damaged + member(PAGE)), look)
    assert list(look.hits())


def test_a_bomb_ends_and_is_told(tmp_path: Path) -> None:
    look = Scanner((SECRET,)).look("file")
    with pytest.raises(Unfoldable, match="more comes of it"):
        unfold(blocks(gzip.compress(b"\0" * (8 << 20))), look, limit=1 << 20)
    (tmp_path / "nested").write_bytes(
        gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"deep")))))
    )
    answer = work({"files": ["nested"], "secrets": []}, tmp_path, tmp_path)
    assert answer["left"] == [["nested", "it is folded too often"]]


@pytest.mark.parametrize("name", ["note.txt", "record.warc.gz"])
def test_a_package_that_would_expose_somebody_is_refused_and_leaves_nothing(
    own: Path, tmp_path: Path, name: str
) -> None:
    handed = tmp_path / "more"
    handed.mkdir()
    content = PAGE if name == "note.txt" else member(brotli.compress(PAGE), "Content-Encoding: br")
    (handed / name).write_bytes(content)
    with open_services(own, ENVIRONMENT) as services:
        hand_over(services, handed)
    environment = {"CASEFILE_DISCLOSURE__EXIT_ADDRESSES": json.dumps([ADDRESS])}
    with pytest.raises(WouldExpose) as refused:
        exported(own, tmp_path / "out/package", "I-0005", environment=environment)
    assert refused.value.exit_code == 4
    assert "files/0001" in str(refused.value)
    assert ADDRESS not in str(refused.value)
    assert list((tmp_path / "out").iterdir()) == []
    with open_services(own, ENVIRONMENT) as services, reading(services.engine) as connection:
        assert list_acts(connection, "package.released") == []

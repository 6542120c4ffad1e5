"""WARCs and WACZs to read and to damage, made by our own writers."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from casefile.vocabulary import Fidelity
from collectors.http.warc import FIELDS, Record, WarcWriter, warc_fields
from collectors.wacz.writing import Page, WaczMade, WarcFile, warcinfo_fields, write_wacz

CREATED = "2026-11-22T01:02:03.456789Z"
PAGE = "https://site.example/report?b=2&a=1"
PICTURE = "https://site.example/picture.png"
HTML = b"<!doctype html><title>A report</title><p>It was raining.<img src=/picture.png>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def answer(body: bytes, media_type: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def exchange(warc: WarcWriter, locator: str, said: bytes, *, asked: bytes = b"", number: int = 0) -> None:
    """A request and its response, as they passed."""
    request = asked or b"GET /x HTTP/1.1\r\nHost: site.example\r\n\r\n"
    ids = tuple(f"<urn:uuid:00000000-0000-4000-8000-{number * 2 + n:012d}>" for n in (1, 2))
    named = (("WARC-Target-URI", locator), ("WARC-Concurrent-To", ids[1]))
    warc.write(Record("request", CREATED, "application/http;msgtype=request", (request,), named, ids[0]))
    body = said.partition(b"\r\n\r\n")[2]
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    # Both name each other: some readers look for the one, some for the other.
    headers = (named[0], ("WARC-Concurrent-To", ids[0]), ("WARC-Payload-Digest", digest))
    warc.write(Record("response", CREATED, "application/http;msgtype=response", (said,), headers, ids[1]))


def make_warc(path: Path, fidelity: Fidelity = Fidelity.WIRE, told: Fidelity | None = None) -> WarcFile:
    """A page with its picture and an answer to a POST."""
    warc = WarcWriter(path)
    info = warc_fields(warcinfo_fields("tests/1", told or fidelity))
    warc.write(Record("warcinfo", CREATED, FIELDS, (info,), (), "<urn:uuid:00000000-0000-4000-8000-000000000000>"))
    exchange(warc, PAGE, answer(HTML, "text/html; charset=utf-8"), number=1)
    exchange(warc, PICTURE, answer(PNG, "image/png"), number=2)
    post = b'POST /api HTTP/1.1\r\nHost: site.example\r\nContent-Type: application/json\r\n\r\n{"q": {"id": 7}}'
    exchange(warc, "https://site.example/api", answer(b"{}", "application/json"), asked=post, number=3)
    warc.close()
    return WarcFile(path, fidelity)


def make_wacz(folder: Path, name: str = "page.wacz") -> tuple[Path, WaczMade]:
    """A WACZ of the page."""
    warc = make_warc(folder / "wire.warc.gz")
    page = Page(PAGE, CREATED, "A report", "It was raining.")
    made = write_wacz(folder / name, [warc], [page], created=CREATED)
    warc.path.unlink()
    return folder / name, made


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, content: Mapping[str, bytes], deflated: Sequence[str] = ()) -> Path:
    """A zip of these members."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in content.items():
            archive.writestr(name, one, zipfile.ZIP_DEFLATED if name in deflated else zipfile.ZIP_STORED)
    return path


def again(content: dict[str, bytes]) -> dict[str, bytes]:
    """The package made again to fit its members: what whoever forges one would do."""
    package = json.loads(content["datapackage.json"])
    package["resources"] = [
        {"name": name.rpartition("/")[2], "path": name, "hash": f"sha256:{hashlib.sha256(one).hexdigest()}",
         "bytes": len(one)}
        for name, one in content.items()
        if not name.startswith("datapackage")
    ]  # fmt: skip
    plain = json.dumps(package).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(plain).hexdigest()}"}
    return {**content, "datapackage.json": plain, "datapackage-digest.json": json.dumps(digest).encode()}


Damage = Callable[[dict[str, bytes]], dict[str, bytes]]

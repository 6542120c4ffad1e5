"""The index of a WACZ: CDXJ, a line for each record that is replayed, sorted by the bytes of the line. Pure.

A line is key, moment (14 digits, UTC) and an object in JSON. Answers to requests that were no GET are listed under the
address with method and body behind it, so that replay finds the answer to what was asked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlencode

from casefile.canonical import canonical_json
from casefile.model import readable
from collectors.wacz.records import FIELDS_TYPE, WarcRecord, http_head
from collectors.wacz.surt import surt_key

REPLAYED = ("response", "revisit", "resource")
REVISIT_TYPE = "warc/revisit"
MOST_BODY_CHARACTERS = 4_096
"""Of a request's body in a key: what readers of such indexes cut it at."""
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "DELETE")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a WARC: how it was asked, and what was sent with it."""

    method: str
    media_type: str
    body: bytes

    @classmethod
    def of(cls, record: WarcRecord) -> Asked:
        line, fields = http_head(record.head)
        return cls(line.partition(" ")[0].upper(), fields.get("content-type", ""), record.body_start)


@dataclass(slots=True)
class Indexing:
    """The records of one WARC on their way into the index. `name` is the file below `archive/`."""

    name: str
    _answers: list[WarcRecord] = field(default_factory=list)
    _asked: dict[str, Asked] = field(default_factory=dict)

    def add(self, record: WarcRecord) -> None:
        """The next record."""
        if record.kind == "request":
            asked = Asked.of(record)
            if asked.method != "GET":
                self._asked |= {one: asked for one in (record.id, record.headers.get("warc-concurrent-to", "")) if one}
        elif is_replayed(record):
            self._answers.append(record)

    def moments(self) -> dict[str, str]:
        """When each key was first answered, as the record says."""
        found: dict[str, str] = {}
        for one in self._answers:
            if self._asked_for(one) is None:
                found.setdefault(surt_key(one.locator), one.date)
        return found

    def lines(self) -> list[bytes]:
        """A line for each record that is replayed, in the records' order."""
        return [index_line(one, self.name, self._asked_for(one)) for one in self._answers]

    def _asked_for(self, record: WarcRecord) -> Asked | None:
        return self._asked.get(record.id) or self._asked.get(record.headers.get("warc-concurrent-to", ""))


def is_replayed(record: WarcRecord) -> bool:
    """Whether a record belongs into the index."""
    return record.kind in REPLAYED and bool(record.locator) and record.media_type != FIELDS_TYPE


def index_line(record: WarcRecord, name: str, asked: Asked | None = None) -> bytes:
    """The line for one record, without its line feed."""
    told = {
        "url": readable(record.locator, 65_536),
        "mime": REVISIT_TYPE if record.kind == "revisit" else record.media_type or "unk",
        "status": record.status,
        "digest": record.headers.get("warc-payload-digest") or record.payload_sha256,
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": name,
    }
    key = surt_key(record.locator)
    if asked is not None:
        query = body_query(asked)
        key = surt_key(asked_locator(record.locator, asked.method, query))
        told |= {"method": asked.method, "requestBody": query}
    plain = {field: value for field, value in told.items() if value}
    return f"{key} {moment(record.date)} ".encode() + canonical_json(plain)


def asked_locator(locator: str, method: str, query: str) -> str:
    """The address that stands for a request that was no GET: its method and body behind that of the page."""
    behind = f"__wb_method={method}" + (f"&{query}" if query else "")
    return f"{locator}{'&' if '?' in locator else '?'}{behind}"


def moment(date: str) -> str:
    """A WARC date as the 14 digits of an index; zeros where it has none."""
    digits = "".join(one for one in date[:19] if one.isascii() and one.isdigit())
    return digits.ljust(14, "0")[:14]


def index_file(lines: Iterable[bytes]) -> bytes:
    """The file of these lines, sorted, each once."""
    return b"".join(line + b"\n" for line in sorted(set(lines)))


def body_query(asked: Asked) -> str:
    """What was sent, as the part of an address that stands for it."""
    if asked.method in WITHOUT_BODY or not asked.body:
        return ""
    media_type = asked.media_type.lower()
    if media_type.startswith("application/x-www-form-urlencoded"):
        try:
            return unquote_plus(asked.body.decode("utf-8"))[:MOST_BODY_CHARACTERS]
        except UnicodeDecodeError:
            return _binary(asked.body)
    if media_type.startswith(("application/json", "text/plain")):
        try:
            return urlencode(_flat(json.loads(asked.body)))[:MOST_BODY_CHARACTERS]
        except (ValueError, RecursionError):
            return _binary(asked.body) if media_type.startswith("text/plain") else ""
    return _binary(asked.body)


def _binary(body: bytes) -> str:
    return ("__wb_post_data=" + base64.b64encode(body).decode("ascii"))[:MOST_BODY_CHARACTERS]


def _flat(value: object) -> Mapping[str, str]:
    """The leaves of a JSON value by the name nearest above them; a name that comes again is numbered."""
    found: dict[str, str] = {}
    again: dict[str, int] = {}
    pending: list[tuple[str, object]] = [("", value)]
    while pending:
        name, one = pending.pop()
        if isinstance(one, dict):
            pending += [(str(key), below) for key, below in reversed(one.items())]
        elif isinstance(one, list):
            pending += [(name, below) for below in reversed(one)]
        elif name:
            if name in found:
                again[name] = again.get(name, 1) + 1
                name = f"{name}.{again[name]}_"
            found[name] = str(one)
    return found

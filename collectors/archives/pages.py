"""Single pages that a browser saved: MHTML, HAR and SingleFile's HTML."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path
from typing import Any

from casefile.archives import ArchiveKind, Bearing, ClaimField, EntryKind
from collectors.archives.telling import Telling, Unreadable, claim

MOST_MHTML_BYTES = 128 << 20
SINGLEFILE = re.compile(r"(?i)<!--\s*page saved with singlefile(?P<told>.{0,4000}?)-->", re.S)
SINGLEFILE_FIELD = re.compile(r"(?im)^\s*(url|saved date|info)\s*:\s*(.{1,4000}?)\s*$")


def read_mhtml(path: Path) -> Telling:
    """MHTML (RFC 2557) as browsers write it: its own headers, and each part with its address."""
    telling = Telling(ArchiveKind.MHTML)
    if path.stat().st_size > MOST_MHTML_BYTES:
        raise Unreadable("too-large", f"it is larger than {MOST_MHTML_BYTES} bytes")
    with path.open("rb") as file:
        message = BytesParser(policy=compat32).parse(file)
    told = {
        "Snapshot-Content-Location": ClaimField.LOCATOR,
        "Date": ClaimField.CAPTURED,
        "Subject": ClaimField.TITLE,
        "From": ClaimField.TOOL,
    }
    telling.say(*(claim(field, _header(message, name), name) for name, field in told.items()))
    for number, part in enumerate(message.walk(), start=1):
        if part.is_multipart():
            continue
        telling.entry(
            EntryKind.PAGE if part.get_content_type() == "text/html" and not telling.entries else EntryKind.RESOURCE,
            f"part {number}",
            claim(ClaimField.LOCATOR, _header(part, "Content-Location"), "Content-Location"),
            claim(ClaimField.MEDIA_TYPE, part.get_content_type(), "Content-Type"),
        )
        for defect in part.defects:
            telling.problem("part-damaged", type(defect).__name__, f"part {number}")
    for defect in message.defects:
        telling.problem("damaged", type(defect).__name__)
    return telling


def read_har(told: Mapping[str, Any]) -> Telling:
    """HAR 1.2: pages and exchanges. Lengths of bodies that it holds are compared with what it says of them."""
    telling = Telling(ArchiveKind.HAR)
    log = _object(told.get("log"))
    for name in ("creator", "browser"):
        one = _object(log.get(name))
        words = " ".join(str(one[key]) for key in ("name", "version") if isinstance(one.get(key), str))
        telling.say(claim(ClaimField.TOOL, words, f"log.{name}"))
    for number, page in enumerate(_list(log.get("pages"))):
        one = _object(page)
        telling.entry(
            EntryKind.PAGE,
            f"log.pages[{number}]",
            claim(ClaimField.TITLE, one.get("title"), "title"),
            claim(ClaimField.CAPTURED, one.get("startedDateTime"), "startedDateTime"),
        )
    for number, exchange in enumerate(_list(log.get("entries"))):
        _tell_exchange(telling, number, _object(exchange))
    return telling


def read_singlefile(path: Path) -> Telling:
    """The comment with which SingleFile begins a page."""
    telling = Telling(ArchiveKind.SINGLEFILE)
    with path.open("rb") as file:
        start = file.read(1 << 16).decode("utf-8", "replace")
    found = SINGLEFILE.search(start)
    fields = {name.lower(): value for name, value in SINGLEFILE_FIELD.findall(found["told"] if found else "")}
    telling.say(claim(ClaimField.TOOL, "SingleFile", "comment"))
    telling.entry(
        EntryKind.PAGE,
        "comment",
        claim(ClaimField.LOCATOR, fields.get("url"), "url"),
        claim(ClaimField.CAPTURED, fields.get("saved date"), "saved date"),
        claim(ClaimField.TEXT, fields.get("info"), "info"),
    )
    if "url" not in fields:
        telling.problem("damaged", "its comment does not say which page it is")
    return telling


def _tell_exchange(telling: Telling, number: int, one: Mapping[str, Any]) -> None:
    request, response = _object(one.get("request")), _object(one.get("response"))
    content = _object(response.get("content"))
    method = request.get("method")
    telling.entry(
        EntryKind.RECORD,
        f"log.entries[{number}]",
        claim(ClaimField.LOCATOR, request.get("url"), "request.url"),
        claim(ClaimField.IDENTIFIER, method if method != "GET" else None, "request.method"),
        claim(ClaimField.CAPTURED, one.get("startedDateTime"), "startedDateTime"),
        claim(ClaimField.STATUS, response.get("status"), "response.status"),
        claim(ClaimField.MEDIA_TYPE, content.get("mimeType"), "response.content.mimeType"),
        claim(ClaimField.PEER, one.get("serverIPAddress"), "serverIPAddress"),
        claim(ClaimField.BYTES, content.get("size"), "response.content.size", _size_bears(content)),
    )


def _size_bears(content: Mapping[str, Any]) -> Bearing | None:
    text, size = content.get("text"), content.get("size")
    if not isinstance(text, str) or not isinstance(size, int):
        return Bearing.ABSENT if isinstance(size, int) and size > 0 else None
    try:
        held = base64.b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode()
    except (binascii.Error, UnicodeEncodeError):
        return Bearing.DIFFERS
    return Bearing.MATCHES if len(held) == size else Bearing.DIFFERS


def _header(message: Message, name: str) -> str:
    value = message.get(name)
    if value is None:
        return ""
    try:
        return str(make_header(decode_header(str(value))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return str(value)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

"""Telegram Desktop's export in JSON: `result.json` of one chat, or of an account with all of its chats.

Each message is a post with what it says of its author and time. Its media are files beside it, by their path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from casefile.archives import ArchiveClaim, ArchiveKind, Bearing, ClaimField, EntryKind
from casefile.clock import rfc3339
from collectors.archives.beside import Files
from collectors.archives.telling import Telling, claim

NOT_INCLUDED = "(file not included"
MEDIA = (("photo", "photo_file_size"), ("file", "file_size"), ("thumbnail", "thumbnail_file_size"))
TIMES = (("date", ClaimField.POSTED), ("edited", ClaimField.EDITED))
CHATS = ("chats", "left_chats")


def is_telegram(told: Mapping[str, Any]) -> bool:
    """Whether an object in JSON is one of its exports."""
    if isinstance(told.get("messages"), list):
        return "type" in told and "id" in told
    return any(isinstance(_object(told.get(name)).get("list"), list) for name in CHATS)


def read_telegram(told: Mapping[str, Any], files: Files) -> Telling:
    """Every message of every chat."""
    telling = Telling(ArchiveKind.TELEGRAM)
    telling.say(claim(ClaimField.TOOL, "Telegram Desktop", "form of result.json"))
    for place, chat in _chats(told):
        telling.say(
            claim(ClaimField.TITLE, chat.get("name"), f"{place}name"),
            claim(ClaimField.IDENTIFIER, chat.get("id"), f"{place}id"),
        )
        messages = chat.get("messages")
        for number, message in enumerate(messages if isinstance(messages, list) else ()):
            _tell(telling, f"{place}messages[{number}]", _object(message), files)
    return telling


def _chats(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(told.get("messages"), list):
        yield "", told
    for name in CHATS:
        listed = _object(told.get(name)).get("list")
        for number, chat in enumerate(listed if isinstance(listed, list) else ()):
            yield f"{name}.list[{number}].", _object(chat)


def _tell(telling: Telling, where: str, one: Mapping[str, Any], files: Files) -> None:
    claims = [
        claim(ClaimField.IDENTIFIER, one.get("id"), "id"),
        claim(ClaimField.AUTHOR, one.get("from") or one.get("actor"), "from"),
        claim(ClaimField.IDENTIFIER, one.get("from_id") or one.get("actor_id"), "from_id"),
        *_times(one),
        claim(ClaimField.TEXT, _text(one.get("text")), "text"),
        claim(ClaimField.REPLY_TO, one.get("reply_to_message_id"), "reply_to_message_id"),
        claim(ClaimField.FORWARDED_FROM, one.get("forwarded_from"), "forwarded_from"),
        claim(ClaimField.MEDIA_TYPE, one.get("mime_type"), "mime_type"),
    ]
    for name, size_name in MEDIA:
        path = one.get(name)
        if not isinstance(path, str):
            continue
        if path.lower().startswith(NOT_INCLUDED):
            telling.problem("media-left-out", "whoever exported it left a file out", where)
            claims.append(claim(ClaimField.FILE, path, name, Bearing.ABSENT))
            continue
        found = files.at(path)
        claims.append(claim(ClaimField.FILE, path, name, Bearing.MATCHES if found else Bearing.ABSENT))
        size = one.get(size_name)
        if found is not None and isinstance(size, int):
            same = Bearing.MATCHES if size == found.bytes else Bearing.DIFFERS
            claims.append(claim(ClaimField.BYTES, size, size_name, same))
    telling.entry(EntryKind.POST if one.get("type") == "message" else EntryKind.NOTE, where, *claims)


def _times(one: Mapping[str, Any]) -> Iterator[ArchiveClaim | None]:
    """The moment in seconds where it is given, and beside it the local time of the machine that exported."""
    for name, field in TIMES:
        seconds = one.get(f"{name}_unixtime")
        if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) <= 11:
            yield claim(field, rfc3339(datetime.fromtimestamp(int(seconds), UTC)), f"{name}_unixtime")
        yield claim(field, one.get(name), f"{name}, without a zone")


def _text(value: object) -> str:
    """Text that may be in pieces, some of them objects."""
    if isinstance(value, str):
        return value
    pieces = value if isinstance(value, list) else []
    words = (piece.get("text") if isinstance(piece, dict) else piece for piece in pieces)
    return "".join(word for word in words if isinstance(word, str))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

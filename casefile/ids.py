"""Identifiers: time-ordered for what people do, derived for what machines do, short for what people say.

A derived id is a function of the work, so that a machine step repeated after a crash is the same event and not
a second one.
"""

from __future__ import annotations

import re
import uuid
from typing import NewType

LogId = NewType("LogId", str)
EventId = NewType("EventId", str)
PersonId = NewType("PersonId", str)
LeadId = NewType("LeadId", str)
CaptureId = NewType("CaptureId", str)
ItemId = NewType("ItemId", str)
RunId = NewType("RunId", str)
ToolId = NewType("ToolId", str)

DERIVED = 5
"""The version of UUID that `derived` makes."""
SEPARATOR = "\x1f"
"""Between the parts of a derived id: the unit separator, which no part contains."""

ITEM, LEAD, INQUIRY, STATEMENT, SEARCH, PSEUDONYM, CLAIM, ELEMENT = "I", "L", "Q", "S", "R", "W", "C", "E"
"""The letters before short numbers."""
NUMBER = re.compile(r"([A-Z])-0*([1-9][0-9]{0,14})", re.ASCII | re.IGNORECASE)


def mint(milliseconds: int, randomness: bytes) -> str:
    """A UUIDv7 (RFC 9562 section 5.7) from Unix milliseconds and ten random bytes."""
    if len(randomness) != 10:
        raise ValueError("ten random bytes are needed")
    number = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def derived(namespace: str, *parts: str) -> str:
    """The UUIDv5 of `parts` under `namespace`, which is itself a UUID."""
    for part in parts:
        if SEPARATOR in part:
            raise ValueError("a part of a derived id holds the separator")
    return str(uuid.uuid5(uuid.UUID(namespace), SEPARATOR.join(parts)))


def machine_event_id(log: LogId, key: str, step: str, attempt: int) -> EventId:
    """The id of a machine's event: the same for the same log, work key, step and attempt."""
    return EventId(derived(log, key, step, str(attempt)))


def tool_id(log: LogId, description: str) -> ToolId:
    """The register id of the tool whose description has this digest."""
    return ToolId(derived(log, "tool", description))


def item_id(capture: CaptureId, position: int) -> ItemId:
    """The id of the item at `position` (from 0) in a capture."""
    return ItemId(derived(capture, str(position)))


def format_number(number: int, letter: str = ITEM) -> str:
    """A short permanent number as people write it, such as I-0042."""
    return f"{letter}-{number:04d}"


def parse_number(text: str, letter: str = ITEM) -> int | None:
    """The number that `text` stands for, or None when it is not of that form and letter."""
    match = NUMBER.fullmatch(text.strip())
    return int(match.group(2)) if match and match.group(1).upper() == letter else None


def is_derived(text: str) -> bool:
    """Whether an id was made from what it is of, as machines do, and not minted for something that was done once."""
    return uuid.UUID(text).version == DERIVED


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual written form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False

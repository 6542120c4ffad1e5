"""The part of DER (X.690) that time stamps are written in, read strictly: bytes from outside, so nothing is guessed.

Definite lengths in their only form, tags of one byte, no byte left over. Nothing here descends by itself: whoever reads
asks for the element that must come next, so the depth is the caller's and a bomb has nothing to unfold in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31
TRUE = b"\xff"
MOST_ELEMENTS = 64
"""In one sequence or set. The longest that a time stamp has is of seven."""
MOST_LENGTH_BYTES = 3
MOST_INTEGER_BYTES = 40
MOST_OID_BYTES = 40
_TIME = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z")


class DerMalformed(ValueError):
    """The bytes are not the element that must be there; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, its content, and the whole as it stands there."""

    tag: int
    content: bytes
    whole: bytes


class Reader:
    """Takes the elements of a sequence one by one."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def take(self, tag: int) -> Element:
        """The next element, which must have this tag."""
        found = self._next()
        if found.tag != tag:
            raise DerMalformed(f"tag {found.tag:#04x} where {tag:#04x} belongs")
        self._rest = self._rest[len(found.whole) :]
        return found

    def optional(self, tag: int) -> Element | None:
        """The next element if it has this tag, else None."""
        return self.take(tag) if self._rest[:1] == bytes([tag]) else None

    def end(self) -> None:
        """Nothing may be left."""
        if self._rest:
            raise DerMalformed("there is more than there may be")

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return not self._rest

    def _next(self) -> Element:
        head = self._rest[: 2 + MOST_LENGTH_BYTES]
        if len(head) < 2:
            raise DerMalformed("it ends within an element")
        if head[0] & 0x1F == 0x1F:
            raise DerMalformed("a tag of several bytes")
        begin, length = 2, head[1]
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= MOST_LENGTH_BYTES:
                raise DerMalformed("a length that is not stated, or beyond all bounds")
            begin, digits = 2 + count, head[2 : 2 + count]
            length = int.from_bytes(digits, "big")
            if len(digits) < count or digits[0] == 0 or length < 0x80:
                raise DerMalformed("a length in another form than its only one")
        whole = self._rest[: begin + length]
        if len(whole) < begin + length:
            raise DerMalformed("it ends within an element")
        return Element(head[0], whole[begin:], whole)


def only(content: bytes, tag: int) -> Element:
    """The one element that these bytes are."""
    reader = Reader(content)
    found = reader.take(tag)
    reader.end()
    return found


def inside(element: Element) -> Reader:
    """The elements within one."""
    return Reader(element.content)


def members(element: Element, tag: int) -> tuple[Element, ...]:
    """The elements within one, all of which have this tag, in the order in which they stand there."""
    reader = inside(element)
    found: list[Element] = []
    while not reader.at_end:
        if len(found) == MOST_ELEMENTS:
            raise DerMalformed("more elements than there may be")
        found.append(reader.take(tag))
    return tuple(found)


def whole_number(element: Element) -> int:
    """The value of an INTEGER, or of what is tagged in its place, that is not negative."""
    content = element.content
    if not 1 <= len(content) <= MOST_INTEGER_BYTES or content[0] & 0x80:
        raise DerMalformed("a number that is none, is negative or is beyond all bounds")
    if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
        raise DerMalformed("a number in another form than its only one")
    return int.from_bytes(content, "big")


def object_id(element: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    content = element.content
    if not 1 <= len(content) <= MOST_OID_BYTES or content[-1] & 0x80:
        raise DerMalformed("an object identifier that is none")
    arcs, value, fresh = [], 0, True
    for byte in content:
        if fresh and byte == 0x80:
            raise DerMalformed("an object identifier in another form than its only one")
        value, fresh = value << 7 | byte & 0x7F, not byte & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def moment(element: Element) -> datetime:
    """The time of a GeneralizedTime as RFC 3161 restricts it: UTC, fractions without a zero at their end."""
    said = _TIME.fullmatch(element.content)
    if said is None or (said[2] or b"1").endswith(b"0"):
        raise DerMalformed("a time in another form than RFC 3161 allows")
    try:
        whole = datetime.strptime(said[1].decode("ascii"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise DerMalformed("a time that there is not") from error
    return whole.replace(microsecond=int((said[2] or b"0").ljust(6, b"0")[:6]))


def element(tag: int, *contents: bytes) -> bytes:
    """The bytes of an element whose content these are, one behind the other."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    digits = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def integer(value: int) -> bytes:
    """The bytes of an INTEGER that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(dotted: str) -> bytes:
    """The bytes of an OBJECT IDENTIFIER; raises ValueError for a text that names none."""
    first, second, *rest = map(int, dotted.split("."))
    if not (0 <= first <= 2 and 0 <= second < (40 if first < 2 else 1 << 28)) or any(one < 0 for one in rest):
        raise ValueError(f"{dotted} is no object identifier")
    content = b"".join(_base128(one) for one in (40 * first + second, *rest))
    return element(OID, content)


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))

"""Looking through every byte that leaves for what would expose whoever collected: addresses, cookies, handles.

Pure. A hit says where and of which kind, never what: the report of a leak must not be one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

GZIP, WARC, ZIP = b"\x1f\x8b", b"WARC/1.", b"PK\x03\x04"
FOLDED = (GZIP, WARC, ZIP)
"""How files begin that hold more than their bytes show; `unfolding` looks into them."""
SHORTEST = 6
"""Characters. Shorter values are in every file by chance; they are told as not looked for."""

GUESSABLE = 20
"""Characters. Whoever has the digest of a file and all of it but a shorter value can try the values."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that must not leave. `kind` says what it is without saying it; `whole` asks for an edge on both sides.

    `is_drawn`: a machine drew it. Names and addresses have few values, however long they are.
    """

    kind: str
    text: str
    whole: bool = True
    is_drawn: bool = False

    @property
    def is_short(self) -> bool:
        """Whether it is too short to be looked for."""
        return len(self.text) < SHORTEST

    @property
    def is_guessable(self) -> bool:
        """Whether somebody could try all that it may be against a digest."""
        return not self.is_drawn or len(self.text) < GUESSABLE


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something of a kind was found."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    kind: str
    folded: bytes
    whole: bool


@dataclass(frozen=True)
class Scanner:
    """Looks for all secrets at once, in the forms in which files hold text. Letters count in either case."""

    secrets: tuple[Secret, ...]
    patterns: tuple[_Pattern, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = {
            (form, one.kind): _Pattern(one.kind, form, one.whole)
            for one in self.secrets
            if not one.is_short
            for form in _forms(one.text)
        }
        object.__setattr__(self, "patterns", tuple(found.values()))

    @property
    def longest(self) -> int:
        """Bytes of the longest form, with the edges that are looked at."""
        return max((len(one.folded) for one in self.patterns), default=0) + 2

    def look(self, path: str) -> Look:
        """What is fed the bytes of one file."""
        return Look(self, path)


class Look:
    """One file on its way past: fed in blocks of any size, also across their edges."""

    def __init__(self, scanner: Scanner, path: str) -> None:
        self._scanner = scanner
        self._path = path
        self._tail = b""
        self._is_cut = False
        self._found: set[str] = set()

    def within(self) -> Look:
        """A further stream of the same file, such as what is packed in it: found together, and never read as one."""
        further = Look(self._scanner, self._path)
        further._found = self._found
        return further

    def feed(self, block: bytes) -> None:
        """The next bytes."""
        if not self._scanner.patterns:
            return
        seen = self._tail + block.lower()
        self._search(seen, is_end=False)
        self._tail = seen[-self._scanner.longest :]
        self._is_cut = self._is_cut or len(self._tail) < len(seen)

    def hits(self) -> list[Hit]:
        """What was found, after the last bytes."""
        self._search(self._tail, is_end=True)
        return [Hit(self._path, kind) for kind in sorted(self._found)]

    def _search(self, seen: bytes, *, is_end: bool) -> None:
        for pattern in self._scanner.patterns:
            if pattern.kind not in self._found and self._is_in(seen, pattern, is_end=is_end):
                self._found.add(pattern.kind)

    def _is_in(self, seen: bytes, pattern: _Pattern, *, is_end: bool) -> bool:
        at = seen.find(pattern.folded)
        while at >= 0:
            end = at + len(pattern.folded)
            # At the edges of a block, what is before or after is not known: it was judged, or is with the next one.
            is_known = not (at == 0 and self._is_cut) and (is_end or end < len(seen))
            if not pattern.whole or (is_known and stands_alone(seen, at, end)):
                return True
            at = seen.find(pattern.folded, at + 1)
        return False


def stands_alone(seen: bytes, at: int, end: int) -> bool:
    """Whether no letter or digit is before or behind these bytes, so that they are no part of something longer."""
    return not _is_word(seen[max(at - 1, 0) : at]) and not _is_word(seen[end : end + 1])


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"


def _forms(text: str) -> Iterable[bytes]:
    """The forms of a text in files: as it is, in UTF-16, percent-encoded, as JSON escapes it; in either case."""
    cases = (text, text.lower(), text.upper())
    plain = (form for one in cases for form in (one, quote(one, safe=""), quote(one), json.dumps(one)[1:-1]))
    wide = (one.encode(coding) for one in cases for coding in ("utf-16-le", "utf-16-be"))
    return dict.fromkeys(form.lower() for form in (*(one.encode("utf-8") for one in plain), *wide))

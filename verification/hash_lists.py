"""Lists of PDQ hashes as ThreatExchange's tools exchange them: text, one hash a line, and nothing about whose it is.

A line is `pdq HASH`, or the hash alone, or `HASH,quality,name` as its hashing tool prints it; what stands behind the
hash is not taken over. A hash is 64 hexadecimal digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_LINES = 1_000_000
LONGEST_LINE = 4_096
"""Characters; behind the hash a line may name a file."""
LINE = re.compile(r"(?:pdq[ \t]+)?([0-9a-fA-F]{64})(?:[ \t,].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class HashList:
    """The hashes of a list, each once, in order; and the numbers of lines that are neither a hash nor empty."""

    hashes: tuple[str, ...]
    refused: tuple[int, ...] = ()


def read_list(lines: Iterable[str]) -> HashList:
    """The hashes in these lines. Raises ValueError where there are more than MOST_LINES of them."""
    found, refused = dict[str, None](), list[int]()
    for number, line in enumerate(lines, 1):
        if number > MOST_LINES:
            raise ValueError(f"more than {MOST_LINES} lines")
        text = line.strip()
        said = LINE.fullmatch(text) if len(text) <= LONGEST_LINE else None
        if said is not None:
            found[said[1].lower()] = None
        elif text and not text.startswith("#"):
            refused.append(number)
    return HashList(tuple(found), tuple(refused))


def write_list(hashes: Iterable[str]) -> str:
    """A list of these hashes, each once and in an order that says nothing of where they come from."""
    return "".join(f"pdq {one}\n" for one in sorted(set(hashes)))

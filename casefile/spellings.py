"""One address has many spellings; a key that they share lets an index find them all."""

from __future__ import annotations

import re
from urllib.parse import unquote

AUTHORITY = re.compile(r"[^/?#]*")
PORT = re.compile(r":[0-9]*\Z", re.ASCII)


def spelling_key(locator: str) -> str:
    """A key for a locator. Those that are asked for as one address have one of two keys, however they are written;
    others may share it, so that whoever looks by `spelling_keys` compares what is found.

    It holds the host, where it is written in plain ASCII, then the letters and digits of path and query.
    """
    rest = locator.strip(" \t\r\n").partition("#")[0].partition("://")[2]
    authority = AUTHORITY.match(rest)
    place = authority.group() if authority else ""
    host = PORT.sub("", place.rpartition("@")[2]).lower()
    target = unquote(rest[len(place) :])
    plain = host if host.isascii() and "xn--" not in host else ""
    return f"{plain} {''.join(one for one in target if one.isascii() and one.isalnum())}"


def spelling_keys(asked: str) -> tuple[str, str]:
    """The keys of all spellings of a locator, given as it is asked for: with its host, and without, where other letters
    spell the same host.
    """
    key = spelling_key(asked)
    return key, f" {key.rpartition(' ')[2]}"

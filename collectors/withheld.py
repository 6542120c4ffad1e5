"""What of a request with an identity's cookies is kept: everything but the values that would log somebody in.

Each withheld character is replaced by `*`, so that lengths, positions and the names of cookies stay as they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from collectors.jars import Cookie

WITHHELD = "cookie values in requests"
"""How a capture's record names it."""
SECRET_CHARACTERS = 8
"""Shorter values, such as a language or a flag, log nobody in and stand in every other text."""
COOKIE_LINE = re.compile(rb"^(cookie:)([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
COOKIE_PAIR = re.compile(r"(=)([^;]*)")


def secrets_of(cookies: Sequence[Cookie]) -> tuple[str, ...]:
    """The values that must stand nowhere, also as a locator would write them; the longest first."""
    values = {one.value for one in cookies if len(one.value) >= SECRET_CHARACTERS}
    forms = {form for value in values for form in (value, value.strip('"'), unquote(value), quote(value, safe=""))}
    return tuple(sorted((one for one in forms if len(one) >= SECRET_CHARACTERS), key=lambda one: (-len(one), one)))


def withhold(text: str, secrets: Sequence[str]) -> str:
    """The text without the secrets."""
    for one in secrets:
        text = text.replace(one, "*" * len(one))
    return text


def withhold_pairs(header: str) -> str:
    """The value of a Cookie header with the names of the cookies only."""
    return COOKIE_PAIR.sub(lambda pair: pair.group(1) + "*" * len(pair.group(2)), header)


def withhold_headers(headers: Iterable[tuple[str, str]], secrets: Sequence[str]) -> list[tuple[str, str]]:
    """The headers of a request without the values of cookies."""
    return [
        (name, withhold_pairs(value) if name.lower() == "cookie" else withhold(value, secrets))
        for name, value in headers
    ]


def withhold_bytes(request: bytes, secrets: Sequence[str]) -> bytes:
    """A request as it was sent, of the same length, without the values of cookies."""
    request = COOKIE_LINE.sub(_without_values, request)
    for one in secrets:
        secret = one.encode("latin-1", "replace")
        request = request.replace(secret, b"*" * len(secret))
    return request


def withhold_all(value: Any, secrets: Sequence[str]) -> Any:
    """A JSON value without the secrets in any of its texts."""
    if isinstance(value, str):
        return withhold(value, secrets)
    if isinstance(value, Mapping):
        return {withhold(str(key), secrets): withhold_all(one, secrets) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [withhold_all(one, secrets) for one in value]
    return value


def _without_values(line: re.Match[bytes]) -> bytes:
    return line.group(1) + withhold_pairs(line.group(2).decode("latin-1")).encode("latin-1")

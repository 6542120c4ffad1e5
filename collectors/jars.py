"""Cookie jars: read strictly, narrowed to the hosts of one platform, sent by the rules of RFC 6265.

A jar is its investigator's own export of a browser, and its values log somebody in. So what is not understood is
refused by its line, never skipped, and no message and no representation of a cookie shows a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from casefile.errors import JarUnusable
from casefile.model import Value
from collectors.locators import Locator

MAX_JAR_BYTES = 1 << 20
"""Browsers keep at most some 180 cookies of 4 KiB for a site; this holds a whole profile's."""
MAX_COOKIES = 500
MAX_COOKIE_CHARACTERS = 8_192

HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
ADDRESS = re.compile(r"[0-9.]+|\[.*\]", re.ASCII)
PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*", re.ASCII)
NAME = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c\x3e-\x7e]+", re.ASCII)
"""Printable, without what would end a name or a cookie: comma, semicolon, equals sign, blanks."""
VALUE = re.compile(r"(?:[\x21-\x3a\x3c-\x7e](?:[\x20-\x3a\x3c-\x7e]*[\x21-\x3a\x3c-\x7e])?)?", re.ASCII)
MOMENT = re.compile(r"([0-9]{1,12})(?:\.[0-9]{1,9})?", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
HTTP_ONLY = "#HttpOnly_"
COLUMNS = 7
FLAGS = {"TRUE": True, "FALSE": False}


class Cookie(Value):
    """One cookie. `domain` has no leading dot; with `subdomains` it stands for them too.

    `expires_s` is Unix time, 0 for one that lasts as long as the browser is open.
    """

    domain: str
    subdomains: bool
    path: str
    secure: bool
    expires_s: int = 0
    name: str
    value: str = Field(repr=False)


@dataclass(frozen=True, slots=True)
class Jar:
    """The cookies of one platform. `expired` and `foreign` count those that were left out."""

    cookies: tuple[Cookie, ...]
    expired: int = 0
    foreign: int = 0


def read_jar(content: bytes, hosts: Sequence[str], now_s: int) -> Jar:
    """The cookies of these hosts in a cookies.txt (Netscape) or in the JSON of a cookie extension.

    Raises JarUnusable, naming the line or the entry, for anything that is not understood, and when nothing is left.
    """
    if len(content) > MAX_JAR_BYTES:
        raise JarUnusable(f"it is longer than {MAX_JAR_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JarUnusable("it is not text") from error
    if "\0" in text:
        raise JarUnusable("it is not text")
    found = _entries(text) if text.lstrip()[:1] in ("[", "{") else _lines(text)
    kept: dict[tuple[str, str, str], Cookie] = {}
    expired = foreign = 0
    for one in found:
        if not within(one.domain, hosts):
            foreign += 1
        elif one.expires_s and one.expires_s <= now_s:
            expired += 1
        else:
            kept[one.domain, one.path, one.name] = one
    if len(kept) > MAX_COOKIES:
        raise JarUnusable(f"it holds more than {MAX_COOKIES} cookies for {', '.join(hosts)}")
    if not kept:
        left = f"{expired} that have expired, {foreign} for other hosts"
        raise JarUnusable(f"it holds no cookie for {', '.join(hosts)} that is still good ({left})")
    return Jar(tuple(kept.values()), expired, foreign)


def within(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host is one of these or below one of them; addresses have nothing below them."""
    return any(host == one or (host.endswith(f".{one}") and not ADDRESS.fullmatch(host)) for one in hosts)


def cookie_header(cookies: Sequence[Cookie], hosts: Sequence[str], locator: Locator, now_s: int) -> str:
    """The value of the Cookie header for a request (RFC 6265 section 5.4); empty for none.

    Nothing is sent to a host that is not of the platform, whatever a cookie says, and nothing secure without TLS.
    """
    if not within(locator.host, hosts):
        return ""
    sent = [one for one in cookies if _is_for(one, locator) and not (one.expires_s and one.expires_s <= now_s)]
    return "; ".join(f"{one.name}={one.value}" for one in sorted(sent, key=lambda one: -len(one.path)))


def netscape(cookies: Sequence[Cookie]) -> str:
    """The cookies as a cookies.txt."""
    lines = [
        "\t".join(
            (
                f".{one.domain}" if one.subdomains else one.domain,
                str(one.subdomains).upper(),
                one.path,
                str(one.secure).upper(),
                str(one.expires_s),
                one.name,
                one.value,
            )
        )
        for one in cookies
    ]
    return "\n".join(["# Netscape HTTP Cookie File", *lines, ""])


def _is_for(one: Cookie, locator: Locator) -> bool:
    below = one.subdomains and locator.host.endswith(f".{one.domain}") and not ADDRESS.fullmatch(locator.host)
    if locator.host != one.domain and not below:
        return False
    if one.secure and locator.scheme != "https":
        return False
    path = locator.path
    return path == one.path or (path.startswith(one.path) and (one.path.endswith("/") or path[len(one.path)] == "/"))


def _lines(text: str) -> Iterator[Cookie]:
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if CONTROL.search(line):
            raise JarUnusable(f"line {number} holds a control character")
        line = line.removeprefix(HTTP_ONLY)
        if line.startswith("#") or not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) != COLUMNS:
            raise JarUnusable(f"line {number} has {len(columns)} columns where a cookies.txt has {COLUMNS}")
        domain, subdomains, path, secure, moment, name, value = columns
        if subdomains not in FLAGS or secure not in FLAGS:
            raise JarUnusable(f"line {number} has something else than TRUE or FALSE in its second or fourth column")
        expires = MOMENT.fullmatch(moment)
        if expires is None:
            raise JarUnusable(f"line {number} has no time in its fifth column")
        yield _cookie(
            f"line {number}",
            domain=domain,
            subdomains=FLAGS[subdomains],
            path=path,
            secure=FLAGS[secure],
            expires_s=int(expires.group(1)),
            name=name,
            value=value,
        )


def _entries(text: str) -> Iterator[Cookie]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JarUnusable("it begins like JSON and is none") from error
    if isinstance(listed, dict):
        listed = listed.get("cookies")
    if not isinstance(listed, list):
        raise JarUnusable("its JSON is not a list of cookies")
    for number, one in enumerate(listed, start=1):
        yield _entry(f"entry {number}", one)


def _entry(where: str, one: object) -> Cookie:
    """A cookie as extensions export it, which is how the browsers' own interface for extensions names its fields."""
    if not isinstance(one, Mapping):
        raise JarUnusable(f"{where} is no cookie")
    domain, expires = one.get("domain"), one.get("expirationDate") or 0
    texts = (domain, one.get("path", "/"), one.get("name"), one.get("value"))
    flags = (one.get("secure", False), one.get("hostOnly", not str(domain).startswith(".")))
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(flag, bool) for flag in flags):
        raise JarUnusable(f"{where} lacks a domain, a path, a name or a value")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not 0 <= expires < 10**12:
        raise JarUnusable(f"{where} has no time in expirationDate")
    secure, host_only = flags
    return _cookie(
        where,
        domain=domain,
        subdomains=not host_only,
        path=texts[1],
        secure=secure,
        expires_s=int(expires),
        name=texts[2],
        value=texts[3],
    )


def _cookie(where: str, **fields: Any) -> Cookie:
    domain = fields["domain"].lower().removeprefix(".")
    if len(domain) > 253 or not HOST.fullmatch(domain):
        raise JarUnusable(f"{where} has no host in the place of its domain")
    if not PATH.fullmatch(fields["path"]):
        raise JarUnusable(f"{where} has a path that cannot be one")
    if not NAME.fullmatch(fields["name"]):
        raise JarUnusable(f"{where} has a name that cannot be one")
    if not VALUE.fullmatch(fields["value"]):
        raise JarUnusable(f"{where} has a value with characters that no cookie may hold")
    if len(fields["name"]) + len(fields["value"]) > MAX_COOKIE_CHARACTERS:
        raise JarUnusable(f"{where} is longer than {MAX_COOKIE_CHARACTERS} characters")
    return Cookie(**{**fields, "domain": domain})

"""Keys of an index: an address with its host turned round, so that what belongs together sorts together. Pure.

The form is that of the Sort-friendly URI Reordering Transform with the rules of the Wayback machine's key maker, which
pywb, cdxj-indexer and OpenWayback look addresses up by. Two addresses with one key are replayed for each other.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

SCHEME = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]*:")
PARTS = re.compile(rb"(?s)(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?\Z")
"""RFC 3986, appendix B: scheme, authority, path, query."""
REPEATED_SCHEME = re.compile(rb"^(https?://)+")
BREAKS = re.compile(rb"[\n\r\t]")
KEPT = b"!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Printable characters that are not escaped."""
NUMBERED_WWW = re.compile(rb"www\d*\.")
USUAL_PORTS = {b"http": 80, b"https": 443}
SESSIONS_IN_PATHS = (
    re.compile(rb"^(.*/)(\((?:[a-z]\([0-9a-z]{24}\))+\)/)([^?]+\.aspx.*)$", re.I),
    re.compile(rb"^(.*/)(\([0-9a-z]{24}\)/)([^?]+\.aspx.*)$", re.I),
)
SESSIONS_IN_QUERIES = tuple(
    re.compile(rb"^(.*)(?:" + one + rb")(?:&(.*))?$", re.I)
    for one in (
        rb"jsessionid=[0-9a-zA-Z]{32}",
        rb"phpsessid=[0-9a-zA-Z]{32}",
        rb"sid=[0-9a-zA-Z]{32}",
        rb"ASPSESSIONID[a-zA-Z]{8}=[a-zA-Z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
)
MOST_ESCAPES = 64
"""How often over an address may be escaped; each turn costs the whole length."""
LONGEST_BYTES = 65_536
"""Of an address; what is behind that says nothing to a reader of keys."""


def surt_key(address: str) -> str:
    """The key under which an index lists `address`; whatever it is, one line without spaces."""
    text = BREAKS.sub(b"", address.encode("utf-8", "replace").strip())[:LONGEST_BYTES]
    if not SCHEME.match(text):
        text = b"http://" + text
    text = REPEATED_SCHEME.sub(lambda match: match.group(1), text)
    matched = PARTS.match(text)
    if matched is None:
        return quote_from_bytes(text)
    scheme, authority, path, query = (part or b"" for part in matched.groups())
    scheme = scheme.lower()
    host, port = _host_and_port(authority)
    if not host and scheme.startswith(b"http"):
        host, _, path = path.lstrip(b"/").partition(b"/")
        path = b"/" + path
    place = _place(scheme, host, port) if host else scheme + b":"
    rest = _path(path, below_host=bool(host))
    asked = _query(query)
    if asked and not rest:
        rest = b"/"
    key = place + rest + (b"?" + asked if asked else b"")
    return key.replace(b" ", b"%20").decode("ascii")


def _host_and_port(authority: bytes) -> tuple[bytes, int | None]:
    place = authority.rpartition(b"@")[2].rstrip(b":")
    if place.startswith(b"["):
        host, _, rest = place[1:].partition(b"]")
        port = rest.removeprefix(b":")
    else:
        host, _, port = place.partition(b":")
    return host.lower(), int(port) if port.isdigit() and len(port) < 6 else None


def _place(scheme: bytes, host: bytes, port: int | None) -> bytes:
    host = _host(host)
    if scheme != b"dns":
        host = NUMBERED_WWW.sub(b"", host, count=1) if NUMBERED_WWW.match(host) else host
    turned = b",".join(reversed(host.split(b".")))
    shown = b"" if port is None or port == USUAL_PORTS.get(scheme) else b":%d" % port
    return turned + shown + b")"


def _host(host: bytes) -> bytes:
    plain = _unescape(host)
    if not plain.isascii():
        try:
            plain = plain.decode("utf-8", "ignore").encode("idna")
        except UnicodeError:
            plain = _escape(plain)
    plain = plain.replace(b"..", b".").strip(b".")
    if plain.isdigit():
        return str(ipaddress.IPv4Address(int(plain[:20]) & 0xFFFFFFFF)).encode("ascii")
    return _escape(plain.lower())


def _path(path: bytes, *, below_host: bool) -> bytes:
    plain = _unescape(path)
    if below_host:
        plain = _without_dots(plain)
    plain = _escape(plain).lower()
    for pattern in SESSIONS_IN_PATHS:
        if found := pattern.match(plain):
            plain = found.group(1) + found.group(3)
    return plain[:-1] if len(plain) > 1 and plain.endswith(b"/") else plain


def _without_dots(path: bytes) -> bytes:
    kept: list[bytes] = []
    for part in path.split(b"/")[1:]:
        if part == b"..":
            kept = kept[:-1] if kept else [part]
        elif part != b".":
            kept.append(part)
    if not kept:
        return b"/"
    return b"/" + b"".join(part + b"/" for part in kept[:-1] if part) + kept[-1]


def _query(query: bytes) -> bytes:
    plain = _escape(_unescape(query))
    for pattern in SESSIONS_IN_QUERIES:
        if found := pattern.match(plain):
            plain = found.group(1) + (found.group(2) or b"")
    plain = plain.lower()
    if len(plain) < 2:
        return plain
    pairs = sorted(tuple(argument.split(b"=", 1)) for argument in plain.split(b"&"))
    return b"&".join(b"=".join(pair) for pair in pairs)


def _unescape(text: bytes) -> bytes:
    for _ in range(MOST_ESCAPES):
        plain = unquote_to_bytes(text)
        if plain == text:
            break
        text = plain
    return text


def _escape(text: bytes) -> bytes:
    return quote_from_bytes(text, safe=KEPT).encode("ascii")

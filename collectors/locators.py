"""Locators as they may be asked for, recorded and shown.

This is a courtesy to the person at the keyboard: it refuses what cannot be meant and writes the rest in one form.
Whether an address may be contacted is judged by the egress broker alone, on the address that is really connected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from casefile.vocabulary import Cause

LONGEST_BYTES = 65_536
"""Servers stop between 8 and 64 KiB; what is longer is an attack on whoever stores or prints it."""

LOST_CHARACTER = "\N{REPLACEMENT CHARACTER}"
"""What stands where a character could not be read: the address that was meant is not known any more."""
CUT_SIGN = "\N{HORIZONTAL ELLIPSIS}"
"""The last character of a locator that had to be cut, three bytes long: with it the locator is longer than accepted."""

DEFAULT_PORTS = {"http": 80, "https": 443}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x20\x7f]")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
ASCII_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}", re.ASCII)
ADDRESS_V6 = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
PATH_SAFE = "/:@!$&'()*+,;=-._~%[]|^"
QUERY_SAFE = PATH_SAFE + '?`{}"'


@dataclass(frozen=True, slots=True)
class Locator:
    """An http or https locator: lower-case scheme, host in ASCII (punycode), without credentials or fragment."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_and_port(self) -> str:
        """What a Host header says: the port only when it is not the scheme's own."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def text(self) -> str:
        """The locator as it is requested and recorded."""
        return f"{self.scheme}://{self.host_and_port}{self.target}"

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class RefusedLocator:
    """A locator that no method is asked to capture, and why."""

    cause: Cause
    reason: str


def parse_locator(text: str) -> Locator | RefusedLocator:
    """Read an absolute http or https locator; surrounding blanks are dropped.

    Refuses more than 64 KiB, controls, characters that were lost, inner blanks in the host, lone surrogates,
    backslashes before the query, other schemes and hosts that are no name. Credentials are dropped and never sent: see
    `holds_credentials`.
    """
    text = text.strip(" \t\r\n")
    problem = _unreadable(text)
    if problem:
        return RefusedLocator(Cause.UNSUPPORTED, problem)
    scheme = scheme_of(text)
    if scheme not in DEFAULT_PORTS:
        said = f"the scheme {scheme!r} is not collected" if scheme else "it does not begin with http:// or https://"
        return RefusedLocator(Cause.UNSUPPORTED, said)
    if not text[len(scheme) + 1 :].startswith("//"):
        return RefusedLocator(Cause.UNSUPPORTED, f"{scheme}: is not followed by //")
    return _parse_parts(scheme, text)


def follow(base: Locator, reference: str) -> Locator | RefusedLocator:
    """Where a redirect from `base` leads; a scheme other than http and https is `blocked-by-policy`."""
    reference = reference.strip(" \t\r\n")
    problem = _unreadable(reference)
    if problem:
        return RefusedLocator(Cause.BLOCKED_BY_POLICY, f"redirect refused: {problem}")
    scheme = scheme_of(reference)
    if scheme and scheme not in DEFAULT_PORTS:
        return RefusedLocator(Cause.BLOCKED_BY_POLICY, f"redirect to the scheme {scheme!r}")
    try:
        absolute = urljoin(base.text, reference)
    except ValueError as error:
        return RefusedLocator(Cause.BLOCKED_BY_POLICY, f"redirect refused: {error}")
    found = parse_locator(absolute)
    if isinstance(found, RefusedLocator):
        return RefusedLocator(Cause.BLOCKED_BY_POLICY, f"redirect refused: {found.reason}")
    return found


def scheme_of(text: str) -> str:
    """The scheme in lower case, or nothing. `host:8080` has none: digits behind the colon are a port."""
    match = SCHEME.match(text)
    if match is None or re.match(r"[0-9]{1,5}(?:/|$)", text[match.end() :], re.ASCII):
        return ""
    return match.group(1).lower()


def recordable(text: str) -> str:
    """A locator as a record can hold it: lone surrogates replaced, at most 65,536 characters.

    Whatever had to be replaced or cut is refused by `parse_locator` ever after, so that a locator which was altered on
    its way into the record never becomes another address that is asked for.
    """
    kept = LONE_SURROGATE.sub(LOST_CHARACTER, text)
    return kept if len(kept) <= LONGEST_BYTES else kept[: LONGEST_BYTES - 1] + CUT_SIGN


def holds_credentials(text: str) -> bool:
    """Whether a user name or password stands in front of the host."""
    return "@" in _authority(text)


def shown(text: str) -> str:
    """The locator as it may be logged and printed: without credentials, controls escaped, at most 2,000 characters."""
    authority = _authority(text)
    if "@" in authority:
        text = text.replace(authority, authority.rpartition("@")[2], 1)
    text = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text[:4_000])
    return text if len(text) <= 2_000 else text[:1_999] + "…"


def _authority(text: str) -> str:
    match = re.match(r"\s*[A-Za-z][A-Za-z0-9+.-]*:[/\\]{1,3}([^/?#\\]*)", text)
    return match.group(1) if match else ""


def _unreadable(text: str) -> str:
    if not text:
        return "it is empty"
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair"
    if size > LONGEST_BYTES:
        return f"it is longer than {LONGEST_BYTES} bytes"
    if LOST_CHARACTER in text:
        return "it holds a character that could not be read, so it is not known which address is meant"
    found = CONTROL.sub("", text)
    if len(found) != len(text) and re.search(r"[\x00-\x1f\x7f]", text):
        return "it holds control characters"
    if "\\" in re.split(r"[?#]", text, maxsplit=1)[0]:
        return "it holds a backslash, which readers of addresses take differently"
    return ""


def _parse_parts(scheme: str, text: str) -> Locator | RefusedLocator:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        return RefusedLocator(Cause.UNSUPPORTED, str(error))
    host = _ascii_host(parts.netloc.rpartition("@")[2])
    if not host:
        return RefusedLocator(Cause.UNSUPPORTED, "its host is not a name that can be looked up")
    if port == 0:
        return RefusedLocator(Cause.UNSUPPORTED, "port 0 is not a port")
    target = quote(parts.path or "/", safe=PATH_SAFE) + (
        "?" + quote(parts.query, safe=QUERY_SAFE) if parts.query else ""
    )
    locator = Locator(scheme, host, port or DEFAULT_PORTS[scheme], target)
    if len(locator.text) > LONGEST_BYTES:
        return RefusedLocator(Cause.UNSUPPORTED, "it is too long once written in ASCII")
    return locator


def _ascii_host(netloc: str) -> str:
    if netloc.startswith("["):
        address = netloc.partition("]")[0] + "]"
        return address.lower() if ADDRESS_V6.fullmatch(address) else ""
    host = netloc.partition(":")[0]
    if ASCII_HOST.fullmatch(host):
        return host.lower()
    if host.isascii():
        return ""
    try:
        encoded = idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""
    return encoded.lower()

"""Which addresses are public. Pure: what is judged here is an address, never a name.

Only what is known to be public passes. IPv4 is public unless a block below says otherwise; IPv6 is public only in
the one block that IANA has given out for it (2000::/3), less what is reserved in there. An IPv6 address that carries
an IPv4 address is judged by the one that it carries, since that is where the packets end.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from casefile.model import readable

IPV4_NOT_PUBLIC: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(block), kind)
    for block, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignment"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)
"""IANA IPv4 Special-Purpose Address Registry; the first match names the kind."""

IPV6_NOT_PUBLIC: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(block), kind)
    for block, kind in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard"),
        ("2001::/23", "protocol assignment"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        # Withdrawn by RFC 3879, still routed where it was set up; Python 3.11 calls it global.
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
"""IANA IPv6 Special-Purpose Address Registry, and the blocks that were withdrawn without being given out again."""

IPV6_GLOBAL = IPv6Network("2000::/3")
"""RFC 4291 section 2.5.4 and the IANA registry: all that is given out as global unicast."""
IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the well-known prefix; the last 32 bits are the IPv4 address."""
SIX_TO_FOUR = IPv6Network("2002::/16")
"""RFC 3056: bits 16 to 47 are the IPv4 address."""
TEREDO = IPv6Network("2001::/32")
"""RFC 4380: bits 32 to 63 are the server's IPv4 address, the last 32 the client's, inverted."""


def why_not_public(text: str) -> str:
    """The kind of non-public address that `text` is; empty when it is public.

    Raises ValueError when `text` is not one IPv4 or IPv6 address in its written form.
    """
    address = ip_address(text)
    return _judge_ipv4(address) if isinstance(address, IPv4Address) else _judge_ipv6(address)


def why_any_not_public(resolved: Sequence[str]) -> str:
    """The first of the addresses that is not public, and its kind; empty when all are.

    A name that answers with both is not to be trusted.
    """
    for address in resolved:
        try:
            kind = why_not_public(address)
        except ValueError:
            kind = "unreadable"
        if kind:
            return f"{readable(address, 64)} {kind}"
    return ""


def is_below(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host is one of these or below one of them, however it is written."""
    name = host.lower().rstrip(".")
    return any(name == one or name.endswith(f".{one}") for one in hosts)


def is_public(text: str) -> bool:
    """Whether `text` is an address on the public internet; raises ValueError when it is no address."""
    return not why_not_public(text)


def _judge_ipv4(address: IPv4Address) -> str:
    return next((kind for block, kind in IPV4_NOT_PUBLIC if address in block), "")


def _judge_ipv6(address: IPv6Address) -> str:
    if address.scope_id:
        return "scoped"
    carried = _carried(address)
    if carried:
        return next((f"{form} of {kind}" for form, one in carried if (kind := _judge_ipv4(one))), "")
    for block, kind in IPV6_NOT_PUBLIC:
        if address in block:
            return kind
    return "" if address in IPV6_GLOBAL else "reserved"


def _carried(address: IPv6Address) -> tuple[tuple[str, IPv4Address], ...]:
    """The IPv4 addresses in `address`, each with the form that carries it."""
    number = int(address)
    low = IPv4Address(number & 0xFFFF_FFFF)
    if address in IPV4_MAPPED:
        return (("IPv4-mapped", low),)
    if address in NAT64:
        return (("NAT64", low),)
    if address in SIX_TO_FOUR:
        return (("6to4", IPv4Address(number >> 80 & 0xFFFF_FFFF)),)
    if address in TEREDO:
        client = IPv4Address(int(low) ^ 0xFFFF_FFFF)
        return (("Teredo", IPv4Address(number >> 64 & 0xFFFF_FFFF)), ("Teredo", client))
    return ()


def matching_allowance(allow: tuple[str, ...], host: str, port: int) -> str:
    """The entry of `allow` (host:port) that names exactly this host, as it was asked for, and port; empty if none.

    Names are compared without case and closing dot, addresses by value. A name is not matched by the address that
    it resolves to, nor an address by a name.
    """
    wanted = _host_form(host)
    for entry in allow:
        name, _, number = entry.rpartition(":")
        if number == str(port) and _host_form(name) == wanted:
            return entry
    return ""


def _host_form(host: str) -> str:
    bare = host.removeprefix("[").removesuffix("]").lower().removesuffix(".")
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare

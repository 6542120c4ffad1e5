"""Addresses that are not public, each written in one of the many ways that some reader of addresses accepts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

INSIDE = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
    )
)
INSIDE6 = tuple(
    IPv6Network(block)
    for block in ("::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b:1::/48", "100::/64")
)
FULL_STOPS = (".", ".", ".", ".", "\u3002")
"""The ideographic one is a full stop to the readers of names that follow IDNA."""


def written(seed: int, count: int) -> Iterator[str]:
    """So many hosts as they stand in a locator, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(FORMS)(chance)


def _inside(chance: random.Random) -> int:
    block = chance.choice(INSIDE)
    return int(block.network_address) + chance.randrange(block.num_addresses)


def _number(chance: random.Random, value: int) -> str:
    """A part of an address in one of C's three bases, with zeroes and capitals as it comes."""
    text = chance.choice((f"{value}", f"0{value:o}", f"0x{value:x}", f"0X{value:X}", f"0x{value:08x}", f"000{value:o}"))
    return text if chance.random() < 0.95 else text.translate({48 + digit: 0xFF10 + digit for digit in range(10)})


def _parts(chance: random.Random) -> str:
    """What inet_aton reads: one to four parts, of which the last takes what is left."""
    value, count = _inside(chance), chance.randrange(1, 5)
    leading = [value >> (24 - 8 * place) & 0xFF for place in range(count - 1)]
    last = value & (1 << (8 * (5 - count))) - 1
    closing = chance.choice(("", "", ".", ".."))
    overflow = chance.choice((0, 0, 0, 1 << 32)) if count == 1 else 0
    return chance.choice(FULL_STOPS).join(_number(chance, one) for one in (*leading, last + overflow)) + closing


def _dotted(chance: random.Random) -> str:
    return str(IPv4Address(_inside(chance)))


def _carried(chance: random.Random) -> str:
    """An IPv6 address in which the packets of an IPv4 address travel."""
    value = _inside(chance)
    number = chance.choice(
        (
            0xFFFF << 32 | value,
            value,
            0xFFFF << 48 | value,
            int(IPv6Address("64:ff9b::")) | value,
            0x2002 << 112 | value << 80 | chance.getrandbits(64),
            0x2001 << 112 | value << 64 | chance.getrandbits(32),
            0x2001 << 112 | 0x08080808 << 64 | (value ^ 0xFFFF_FFFF),
        )
    )
    return f"[{_shaped(chance, IPv6Address(number))}]"


def _of_six(chance: random.Random) -> str:
    block = chance.choice(INSIDE6)
    return f"[{_shaped(chance, block[chance.randrange(min(block.num_addresses, 1 << 60))])}]"


def _shaped(chance: random.Random, address: IPv6Address) -> str:
    number = int(address)
    mixed = f"{IPv6Address(number >> 32 << 32).exploded[:29]}:{IPv4Address(number & 0xFFFF_FFFF)}"
    text = chance.choice((address.compressed, address.exploded, mixed))
    scope = chance.choice(("", "", "", "%lo", "%25lo", "%1"))
    return (text.upper() if chance.random() < 0.3 else text) + scope


FORMS: tuple[Callable[[random.Random], str], ...] = (_parts, _parts, _dotted, _carried, _of_six)

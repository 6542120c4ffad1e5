"""Which addresses are public. The expected answers come from the IANA special-purpose registries and RFCs named."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containment.addresses import is_public, matching_allowance, why_not_public

NOT_PUBLIC = {
    "0.0.0.0": "this network",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.0.0.2": "loopback",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "protocol assignment",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "IPv4-compatible",
    "::8.8.8.8": "IPv4-compatible",
    "::ffff:127.0.0.1": "IPv4-mapped of loopback",
    "::ffff:10.0.0.1": "IPv4-mapped of private",
    "::ffff:169.254.169.254": "IPv4-mapped of link-local",
    "64:ff9b::7f00:1": "NAT64 of loopback",
    "64:ff9b::a00:1": "NAT64 of private",
    "64:ff9b:1::1": "local NAT64",
    "100::1": "discard",
    # RFC 4380 section 4: the client's address is inverted, here 127.0.0.1 and 192.168.0.1; in the third the server's.
    "2001:0:5db8:d822:0:0:80ff:fffe": "Teredo of loopback",
    "2001:0:5db8:d822:0:0:3f57:fffe": "Teredo of private",
    "2001:0:a00:1:0:0:a247:27dd": "Teredo of private",
    "2001:2::1": "protocol assignment",
    "2001:10::1": "protocol assignment",
    "2001:db8::1": "documentation",
    # RFC 3056 section 2: 2002: and the IPv4 address, here 127.0.0.1, 10.0.0.1 and 192.168.0.1.
    "2002:7f00:1::1": "6to4 of loopback",
    "2002:a00:1::1": "6to4 of private",
    "2002:c0a8:1::1": "6to4 of private",
    "3fff::1": "documentation",
    "4000::1": "reserved",
    "5f00::1": "reserved",
    "fc00::1": "unique local",
    "fd12:3456::1": "unique local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "scoped",
    "fec0::1": "site-local",
    "feff::1": "site-local",
    "ff02::1": "multicast",
    "2606:4700::1%eth0": "scoped",
}

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "2002:808:808::1",
    "2001:0:808:808:0:0:f7f7:f7f7",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2001:200::1",
)


@pytest.mark.parametrize(("address", "kind"), NOT_PUBLIC.items())
def test_an_address_that_is_not_public_is_known_by_its_kind(address: str, kind: str) -> None:
    assert why_not_public(address) == kind


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_next_to_a_reserved_block_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_nothing_that_the_standard_library_holds_for_private_is_public(address: IPv4Address) -> None:
    assert address.is_global or not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_has_one_judgement_however_it_is_carried(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address(0xFFFF << 32 | number)
    nat64 = IPv6Address(int(IPv6Address("64:ff9b::")) | number)
    six_to_four = IPv6Address(0x2002 << 112 | number << 80 | 1)
    assert {is_public(str(one)) for one in (mapped, nat64, six_to_four)} == {is_public(str(address))}


@given(st.ip_addresses(v=6))
def test_outside_global_unicast_only_what_carries_a_public_ipv4_address_is_public(address: IPv6Address) -> None:
    carries = str(address).startswith(("64:ff9b::", "::ffff:"))
    assert int(address) >> 125 == 1 or carries or not is_public(str(address))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "1.2.3.4/8", "①.1.1.1", "::g"])
def test_what_is_no_address_is_not_judged(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        why_not_public(text)


@pytest.mark.parametrize(
    ("allow", "host", "port", "matches"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 80, False),
        ("127.0.0.1:8080", "127.0.0.2", 8080, False),
        ("127.0.0.1:8080", "localhost", 8080, False),
        ("127.0.0.1:8080", "127.0.0.1.evil.example", 8080, False),
        ("127.0.0.1:8080", "127.1", 8080, False),
        ("archive.test:443", "archive.test", 443, True),
        ("archive.test:443", "ARCHIVE.TEST.", 443, True),
        ("archive.test:443", "www.archive.test", 443, False),
        ("archive.test:443", "archive.test", 4433, False),
        ("[::1]:8080", "::1", 8080, True),
        ("[::1]:8080", "0:0:0:0:0:0:0:1", 8080, True),
        ("[::1]:8080", "::2", 8080, False),
    ],
)
def test_an_allowance_is_for_one_host_and_one_port(allow: str, host: str, port: int, matches: bool) -> None:
    assert matching_allowance(("other.test:1", allow), host, port) == (allow if matches else "")

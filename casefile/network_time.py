"""Asking a time server how far this machine's clock is off: SNTP (RFC 5905 section 14), one question, one answer.

Only servers that the settings name are asked. An answer that cannot be trusted is no answer; the clock then says
`unverified`.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PORT = 123
TIMEOUT_S = 2.0
PACKET = struct.Struct(">BBBb11I")
"""RFC 5905 section 7.3, without extensions: 48 bytes."""
NTP_TO_UNIX_S = 2_208_988_800
"""Seconds from 1900, where NTP counts from, to 1970."""
CLIENT = 0b00_100_011
"""No leap warning, version 4, mode 3."""
SERVER_MODE = 4
ALARM = 3
LEAST_STRATUM, MOST_STRATUM = 1, 15
"""0 is a refusal ("kiss of death"), 16 a server that is itself not synchronised."""


@dataclass(frozen=True, slots=True)
class NetworkTime:
    """How far this machine's clock is behind the server's, in milliseconds, and which server said so."""

    server: str
    offset_ms: int


def ask(servers: Sequence[str], now_s: Callable[[], float] = time.time) -> NetworkTime | None:
    """The first server's answer that can be trusted; None when none gives one. `host` or `host:port` each."""
    for server in servers:
        offset = _ask_one(server, now_s)
        if offset is not None:
            return NetworkTime(server, round(offset * 1000))
    return None


def _ask_one(server: str, now_s: Callable[[], float]) -> float | None:
    host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    try:
        found = socket.getaddrinfo(host, int(port or PORT), type=socket.SOCK_DGRAM)
    except (OSError, ValueError):
        return None
    family, kind, protocol, _name, address = found[0]
    # What the server must repeat: random, so that nobody who does not see the question can answer it.
    cookie = int.from_bytes(os.urandom(8), "big")
    question = PACKET.pack(CLIENT, 0, 0, 0, *([0] * 9), cookie >> 32, cookie & 0xFFFFFFFF)
    try:
        with socket.socket(family, kind, protocol) as asking:
            asking.settimeout(TIMEOUT_S)
            asking.connect(address)
            sent = now_s()
            asking.send(question)
            answer = asking.recv(512)
            received = now_s()
    except OSError:
        return None
    return offset_of(answer, cookie, sent, received)


def offset_of(answer: bytes, cookie: int, sent_s: float, received_s: float) -> float | None:
    """The offset in seconds that an answer gives (RFC 5905 section 8); None for one that cannot be trusted."""
    if len(answer) < PACKET.size:
        return None
    first, stratum, _poll, _precision, *words = PACKET.unpack(answer[: PACKET.size])
    leap, mode = first >> 6, first & 0b111
    if mode != SERVER_MODE or leap == ALARM or not LEAST_STRATUM <= stratum <= MOST_STRATUM:
        return None
    originate, receive, transmit = ((words[at] << 32) | words[at + 1] for at in (5, 7, 9))
    if originate != cookie or not transmit:
        return None
    return ((_unix(receive) - sent_s) + (_unix(transmit) - received_s)) / 2


def _unix(timestamp: int) -> float:
    return timestamp / (1 << 32) - NTP_TO_UNIX_S

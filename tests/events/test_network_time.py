"""The offset that a time server gives: right when it is one, none at all when it may not be."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from casefile.clock import SystemClock
from casefile.network_time import NTP_TO_UNIX_S, PACKET, NetworkTime, ask

AHEAD_S = 1.5
Answer = Callable[[bytes], bytes]


def stamp(seconds: float) -> tuple[int, int]:
    since = seconds + NTP_TO_UNIX_S
    return int(since), int((since % 1) * (1 << 32))


def answer(question: bytes, *, first: int = 0b00_100_100, stratum: int = 2, cookie: bytes = b"") -> bytes:
    """What a server whose clock is ahead by AHEAD_S says."""
    now = stamp(time.time() + AHEAD_S)
    originate = struct.unpack(">II", cookie or question[40:48])
    return PACKET.pack(first, stratum, 0, 0, 0, 0, 0, 0, 0, *originate, *now, *now)


@contextmanager
def server(says: Answer) -> Iterator[str]:
    """A time server on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)

        def run() -> None:
            question, who = listening.recvfrom(512)
            listening.sendto(says(question), who)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_an_offset_is_the_server_s_clock_less_ours() -> None:
    with server(answer) as address:
        found = ask([address])
    assert found is not None
    assert found.server == address
    assert abs(found.offset_ms - AHEAD_S * 1000) < 200


@pytest.mark.parametrize(
    "says",
    [
        lambda question: answer(question, stratum=0),
        lambda question: answer(question, stratum=16),
        lambda question: answer(question, first=0b11_100_100),
        lambda question: answer(question, first=0b00_100_011),
        lambda question: answer(question, cookie=b"guessed!"),
        lambda question: answer(question)[:40],
        lambda question: b"",
    ],
    ids=["kiss of death", "not synchronised", "alarm", "not an answer", "not to our question", "cut", "nothing"],
)
def test_an_answer_that_cannot_be_trusted_is_none(says: Answer) -> None:
    with server(says) as address:
        assert ask([address]) is None


def test_the_next_server_is_asked_when_one_gives_nothing() -> None:
    with server(answer) as address:
        found = ask(["no-such-host.invalid", "127.0.0.1:not-a-port", address])
    assert found is not None
    assert found.server == address


def test_the_clock_says_where_its_offset_comes_from() -> None:
    reading = SystemClock(NetworkTime("time.example", -12)).read()
    assert (reading.source, reading.offset_ms) == ("ntp:time.example", -12)

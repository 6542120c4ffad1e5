"""A channel into a running call: whatever comes from inside is a message, or the end of the channel."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from containment import channel
from containment.channel import Channel, ChannelClosed, connected, listening


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Channel, socket.socket]]:
    """The outer end, and the bare socket of whatever is inside."""
    with listening(tmp_path) as listener, socket.socket(socket.AF_UNIX) as inner:
        inner.connect(str(tmp_path / channel.NAME))
        outer = Channel(listener.accept()[0])
        yield outer, inner
        outer.close()


def test_messages_go_both_ways_in_a_folder_of_any_depth(tmp_path: Path) -> None:
    folder = tmp_path / ("deep/" * 40)
    folder.mkdir(parents=True)
    with listening(folder) as listener:
        inner = connected(folder)
        outer = Channel(listener.accept()[0])
        inner.send({"state": "ready"})
        outer.send({"kind": "text", "text": "မင်္ဂလာပါ\n"})
        assert outer.receive(5) == {"state": "ready"}
        assert inner.receive(5) == {"kind": "text", "text": "မင်္ဂလာပါ\n"}
        assert outer.receive(0) is None
        inner.close()
        with pytest.raises(ChannelClosed):
            outer.receive(5)
        outer.close()


@pytest.mark.parametrize("said", [b"nonsense\n", b"[1]\n", b"\xff\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_message_ends_it(ends: tuple[Channel, socket.socket], said: bytes) -> None:
    outer, inner = ends
    inner.sendall(said)
    with pytest.raises(ChannelClosed):
        outer.receive(5)


def test_a_message_without_end_is_not_taken_in(
    ends: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MESSAGE_BYTES", 1000)
    outer, inner = ends
    inner.sendall(b"x" * 5000)
    with pytest.raises(ChannelClosed, match="too long"):
        outer.receive(5)


def test_nobody_is_there_to_connect_to(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connected(tmp_path)

"""A channel into a call while it runs: JSON over a socket among its inputs, for calls that a person takes part in.

Outside listens before the call begins, the call connects, once. What comes from inside is hostile: it is bounded in
length, what is no message ends the channel, and no descriptor is taken along.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME = "channel"
MESSAGE_BYTES = 8 << 20
"""The longest message: a picture of one window in base64."""
SENDING_S = 20.0
"""For the other side to take a message."""

Message = Mapping[str, Any]


class ChannelClosed(Exception):
    """The other side ended, or does not keep to the protocol."""


class Channel:
    """Messages both ways. Several threads may send, one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.settimeout(SENDING_S)
        self._buffer = bytearray()
        self._looked = 0
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message; raises ChannelClosed."""
        with self._sending:
            try:
                self._end.sendall(json.dumps(message).encode("ascii") + b"\n")
            except OSError as error:
                raise ChannelClosed(f"nobody takes what is said: {error}") from error

    def receive(self, wait_s: float) -> Message | None:
        """The next message; None when none was there after so many seconds. Raises ChannelClosed."""
        until = time.monotonic() + wait_s
        while (end := self._buffer.find(b"\n", self._looked)) < 0:
            self._looked = len(self._buffer)
            if self._looked > MESSAGE_BYTES:
                raise ChannelClosed("a message that is too long")
            left_s = max(until - time.monotonic(), 0.0)
            if not select.select([self._end], [], [], left_s)[0]:
                return None
            self._buffer += self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._looked = 0
        return _message_of(line)

    def close(self) -> None:
        """End it for both sides."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _more(self) -> bytes:
        try:
            piece = self._end.recv(1 << 20)
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not piece:
            raise ChannelClosed("it ended")
        return piece


def _message_of(line: bytes) -> Message:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ChannelClosed("what came is no JSON") from error
    if not isinstance(said, dict):
        raise ChannelClosed("what came is no message")
    return said


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """A socket in `folder`, which becomes the inputs of the call that is to connect."""
    with _reached(folder) as place, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(place)
        listener.listen(1)
        yield listener


def connected(inputs: Path) -> Channel:
    """The inner end, in a call; raises OSError where nobody listens."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _reached(inputs) as place:
            end.connect(place)
    except OSError:
        end.close()
        raise
    return Channel(end)


@contextmanager
def _reached(folder: Path) -> Iterator[str]:
    """The socket's place by way of its folder's descriptor: the kernel takes no path of more than 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)

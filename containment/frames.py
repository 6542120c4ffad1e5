"""Frames between the parent and the processes inside: eight bytes of length, then JSON. Used on both sides.

Nothing here imports more than the standard library: it is loaded in every worker.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

LENGTH_BYTES = 8
FRAME_LIMIT_BYTES = 64 << 20
"""A longer answer is none: content belongs into files."""


class FrameBroken(ValueError):
    """What arrived is not a frame."""


def encode_frame(value: Any) -> bytes:
    """The bytes of a frame; raises ValueError for what JSON cannot say."""
    body = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def send_frame(control: socket.socket, value: Any, descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame, and file descriptors along with its first bytes."""
    frame = encode_frame(value)
    if descriptors:
        socket.send_fds(control, [frame[:LENGTH_BYTES]], list(descriptors))
        control.sendall(frame[LENGTH_BYTES:])
    else:
        control.sendall(frame)


def receive_frame(control: socket.socket) -> tuple[Any, tuple[int, ...]]:
    """The next frame and the descriptors that came along; raises EOFError at the end, FrameBroken for nonsense."""
    head, descriptors, _, _ = socket.recv_fds(control, LENGTH_BYTES, 4)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if not head:
        raise EOFError
    head += _exactly(control, LENGTH_BYTES - len(head))
    length = int.from_bytes(head, "big")
    if length > FRAME_LIMIT_BYTES:
        raise FrameBroken(f"a frame of {length} bytes")
    try:
        return json.loads(_exactly(control, length)), tuple(descriptors)
    except (ValueError, RecursionError) as error:
        raise FrameBroken("not JSON") from error


def _exactly(control: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        piece = control.recv(min(1 << 20, count - len(received)))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)

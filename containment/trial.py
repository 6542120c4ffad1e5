"""A worker for the selftest: it tries to open a connection and says whether that worked."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casefile.canonical import Json

TIMEOUT_S = 2.0


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answer whether a connection to that port of the loopback address was opened, around any proxy."""
    del inputs, out
    try:
        with socket.create_connection(("127.0.0.1", int(request["port"])), TIMEOUT_S):
            return {"connected": True}
    except OSError:
        return {"connected": False}

"""The tests themselves have no network beyond loopback, and neither has anything that they start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

OUTSIDE = "192.0.2.1"
"""RFC 5737: an address for documentation, which is nobody's."""
TRY = f"import socket; socket.create_connection(({OUTSIDE!r}, 80), 2)"


@pytest.fixture
def inside() -> None:
    """These tests say something only inside the namespace that `./dev test` makes."""
    if not os.environ.get("CASEFILE_TESTS_WITHOUT_NETWORK"):
        pytest.skip("run by ./dev test, which leaves the network behind")


@pytest.mark.usefixtures("inside")
def test_this_process_reaches_nothing_outside() -> None:
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection((OUTSIDE, 80), 2)


@pytest.mark.usefixtures("inside")
def test_a_child_reaches_nothing_outside() -> None:
    tried = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=False, timeout=30)
    assert tried.returncode != 0
    assert "unreachable" in tried.stderr


def test_loopback_works() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), 2) as connection,
    ):
        assert connection.getpeername() == listener.getsockname()

"""Fixtures of the hostile site, to be imported into the conftest of any folder of tests that needs them.

A conftest puts the folder `tests` on the path first: `sys.path.insert(0, str(Path(__file__).parents[1]))`. The name
`tests` itself belongs to a library that installs its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sites.hostile import HostileSite
from sites.relay import Relay

__all__ = ["hostile_site", "relay"]


@pytest.fixture
def hostile_site() -> Iterator[HostileSite]:
    """A running hostile site with an empty log."""
    with HostileSite() as site:
        yield site


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A CONNECT proxy in the broker's place, for workers that run in the test's own process."""
    with Relay(hosts={"site.example": "127.0.0.1", "other.example": "127.0.0.1"}) as running:
        yield running

"""A social server on loopback, and a case that collects from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.hostile import Behaviour, HostileSite

ANSWERS = Path(__file__).with_name("answers")
POST = "112392882691966162"


def answering(name: str, content_type: str = "application/json") -> Behaviour:
    """Serves a file of ours."""
    content = (ANSWERS / name).read_bytes()
    return lambda visit: visit.respond(content, content_type=content_type)


@pytest.fixture(scope="module")
def server() -> Iterator[HostileSite]:
    """Pages and interface of a social server."""
    paths = {
        f"/@hana/{POST}": answering("mastodon_page.html", "text/html; charset=utf-8"),
        f"/api/v1/statuses/{POST}": answering("mastodon_status.json"),
        "/s/riverwatch": answering("telegram_channel.html", "text/html"),
    }
    with HostileSite(paths) as site:
        yield site


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, server: HostileSite) -> Case:
    """A workspace for all tests of a module."""
    return Case(tmp_path_factory.mktemp("posts") / "case", [server.address]).open()

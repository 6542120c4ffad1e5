"""Under an identity nothing is posted, which could act as its account, unless the settings say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from casefile.vocabulary import ContainmentLevel
from collectors.ytdlp.spec import SPEC
from pipelines.fetching import FetchWorkers, capture_request

from .desk import Desk

PROBE = Path(__file__).with_name("methods_asked.py")


def methods_told(desk: Desk, identity: str) -> str:
    """What a worker of a method that acts for scripts is told."""
    spec = replace(SPEC, module=PROBE.stem, options={})
    out = desk.folder / "out"
    with desk.services() as services:
        workers = FetchWorkers(services, ContainmentLevel.WEAK, 1)
        try:
            asked = capture_request(desk.members.url("/post/1"), services.settings.capture)
            return workers.fetch(spec, asked, out, identity).received.detail
        finally:
            workers.close()


def test_a_worker_with_an_identity_may_not_post(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.fetching.code_for", lambda _services, _module: (PROBE,))
    identity = desk.add()
    assert methods_told(desk, identity.id) == "GET HEAD"


def test_without_one_or_where_the_settings_say_so_it_may(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.fetching.code_for", lambda _services, _module: (PROBE,))
    identity = desk.add()
    assert methods_told(desk, "") == "GET HEAD POST"
    desk.settings["CASEFILE_IDENTITY__METHODS"] = "page-scripts"
    assert methods_told(desk, identity.id) == "GET HEAD POST"

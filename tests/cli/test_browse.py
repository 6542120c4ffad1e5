"""What `casefile browse` asks for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.browse import browse
from cli.invocation import Invocation


def test_driving_by_hand_is_a_new_capture_also_of_a_lead_that_has_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    asked: list[Any] = []

    class Opened:
        def __enter__(self) -> Any:
            return SimpleNamespace(address="http://127.0.0.1/", folder=tmp_path)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("pipelines.services.open_services", lambda *_, **__: Opened())
    monkeypatch.setattr("pipelines.desk.open_desk", Opened)
    monkeypatch.setattr("pipelines.requests.run_collect", lambda _, request, *__: asked.append(request) or [])
    invocation = Invocation(workspace=tmp_path, environment={}, person="", json=True)
    browse(SimpleNamespace(obj=invocation), "L-0001", minutes=1)  # type: ignore[arg-type]
    assert [(one.locators, one.again) for one in asked] == [(("L-0001",), True)]

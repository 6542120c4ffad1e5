"""The bench with the real tools, and a studio that films."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .making import Bench, Studio


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine")
    return path


@pytest.fixture(scope="session")
def exiftool() -> str:
    return _tool("exiftool")


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return _tool("ffmpeg")


@pytest.fixture
def bench(tmp_path: Path, exiftool: str) -> Bench:
    inputs, out = tmp_path / "inputs", tmp_path / "out"
    inputs.mkdir()
    out.mkdir()
    return Bench(inputs, out, exiftool, _tool("ffprobe"))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, ffmpeg: str) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"), ffmpeg)

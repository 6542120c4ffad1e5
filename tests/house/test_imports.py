"""The import contracts of pyproject.toml hold, and refuse what they are there to refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = [
    ("casefile/planted.py", "import preservation", "Imports go down only"),
    ("collectors/planted.py", "import verification", "Imports go down only"),
    ("containment/planted.py", "import collectors", "Imports go down only"),
    ("collectors/http/planted.py", "import collectors.ytdlp", "Capture methods do not know each other"),
    ("pipelines/planted.py", "import sqlalchemy", "SQL only in"),
    ("pipelines/planted.py", "import prefect", "Prefect only in"),
    ("cli/planted.py", "import yt_dlp", "yt-dlp only in"),
    ("cli/planted.py", "import PIL.Image", "Decoders only in"),
    ("collectors/planted.py", "import httpcore", "HTTP and WARC only in"),
    ("preservation/planted.py", "import cryptography", "Keys only in"),
    ("pipelines/planted.py", "import rich", "The terminal only in"),
]


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    return subprocess.run(
        [sys.executable, "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_import_contracts_hold(root: Path) -> None:
    result = _lint_imports(root)
    assert result.returncode == 0, result.stdout


@pytest.fixture(scope="module")
def house(root: Path, packages: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for package in packages:
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_import_is_refused(house: Path, file: str, line: str, contract: str) -> None:
    planted = house / file
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    try:
        result = _lint_imports(house)
    finally:
        planted.unlink()
    broken = [one for one in result.stdout.splitlines() if " BROKEN" in one]
    assert result.returncode == 1, result.stdout
    assert any(one.startswith(contract) for one in broken), result.stdout

"""What the house tests look at: the tree as git sees it, and the product code as parsed once."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def project(root: Path) -> Mapping[str, Any]:
    """pyproject.toml, read."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def packages(project: Mapping[str, Any]) -> tuple[str, ...]:
    """The top-level packages of the product."""
    return tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


@pytest.fixture(scope="session")
def product(root: Path, packages: tuple[str, ...]) -> Mapping[Path, ast.Module]:
    """Every module of the product by its path below the repository, parsed."""
    files = [file for package in packages for file in sorted((root / package).rglob("*.py"))]
    return {file.relative_to(root): ast.parse(file.read_text("utf-8"), str(file)) for file in files}


@pytest.fixture(scope="session")
def committed(root: Path) -> tuple[Path, ...]:
    """Every text file that is, or is about to be, committed."""
    if not (root / ".git").exists():
        found = [file for file in root.rglob("*") if file.is_file() and not _generated(file.relative_to(root))]
    else:
        listing = ("git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = subprocess.run(listing, check=True, capture_output=True).stdout.decode().split("\0")
        found = [root / name for name in names if name and (root / name).is_file()]
    return tuple(file for file in found if b"\0" not in file.read_bytes()[:8192])


def _generated(path: Path) -> bool:
    return any(part in {".venv", ".dev", "node_modules", "__pycache__", "workspace"} or part.endswith("_cache")
               for part in path.parts)  # fmt: skip

"""The tree as a whole: where packages come from, what locks and texts may name, that plug-ins load."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path
from typing import Any

import pytest

from casefile.registry import load_specs
from collectors.interface import MethodSpec

PINNED = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-judges.lock")
LOCKS = (*PINNED, "tools/package-lock.json")

# Written in pieces, so that this file does not name them either.
UNSPEAKABLE = (
    r"py" r"pi\.org|python" r"hosted|npm" r"js\.|deb\." r"debian|archive\." r"ubuntu",
    r"/wo" r"rk/(main|\.|sha)|(?<![\w/.-])sha" r"red/|/tmp/(br" r"ief|uv" r"env)|CO" r"MMON\.md|/ro" r"ot/|\.py" r"env",
)  # fmt: skip


def test_packages_come_from_this_repository(root: Path, packages: tuple[str, ...]) -> None:
    origins = {name: importlib.import_module(name).__file__ for name in packages}
    assert {name: origin for name, origin in origins.items() if not Path(origin or "/").is_relative_to(root)} == {}


def test_no_installed_distribution_ships_a_package_of_our_names(packages: tuple[str, ...]) -> None:
    others = {name: set(packages_distributions().get(name, ())) - {"casefile-investigations"} for name in packages}
    assert {name: names for name, names in others.items() if names} == {}


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_address(root: Path, name: str) -> None:
    assert "://" not in (root / name).read_text("utf-8")


def test_every_locked_line_has_a_hash(root: Path) -> None:
    for name in PINNED:
        entries = re.split(r"\n(?=\S)", (root / name).read_text("utf-8").strip())
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_the_development_lock_holds_every_line_of_the_others(root: Path, name: str) -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (root / lock).read_text("utf-8"), re.MULTILINE))

    assert pins(name) - pins("requirements-dev.lock") == set()


def test_texts_name_no_registry_host_and_no_path_of_a_machine(root: Path, committed: tuple[Path, ...]) -> None:
    pattern = re.compile("|".join(UNSPEAKABLE))
    named = [
        f"{file.relative_to(root)}: {found.group()}"
        for file in committed
        if (found := pattern.search(file.read_text("utf-8", errors="replace")))
    ]
    assert named == []


def test_every_third_party_import_is_a_declared_dependency(
    product: Mapping[Path, ast.Module], packages: tuple[str, ...], project: Mapping[str, Any]
) -> None:
    declared = {_normal(re.split(r"[\[<>=!;]", one)[0]) for one in project["project"]["dependencies"]}
    shipped_by = packages_distributions()
    undeclared = {
        f"{path}: {name}"
        for path, module in product.items()
        for name in _imported(module)
        if name not in sys.stdlib_module_names and name not in packages
        if not declared & {_normal(one) for one in shipped_by.get(name, ())}
    }
    assert undeclared == set()


def test_every_entry_point_loads() -> None:
    found = entry_points(group="casefile.capture_methods")
    assert {entry.name for entry in found} >= {"http", "import", "ytdlp"}
    specs = load_specs("casefile.capture_methods", MethodSpec)
    assert [importlib.util.find_spec(spec.module) is not None for spec in specs] == [True] * len(specs)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).strip().lower()


def _imported(module: ast.Module) -> set[str]:
    names = set[str]()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names

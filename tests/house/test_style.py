"""The rules of CONTRIBUTING.md that a program can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
SHORT_METHOD = 5
ONE_FILE = {Path("disclosure/check_package.py"): "it goes with each package, for people who have nothing else of ours"}

MAY_CATCH_EVERYTHING = {
    Path("cli/main.py"): "the last line of the command line turns a fault of ours into one line and an exit code",
    Path("containment/child.py"): "whatever a worker raises becomes a typed abnormal end in the parent",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_module_is_longer_than_400_lines(root: Path, product: Mapping[Path, ast.Module]) -> None:
    lengths = {
        str(path): len((root / path).read_text("utf-8").splitlines()) for path in product if path not in ONE_FILE
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_60_lines(product: Mapping[Path, ast.Module]) -> None:
    long = [
        f"{path}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path, module in product.items()
        for node in ast.walk(module)
        if isinstance(node, Function) and node.end_lineno and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_every_public_name_says_what_it_promises(product: Mapping[Path, ast.Module]) -> None:
    silent = [
        f"{path}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for path, module in product.items()
        for node in (module, *_public(module))
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_catches_everything(product: Mapping[Path, ast.Module]) -> None:
    blind = [
        f"{path}:{handler.lineno}"
        for path, module in product.items()
        if path not in MAY_CATCH_EVERYTHING
        for handler in ast.walk(module)
        if isinstance(handler, ast.ExceptHandler) and _catches_everything(handler)
    ]
    assert blind == []


def test_no_work_is_left_for_later(product: Mapping[Path, ast.Module], root: Path) -> None:
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    left = [str(path) for path in product if mark.search((root / path).read_text("utf-8"))]
    stubs = [
        f"{path}:{node.lineno}"
        for path, module in product.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Raise) and node.exc and "NotImplemented" in ast.unparse(node.exc)
    ]
    assert left + stubs == []


def test_the_product_does_not_know_that_it_is_tested(product: Mapping[Path, ast.Module]) -> None:
    knowing = [
        f"{path}:{node.lineno}"
        for path, module in product.items()
        for node in ast.walk(module)
        if (isinstance(node, ast.alias) and node.name.split(".")[0] in ("pytest", "hypothesis"))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and "PYTEST" in node.value)
    ]
    assert knowing == []


def _public(module: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Public classes and functions, and the public methods that take more than five lines to say what they do.

    A class with bases inherits the promise of the methods that it fills in.
    """
    for node in module.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield node
        if isinstance(node, ast.ClassDef) and not node.bases:
            yield from (one for one in node.body if _is_public_and_long(one))


def _is_public_and_long(node: ast.stmt) -> TypeGuard[Function]:
    if not isinstance(node, Function) or node.name.startswith("_") or node.end_lineno is None:
        return False
    return node.end_lineno - node.lineno > SHORT_METHOD


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes every error and keeps it; one that ends in a bare `raise` only cleans up."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or ast.unparse(name) in ("Exception", "BaseException") for name in names)

"""A program that has imported what a broken build leaves alone, and forks one run of pytest for each order.

Most of what a single test takes is imports, and most of those are the same whatever was broken. Arguments: modules of
the product to import beside the libraries. It runs with the tree as its folder. It says first, as JSON, which files of
the tree it has imported: a build that touches one of them has to be run by a program without them. Then each line of
its input is an order, `{"arguments": […], "said": FILE, "longest_s": N}`, and each line of its output the exit code of
one, negative for a signal.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

LIBRARIES = (
    "PIL.Image",
    "cryptography.x509",
    "numpy",
    "pydantic_settings",
    "pytest",
    "sqlalchemy.dialects.sqlite",
    "sqlmodel",
    "typer",
    "xml.etree.ElementTree",
)
"""What most of the house imports and no build breaks."""


def main(modules: list[str]) -> None:
    """Fork for each order until the input ends."""
    # As `python -m pytest` has it.
    sys.path[0] = os.getcwd()
    for module in (*LIBRARIES, *modules):
        importlib.import_module(module)
    print(json.dumps(imported_below(Path.cwd())), flush=True)
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            become(order)
        select.select([os.pidfd_open(child)], [], [], order["longest_s"])
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def imported_below(folder: Path) -> list[str]:
    """The files of this tree that are imported, by their paths in it."""
    # The environment is a link within the tree, and its modules name the place it leads to.
    files = [Path(str(module.__file__)) for module in list(sys.modules.values()) if hasattr(module, "__file__")]
    return sorted(str(file.relative_to(folder)) for file in files if file.is_relative_to(folder))


def become(order: Mapping[str, Any]) -> None:
    """Be that run, to its end, as a process group of its own."""
    import pytest

    os.setsid()
    with open(order["said"], "wb") as said, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    sys.argv = ["pytest", *order["arguments"]]
    sys.exit(pytest.main(order["arguments"]))


if __name__ == "__main__":
    main(sys.argv[1:])

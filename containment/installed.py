"""What is installed here under a tool's name: where it lies, and one digest that says which bytes it is.

A worker says which tools it used and in which version. Where they lie and what they are is told by this process, which
has read nothing that was collected.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from casefile.digests import sha256
from casefile.model import ToolUse
from containment.tools import find_program

LIST = "RECORD"
OF_THIS_PLACE = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
"""Entries of a package's list that say how it came here, and not what it is."""


@dataclass(frozen=True, slots=True)
class _Package:
    version: str
    place: Path
    sha256: str


def as_installed(tool: ToolUse) -> ToolUse:
    """`tool` with its place and digest; unchanged where it has one, or where no such version is installed here.

    One without a place is the package of that name and version, else, where no package has the name, the program.

    Of a program it is the digest of its file. Of a Python package it is one over the list of files that came in its
    wheel, each with its SHA-256 (PyPA's RECORD), and so the same wherever that wheel is installed.
    """
    if tool.sha256:
        return tool
    program = find_program(tool.name)
    package = _package(tool.name)
    if program is not None and (str(program) == tool.path or (package is None and not tool.path)):
        status = program.stat()
        known = {"path": str(program), "sha256": _digest(program, status.st_mtime_ns, status.st_size)}
        return tool.model_copy(update=known)
    if package is None or not same_version(package.version, tool.version):
        return tool
    if tool.path and not Path(tool.path).is_relative_to(package.place):
        return tool
    return tool.model_copy(update={"path": tool.path or str(package.place), "sha256": package.sha256})


@functools.lru_cache(maxsize=64)
def _digest(path: Path, _changed_ns: int, _size: int) -> str:
    with path.open("rb") as program:
        return f"sha256:{hashlib.file_digest(program, 'sha256').hexdigest()}"


@functools.cache
def _package(name: str) -> _Package | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    place = Path(str(found.locate_file(""))).resolve()
    return _Package(found.version, place, _digest_of_list(found.read_text(LIST) or ""))


def _digest_of_list(text: str) -> str:
    """One digest of the files that a wheel brought; empty where no list says which they were."""
    rows = (row.rsplit(",", 2) for row in text.splitlines() if row.count(",") > 1)
    listed = sorted(f"{digest} {name}\n" for name, digest, _ in rows if digest and not _is_of_this_place(name))
    return sha256("".join(listed).encode("utf-8")) if listed else ""


def _is_of_this_place(name: str) -> bool:
    """Whether a file was made where the wheel was installed: programs with the path of an interpreter, and notes."""
    folder, _, last = name.rpartition("/")
    return name.startswith(("/", "..")) or (folder.endswith(".dist-info") and last in OF_THIS_PLACE)


def same_version(one: str, other: str) -> bool:
    """Whether two versions have the same numbers: 2026.07.04 and 2026.7.4 are one version."""
    return _numbers(one) == _numbers(other)


def _numbers(version: str) -> list[str]:
    return [one.lstrip("0") for one in re.findall("[0-9]+", version)]

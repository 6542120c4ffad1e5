"""A worker that takes ExifTool's distribution apart: its program and its modules, under names that we make.

It is a gzipped tar archive, as its maker publishes it (`Image-ExifTool-13.59.tar.gz`) or as npm packs it. Whatever else
is in one is left there: documents, tests, and sample configurations, which are programs.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from pathlib import Path
from typing import Any

ARCHIVE = "archive"
PROGRAM, MODULE = "exiftool", "lib/Image/ExifTool.pm"
MAX_FILES = 5_000
MAX_BYTES = 100 << 20
ROOT = re.compile(r"(?:\./)?(?:Image-ExifTool-[0-9.]{1,16}|package/bin)/", re.ASCII)
KEPT = re.compile(r"exiftool|lib/(?:[A-Za-z0-9_]{1,64}/){1,6}[A-Za-z0-9_]{1,64}\.(?:pm|pl|dat)", re.ASCII)
VERSION = re.compile(rb"^\$VERSION\s*=\s*'([0-9.]{1,16})';", re.MULTILINE)


class ArchiveRefused(ValueError):
    """The archive holds what is not installed from one here, or lacks what makes it ExifTool."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Any]:
    """Take apart the archive in the inputs. `refused` says why not; `files` are numbered files, in their order."""
    del request
    try:
        return take_apart(inputs / ARCHIVE, out)
    except (ArchiveRefused, tarfile.TarError, zlib.error, EOFError, UnicodeError, OSError) as error:
        return {"refused": str(error)[:300] or type(error).__name__}


def take_apart(archive: Path, out: Path) -> dict[str, Any]:
    """The version that the archive's main module states and the names of its files; raises ArchiveRefused."""
    names: list[str] = []
    stated: re.Match[bytes] | None = None
    size = 0
    with tarfile.open(archive, "r:gz") as entries:
        for number, entry in enumerate(entries):
            size += entry.size
            if number >= MAX_FILES or size > MAX_BYTES:
                raise ArchiveRefused("it is larger than ExifTool is")
            root = ROOT.match(entry.name)
            name = entry.name[root.end() :] if root else ""
            if not KEPT.fullmatch(name):
                continue
            stream = entries.extractfile(entry) if entry.isreg() else None
            if stream is None:
                raise ArchiveRefused(f"an entry is no file: {name}")
            content = stream.read()
            names.append(name)
            (out / f"{len(names):04d}").write_bytes(content)
            stated = VERSION.search(content) if name == MODULE else stated
    if len(set(map(str.lower, names))) != len(names):
        raise ArchiveRefused("two entries have one name")
    if PROGRAM not in names or stated is None:
        raise ArchiveRefused("it is not ExifTool: its program, or the version in its module, is not there")
    return {"version": stated[1].decode("ascii"), "files": names}

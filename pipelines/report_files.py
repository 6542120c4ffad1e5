"""Reports as files: written beside their place, put there whole, and never over anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from casefile.errors import UsageError
from preservation.durable import storage_errors


@contextmanager
def new_file(path: Path) -> Iterator[TextIOWrapper]:
    """A text file that is at `path` once it is whole; nothing is there when writing it fails.

    Raises UsageError when there is something already, and StorageFailed.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path.name} is there already; name a new file")
    part = path.with_name(f".{path.name}.part")
    with storage_errors("report", path):
        try:
            with part.open("x", encoding="utf-8") as stream:
                yield stream
            path.hardlink_to(part)  # which never replaces anything
        finally:
            part.unlink(missing_ok=True)


def put_file(path: Path, content: bytes) -> None:
    """Write a whole file to a place where there is none; raises as `new_file`."""
    with new_file(path) as stream:
        stream.buffer.write(content)

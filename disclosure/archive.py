"""A package as one file: a .zip whose members are stored in order, with nothing in it that they do not give.

The same package gives the same bytes. There is one form only, so that no two programs see different members.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import BinaryIO

from casefile.digests import BLOCK_BYTES, blocks
from casefile.errors import StorageFailed
from disclosure.check_package import central_header, end_records, local_header


def write_archive(folder: Path, paths: list[str], target: Path) -> int:
    """Write the files of `folder` into `target`, which must not exist; its length. Raises StorageFailed."""
    try:
        with target.open("xb") as stream:
            return _write(folder, sorted(paths, key=lambda path: path.encode("utf-8")), stream)
    except OSError as error:
        raise StorageFailed("write", str(target), error.strerror or str(error)) from error


def _write(folder: Path, paths: list[str], stream: BinaryIO) -> int:
    directory = b""
    for path in paths:
        name, begin = path.encode("utf-8"), stream.tell()
        stream.write(local_header(name, 0, 0))
        crc = size = 0
        with (folder / path).open("rb") as source:
            for block in blocks(source, BLOCK_BYTES):
                crc, size = zlib.crc32(block, crc), size + len(block)
                stream.write(block)
        end = stream.tell()
        stream.seek(begin)
        stream.write(local_header(name, crc, size))
        stream.seek(end)
        directory += central_header(name, crc, size, begin)
    offset = stream.tell()
    stream.write(directory + end_records(len(paths), len(directory), offset))
    return stream.seek(0, os.SEEK_END)

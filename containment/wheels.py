"""A worker that takes a wheel apart: only the modules of one package, under names that we make, with their bytecode.

A wheel is a zip archive with Python in it (PyPA's binary distribution format). What would be installed beside the
package, such as scripts or plug-ins, is refused with the whole wheel; documents of `*.data/data` and notes to
packagers are left in it.
"""

from __future__ import annotations

import py_compile
import re
import stat
import zipfile
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

WHEEL = "wheel"
MAX_FILES = 5_000
MAX_BYTES = 100 << 20
NAME = r"[A-Za-z0-9_]{1,64}"
LEFT = re.compile(
    r"(?:[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.(?:dist-info|data/data)|\w+/__pyinstaller)/(?!.*\.\.(?:/|$)).+", re.ASCII
)
METADATA = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.dist-info/METADATA", re.ASCII)


class WheelRefused(ValueError):
    """The wheel holds what is not installed from a wheel here."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Any]:
    """Take apart the wheel in the inputs. `refused` says why not; `files` are numbered sources, `.pyc` beside each."""
    try:
        return take_apart(inputs / WHEEL, str(request["distribution"]), str(request["package"]), out)
    except (WheelRefused, zipfile.BadZipFile, py_compile.PyCompileError, NotImplementedError, RuntimeError) as error:
        return {"refused": str(error)[:300] or type(error).__name__}


def take_apart(wheel: Path, distribution: str, package: str, out: Path) -> dict[str, Any]:
    """The version that the wheel states and the names of its modules; raises WheelRefused."""
    module = re.compile(rf"{re.escape(package)}/(?:{NAME}/){{0,6}}{NAME}\.py", re.ASCII)
    with zipfile.ZipFile(wheel) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_sizes(entries)
        names: list[str] = []
        stated = b""
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise WheelRefused("an entry is a link or a device")
            # Whatever follows a null character in a stored name is cut off by zipfile: both have to agree.
            if entry.orig_filename != entry.filename:
                raise WheelRefused("an entry has two names")
            if METADATA.fullmatch(entry.filename):
                stated = archive.read(entry)
            if LEFT.fullmatch(entry.filename):
                continue
            if not module.fullmatch(entry.filename):
                raise WheelRefused(f"an entry is no module of {package}: {entry.filename[:100]!r}")
            names.append(entry.filename.removeprefix(f"{package}/"))
            _keep(archive.read(entry), entry.filename, out / f"{len(names):04d}.py")
    if len(set(map(str.lower, names))) != len(names):
        raise WheelRefused("two entries have one name")
    headers = BytesHeaderParser().parsebytes(stated)
    if re.sub(r"[-_.]+", "-", str(headers["Name"])).lower() != distribution:
        raise WheelRefused(f"it is not a wheel of {distribution}")
    return {"version": str(headers["Version"]), "files": names}


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise WheelRefused("it is larger than such a wheel")


def _keep(source: bytes, name: str, path: Path) -> None:
    path.write_bytes(source)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), str(path.with_suffix(".pyc")), dfile=name, doraise=True, invalidation_mode=mode)

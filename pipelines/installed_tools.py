"""Which version of a tool a workspace uses: the installed one, or one that a person gave for it.

Such a version lies below `work/tools`, named by the digest of what was given. Which one is used is the last statement
of the setting `tools.NAME` in the log, so that a rebuild keeps it. What lies there is compared with the log before use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.digests import digest_file, sha256
from casefile.errors import DigestMismatch, ToolMissing
from casefile.model import ToolUse, Value
from casefile.records.engine import reading
from casefile.records.setting_changes import stated_values
from containment.installed import as_installed, same_version
from containment.tools import find_program
from pipelines.services import Services

TOOLS = "tools"
YTDLP, EXIFTOOL = "yt-dlp", "exiftool"
YTDLP_MODULES = "collectors.ytdlp."
REMEDY = "`casefile tools upgrade NAME --from FILE` again, or `casefile tools rollback NAME`"
FOLDERS: Mapping[str, str] = {YTDLP: "yt_dlp", EXIFTOOL: "image-exiftool"}
"""The tools that a workspace can have a version of its own of, and what the folder of one is called."""


class Stated(Value):
    """The statement of `tools.NAME`: without a `sha256`, the installed version. `replaces` is the statement before."""

    version: str = ""
    sha256: str = ""
    tree: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A program as a worker meets it: its path, empty where there is none, and the folders that it has to be shown."""

    path: str
    code: tuple[Path, ...] = ()


def statements(services: Services, name: str) -> dict[str, Stated]:
    """Every statement of which version is used, by its event, the earliest first."""
    with reading(services.engine) as connection:
        stated = stated_values(connection, f"{TOOLS}.{name}")
    return {event: Stated.model_validate(json.loads(value)) for event, value in stated}


def stated_now(services: Services, name: str) -> Stated:
    """The last statement."""
    return next(reversed(statements(services, name).values()), Stated())


def folder_of(services: Services, name: str, stated: Stated) -> Path:
    """Where the files of a version lie."""
    return services.workspace.work / TOOLS / name / stated.sha256.removeprefix("sha256:") / FOLDERS[name]


def code_for(services: Services, module: str) -> tuple[Path, ...]:
    """The packages that a worker with this module imports in place of installed ones.

    Raises ToolMissing when the version that the log states is not there, DigestMismatch when it is not what was tried.
    """
    if not module.startswith(YTDLP_MODULES):
        return ()
    stated = stated_now(services, YTDLP)
    return (whole_package(services, YTDLP, stated),) if stated.sha256 else ()


def exiftool_for(services: Services) -> Program:
    """The ExifTool that examinations use here; raises as `code_for` does."""
    stated = stated_now(services, EXIFTOOL)
    if not stated.sha256:
        return Program(str(find_program(EXIFTOOL) or ""))
    folder = whole_package(services, EXIFTOOL, stated).resolve()
    return Program(str(folder / EXIFTOOL), (folder,))


def lacking_tools(services: Services) -> list[str]:
    """Name and version of each tool that the log says is used here and that is not here, as after a restore."""
    stated = {name: stated_now(services, name) for name in FOLDERS}
    used = {name: one for name, one in stated.items() if one.sha256}
    return [f"{name} {one.version}" for name, one in used.items() if not folder_of(services, name, one).is_dir()]


def whole_package(services: Services, name: str, stated: Stated) -> Path:
    """The files of a version, with the bytes that were tried; raises as `code_for` does."""
    package = folder_of(services, name, stated)
    if not package.is_dir():
        remedy = REMEDY.replace("NAME", name)
        raise ToolMissing(f"{name} {stated.version}", "this workspace, which was told to use it", remedy)
    found = tree_digest(package)
    if found != stated.tree:
        raise DigestMismatch(f"work/{TOOLS}/{name}", "sha256", stated.tree, found)
    return package


def tree_digest(folder: Path) -> str:
    """One digest of every file below a folder with its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sha256(canonical_json([[str(path.relative_to(folder)), digest_file(path).sha256] for path in files]))


def path_of(name: str, package: Path) -> str:
    """What the register calls the place of a version: of yt-dlp the package, of ExifTool the program."""
    return str(package.resolve() / (EXIFTOOL if name == EXIFTOOL else ""))


def as_used(services: Services, tool: ToolUse) -> ToolUse:
    """A tool that a worker names, as the register has it: place and digest are found here, whatever the worker says.

    It has read what was collected, and may say anything. Of a version that is not here there is neither.
    """
    named = ToolUse(name=tool.name, version=tool.version)
    stated = stated_now(services, tool.name) if tool.name in FOLDERS else Stated()
    if not stated.sha256:
        return as_installed(named)
    if not same_version(stated.version, named.version):
        return named
    place = path_of(tool.name, folder_of(services, tool.name, stated))
    return named.model_copy(update={"path": place, "sha256": stated.sha256})

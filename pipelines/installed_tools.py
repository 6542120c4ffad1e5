"""Which version of a tool a workspace uses: the installed one, or one that a person gave for it.

Such a version lies below `work/tools`, named by the digest of its wheel. Which one is used is the last statement of the
setting `tools.NAME` in the log, so that a rebuild keeps it. What lies there is compared with the log before it is used.
"""

from __future__ import annotations

import json
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.digests import digest_file, sha256
from casefile.errors import DigestMismatch, ToolMissing
from casefile.model import ToolUse, Value
from casefile.records.engine import reading
from casefile.records.setting_changes import stated_values
from containment.installed import as_installed
from pipelines.services import Services

TOOLS = "tools"
YTDLP = "yt-dlp"
PACKAGE = "yt_dlp"
YTDLP_MODULES = "collectors.ytdlp."
REMEDY = f"`casefile tools upgrade {YTDLP} --from WHEEL` again, or `casefile tools rollback {YTDLP}`"


class Stated(Value):
    """The statement of `tools.NAME`: without a `sha256`, the installed version. `replaces` is the statement before."""

    version: str = ""
    sha256: str = ""
    tree: str = ""
    replaces: str = ""


def statements(services: Services, name: str) -> dict[str, Stated]:
    """Every statement of which version is used, by its event, the earliest first."""
    with reading(services.engine) as connection:
        stated = stated_values(connection, f"{TOOLS}.{name}")
    return {event: Stated.model_validate(json.loads(value)) for event, value in stated}


def folder_of(services: Services, stated: Stated) -> Path:
    """Where a version lies."""
    return services.workspace.work / TOOLS / YTDLP / stated.sha256.removeprefix("sha256:")


def code_for(services: Services, module: str) -> tuple[Path, ...]:
    """The packages that a worker with this module imports in place of installed ones.

    Raises ToolMissing when the version that the log states is not there, DigestMismatch when it is not what was tried.
    """
    if not module.startswith(YTDLP_MODULES):
        return ()
    stated = next(reversed(statements(services, YTDLP).values()), Stated())
    return (whole_package(services, stated),) if stated.sha256 else ()


def lacking_tools(services: Services) -> list[str]:
    """Name and version of each tool that the log says is used here and that is not here, as after a restore."""
    stated = next(reversed(statements(services, YTDLP).values()), Stated())
    here = not stated.sha256 or (folder_of(services, stated) / PACKAGE).is_dir()
    return [] if here else [f"{YTDLP} {stated.version}"]


def whole_package(services: Services, stated: Stated) -> Path:
    """The package of a version, with the bytes that were tried; raises as `code_for` does."""
    package = folder_of(services, stated) / PACKAGE
    if not package.is_dir():
        raise ToolMissing(f"{YTDLP} {stated.version}", "this workspace, which was told to use it", REMEDY)
    found = tree_digest(package)
    if found != stated.tree:
        raise DigestMismatch(f"work/{TOOLS}/{YTDLP}", "sha256", stated.tree, found)
    return package


def tree_digest(folder: Path) -> str:
    """One digest of every file below a folder with its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sha256(canonical_json([[str(path.relative_to(folder)), digest_file(path).sha256] for path in files]))


def with_digest(services: Services, tool: ToolUse) -> ToolUse:
    """The tool as the register has it, with its digest: that of its wheel where it lies below `work/tools`."""
    place = Path(tool.path).parent
    given = tool.name == YTDLP and place.parent == services.workspace.work / TOOLS / YTDLP
    return tool.model_copy(update={"sha256": f"sha256:{place.name}"}) if given else as_installed(tool)

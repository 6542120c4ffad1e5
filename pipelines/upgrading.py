"""Another version of a tool: from a file that a person gives, tried before it is used, recorded, with a way back.

Nothing is fetched, and the installed packages are not touched.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.digests import digest_file
from casefile.errors import GateRefused, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types import SettingChanged, ToolTested
from casefile.model import ToolUse, readable
from casefile.vocabulary import ContainmentLevel
from containment.limits import Limits
from containment.perl_archives import ARCHIVE, KEPT, PROGRAM
from containment.wheels import WHEEL
from containment.worker import WorkerFailed, run_worker
from pipelines.installed_tools import (
    EXIFTOOL,
    FOLDERS,
    TOOLS,
    YTDLP,
    Stated,
    folder_of,
    path_of,
    stated_now,
    statements,
    tree_digest,
    whole_package,
)
from pipelines.services import Services
from pipelines.tool_register import id_of, register_tools

LIMITS = Limits(wall_s=300, cpu_s=200, memory_bytes=2 << 30, file_bytes=100 << 20, output_bytes=300 << 20)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a tool comes: what is given, the worker that takes it apart, and the worker that tries it."""

    given: str
    taking: str
    canary: str
    is_file: Callable[[str], bool]
    place: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How an upgrade or a rollback ended: the version in use afterwards, and the trials of the one that was tried."""

    version: str
    sha256: str
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def upgrade(services: Services, name: str, given: Path, level: ContainmentLevel) -> Upgrade:
    """Take a wheel or an archive apart, try it on known answers, and use it from now on if it gives them all.

    Raises UsageError for a tool that does not come so and a file that cannot be read, GateRefused for one that holds
    what is not installed from it here. When a trial fails that is recorded and nothing changes.
    """
    _require_upgradable(name)
    _ = services.actor
    with tempfile.TemporaryDirectory(dir=services.workspace.work) as scratch:
        version, digest, package = _taken_apart(name, given, Path(scratch), level)
        stated = Stated(
            version=version,
            sha256=digest,
            tree=tree_digest(package),
            replaces=next(reversed(statements(services, name)), ""),
        )
        passed, failed = _canary(name, stated, package, Path(scratch), level)
        target = folder_of(services, name, stated)
        tool = ToolUse(name=name, version=version, path=path_of(name, target), sha256=digest)
        if not failed:
            _put(package, target)
    register_tools(services, [tool])
    tested = _tested(services, tool, passed, failed)
    services.append(*((tested,) if failed else (tested, _statement(name, stated))))
    return Upgrade(version, digest, passed, failed)


def rollback(services: Services, name: str) -> Upgrade:
    """Use again what the version in use replaced. Raises UsageError when that is the installed one already."""
    _require_upgradable(name)
    known, current = statements(services, name), stated_now(services, name)
    if not current.sha256:
        raise UsageError(f"{name} is the installed one; there is nothing to go back from")
    before = known.get(current.replaces, Stated())
    if before.sha256:
        whole_package(services, name, before)
    services.append(_statement(name, before))
    return Upgrade(before.version, before.sha256)


def _require_upgradable(name: str) -> None:
    if name not in KINDS:
        raise UsageError(
            f"only {' and '.join(KINDS)} can be upgraded for a workspace; other tools come with Casefile or the system"
        )


def _taken_apart(name: str, given: Path, scratch: Path, level: ContainmentLevel) -> tuple[str, str, Path]:
    kind = KINDS[name]
    inputs, out, package = scratch / "inputs", scratch / "out", scratch / "package" / FOLDERS[name]
    inputs.mkdir()
    try:
        shutil.copyfile(given, inputs / kind.given)
    except OSError as error:
        raise UsageError(f"the {kind.given} cannot be read: {error.strerror}") from error
    request = {"distribution": name, "package": FOLDERS[name]}
    try:
        answer = run_worker(kind.taking, request, inputs, out, limits=LIMITS, egress=None, level=level).answer
    except WorkerFailed as error:
        raise GateRefused("tools upgrade", f"the {kind.given} cannot be taken apart: {error.kind}") from error
    match answer:
        case {"version": str(version), "files": [*names]} if version and all(kind.is_file(str(one)) for one in names):
            for number, one in enumerate(map(str, names), 1):
                kind.place(out / f"{number:04d}", package / one)
            return readable(version, 64), digest_file(inputs / kind.given).sha256, package
        case {"refused": str(reason)}:
            raise GateRefused("tools upgrade", readable(reason, 300))
    raise GateRefused("tools upgrade", f"what the {kind.given} was taken apart into is not {name}")


def _is_module(name: str) -> bool:
    """What the worker says is checked once more: it has read bytes that may be hostile."""
    parts = name.removesuffix(".py").split("/")
    return name.endswith(".py") and all(map(_is_word, parts))


def _is_word(part: str) -> bool:
    return part.isascii() and part.replace("_", "a").isalnum()


def _place_module(source: Path, target: Path) -> None:
    """Move a module and its bytecode to where Python looks for them."""
    import importlib.util

    compiled = Path(importlib.util.cache_from_source(str(target)))
    compiled.parent.mkdir(parents=True, exist_ok=True)
    source.with_suffix(".py").rename(target)
    source.with_suffix(".pyc").rename(compiled)


def _place_file(source: Path, target: Path) -> None:
    """Move a file of ExifTool to where it belongs, and let its program be run."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    target.chmod(0o755 if target.name == PROGRAM else 0o644)


def _is_exiftools(name: str) -> bool:
    return KEPT.fullmatch(name) is not None


KINDS: Mapping[str, _Kind] = {
    YTDLP: _Kind(WHEEL, "containment.wheels", "collectors.ytdlp.canary", _is_module, _place_module),
    EXIFTOOL: _Kind(ARCHIVE, "containment.perl_archives", "verification.technical.canary", _is_exiftools, _place_file),
}


def _canary(
    name: str, stated: Stated, package: Path, scratch: Path, level: ContainmentLevel
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    package = package.resolve()
    request = {"version": stated.version, "package": str(package)}
    out, code, canary = scratch / "canary", (package,), KINDS[name].canary
    try:
        answer = run_worker(canary, request, None, out, limits=LIMITS, egress=None, level=level, code=code).answer
    except WorkerFailed as error:
        return (), (f"it ends by itself: {error.kind}",)
    passed, failed = _texts(answer.get("passed")), _texts(answer.get("failed"))
    if answer.get("path") != str(package):
        failed = (*failed, "the version that was given is the one that ran")
    if not passed:
        failed = (*failed, "it says what was tried")
    return passed, failed


def _texts(said: object) -> tuple[str, ...]:
    return tuple(readable(str(one), 200) for one in said) if isinstance(said, Iterable) else ()


def _put(package: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    package.rename(target)


def _tested(services: Services, tool: ToolUse, passed: tuple[str, ...], failed: tuple[str, ...]) -> Draft:
    return draft(
        "tool.tested",
        Subject(kind="tool", id=id_of(services.log.id, tool)),
        body=ToolTested(passed=passed, failed=failed),
        outcome=EventOutcome(status="failed" if failed else "passed"),
    )


def _statement(name: str, stated: Stated) -> Draft:
    return draft(
        "setting.changed", body=SettingChanged(name=f"{TOOLS}.{name}", value=canonical_json(stated.plain()).decode())
    )

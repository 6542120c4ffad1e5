"""What lies in a workspace beside its vault and belongs to nothing: put there by somebody, or left behind.

Folders are listed before the log is replayed. What a command is making at that moment either has a form that belongs
there, or the log of a moment later speaks of it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from casefile.errors import CasefileError, StorageFailed, WorkspaceUnusable
from casefile.events.journal import segment_name
from casefile.ids import is_uuid
from casefile.records.engine import Connection
from casefile.records.holdings import attempted_captures, jars_in_use, received_packages
from casefile.settings import Settings
from casefile.workspace import Workspace
from containment.worker import RECORDS_PREFIX, WORKBENCH_PREFIX
from disclosure.check_package import ARCHIVE, check
from pipelines.keys import stated_fingerprints
from preservation.durable import storage_errors
from preservation.jars import FOLDER as JARS
from preservation.jars import file_name
from preservation.keys import LOG, ROOT, SECOND_SUFFIX, SigningKey, read_public_key
from preservation.problems import Problem, printable, problem
from preservation.staging import INTENTS, OUTPUTS, PARTS, Staging

FILES_OF_LOG = frozenset({"lock", "checkpoint", ".checkpoint.part"})
FOLDERS_OF_LOG = frozenset({"journal", "private", "anchors", "checkpoints", "cosignatures", "tile"})
OF_SQLITE = ("", "-wal", "-shm", "-journal")
KEY = re.compile(rf"((?:{LOG}|{ROOT})(?:-[1-9][0-9]*)?)(\.pub|\.key|{re.escape(SECOND_SUFFIX)})", re.ASCII)
JAR = re.compile(r"[0-9a-f]{32}\.jar", re.ASCII)
OF_WORKERS = (RECORDS_PREFIX, WORKBENCH_PREFIX)
"""How a folder begins in which a worker was at work; a killed run's goes into quarantine with its outputs."""
UNFINISHED = re.compile(r"\.(.+?)(?:\.[0-9a-f]{8})?\.part", re.ASCII)
"""What a crash leaves of a file that was being written: of no use, and no harm."""
SHOWN_OF_OWN = 10
OF_CAPTURE = 36
"""Characters of a capture's id, behind which a second folder of it in quarantine has a number."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Something beside the vault. It belongs there if the log speaks of a `kind` of that `name`; without one, never."""

    path: Path
    kind: str = ""
    name: str = ""


def log_strays(workspace: Workspace) -> Iterator[Problem]:
    """Files that do not belong into the log's folder."""
    for folder in (workspace.log, workspace.log / "journal", workspace.log / "private"):
        for entry in _listed(folder):
            if folder == workspace.log:
                fits = (entry.name in FILES_OF_LOG and _is_file(entry)) or entry.name in FOLDERS_OF_LOG
            else:
                fits = entry.name.isdigit() and segment_name(int(entry.name)) == entry.name and _is_file(entry)
            if not fits:
                yield problem("P053", entry.relative_to(workspace.root).as_posix())


def beside(workspace: Workspace) -> tuple[Iterator[Beside], ...]:
    """What the log has to speak of, and what belongs to nothing, place by place. To be asked before the log is read.

    A place that cannot be read raises StorageFailed as it is gone through; the others can be.
    """
    return (
        _beside_root_key(workspace),
        _in_keys(workspace),
        _in_staging(workspace),
        _in_quarantine(workspace),
        _in_received(workspace),
    )


def spoken_of(connection: Connection) -> frozenset[tuple[str, str]]:
    """Kind and name of everything that the log speaks of and that may lie beside the vault."""
    named = {
        "capture": attempted_captures(connection),
        "package": received_packages(connection),
        "key": stated_fingerprints(connection),
        "cookie jar": {file_name(jar) for jar in jars_in_use(connection)},
    }
    return frozenset((kind, name) for kind, names in named.items() for name in names)


def strays(workspace: Workspace, found: tuple[Beside, ...], spoken: frozenset[tuple[str, str]]) -> Iterator[Problem]:
    """What of that belongs to nothing, with what the log speaks of."""
    for one in found:
        where = one.path.relative_to(workspace.root).as_posix()
        if not one.kind:
            yield problem("P105", where)
        elif (one.kind, one.name) not in spoken and not _is_whole(one):
            yield problem("P106", where, what=one.kind)
    for folder in (workspace.staging, workspace.quarantine):
        if not folder.is_dir():
            yield problem("P107", folder.name)


def _is_whole(one: Beside) -> bool:
    """Whether it is what a command leaves that is killed before its event, which the same command then records."""
    if one.kind == "package":
        return not check(str(one.path)).failures
    if one.kind == "key":
        if one.path.suffix == ".key":
            return True  # a new pair's first half, which was read as such
        try:
            return SigningKey.read(one.path.with_suffix(".key")).public.fingerprint() == one.name
        except CasefileError:
            return False
    return one.kind == "cookie jar" and bool(one.name)


def own_files(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """What is said of what people keep in the workspace's folder, such as lists and reports: it is no part of it."""
    own = {one.name for one in workspace.folders} | {workspace.settings.name, workspace.root_key.parent.name}
    own |= {one.name + ending for one in (workspace.database, workspace.fresh_database) for ending in OF_SQLITE}
    own |= {Path(one.roots).parts[0] for one in settings.time.authorities if one.roots}
    try:
        names = [printable(entry.name) for entry in _listed(workspace.root) if _name(entry) not in own]
    except StorageFailed as error:
        yield f"What else lies in the workspace's folder could not be listed: {error.reason}."
        return
    if names:
        shown = ", ".join(names[:SHOWN_OF_OWN]) + (", …" if len(names) > SHOWN_OF_OWN else "")
        yield f"In the workspace's folder lies what is no part of it, and nothing was compared with it: {shown}."


def _beside_root_key(workspace: Workspace) -> Iterator[Beside]:
    yield from (Beside(entry) for entry in _listed(workspace.root_key.parent) if Path(_name(entry)).suffix != ".key")


def _in_keys(workspace: Workspace) -> Iterator[Beside]:
    listed = _listed(workspace.keys)
    public = {entry.name for entry in listed if entry.suffix == ".pub"}
    for entry in listed:
        found = KEY.fullmatch(_name(entry))
        if entry.name == JARS and _is_folder(entry):
            yield from _in_jars(entry)
        elif found is None or not _is_file(entry):
            yield Beside(entry)
        elif entry.suffix == ".pub":
            yield Beside(entry, "key", _fingerprint(entry))
        elif entry.suffix == ".key" and f"{found[1]}.pub" not in public:
            yield Beside(entry, "key" if _is_private_half(entry) else "", entry.name)


def _in_jars(folder: Path) -> Iterator[Beside]:
    for entry in _listed(folder):
        if JAR.fullmatch(entry.name) and _is_file(entry):
            called = _called_by_content(entry)
            yield Beside(entry, "cookie jar", called if called == entry.name else "")
        elif not JAR.fullmatch(_name(entry)):
            yield Beside(entry)


def _in_staging(workspace: Workspace) -> Iterator[Beside]:
    """Whatever has the form of a run belongs there: a living run is at it, or the next collection takes it up."""
    for run in _listed(workspace.staging):
        if not is_uuid(run.name) or not _is_folder(run):
            yield Beside(run)
            continue
        for part in _listed(run):
            if part.name not in PARTS or not _is_folder(part):
                yield Beside(part)
            else:
                yield from (Beside(entry) for entry in _listed(part) if not _is_of_a_run(workspace, entry))


def _is_of_a_run(workspace: Workspace, entry: Path) -> bool:
    part = entry.parent.name
    if part == INTENTS:
        staging = Staging(workspace.staging, workspace.quarantine)
        return is_uuid(entry.stem) and entry.suffix == ".json" and _is_file(entry) and staging.is_intent(entry)
    return is_uuid(entry.name) or (part == OUTPUTS and entry.name.startswith(OF_WORKERS))


def _in_quarantine(workspace: Workspace) -> Iterator[Beside]:
    for run in _listed(workspace.quarantine):
        if not is_uuid(run.name) or not _is_folder(run):
            yield Beside(run)
            continue
        for entry in _listed(run):
            if entry.name.startswith(OF_WORKERS) and _is_folder(entry):
                continue
            capture, more = entry.name[:OF_CAPTURE], entry.name[OF_CAPTURE:]
            fits = is_uuid(capture) and (not more or re.fullmatch(r"-[1-9][0-9]*", more, re.ASCII))
            yield Beside(entry, "capture", capture) if fits and _is_folder(entry) else Beside(entry)


def _in_received(workspace: Workspace) -> Iterator[Beside]:
    for entry in _listed(workspace.received):
        package = entry.name.removesuffix(ARCHIVE)
        if is_uuid(package):
            yield Beside(entry, "package", package)
        elif not is_uuid(_name(entry).removesuffix(ARCHIVE)):
            yield Beside(entry)


def _name(entry: Path) -> str:
    """The name of the file that this is, or that it is an unfinished writing of."""
    unfinished = UNFINISHED.fullmatch(entry.name)
    return unfinished[1] if unfinished else entry.name


def _called_by_content(jar: Path) -> str:
    try:
        with storage_errors("read", jar):
            return file_name(sha256(jar.read_bytes()))
    except FileNotFoundError:
        return jar.name


def _is_private_half(path: Path) -> bool:
    try:
        return bool(SigningKey.read(path))
    except CasefileError:
        return False


def _fingerprint(path: Path) -> str:
    try:
        return read_public_key(path).fingerprint()
    except WorkspaceUnusable:
        return ""


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where there is none. Raises StorageFailed."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StorageFailed("list", str(folder), error.strerror or str(error)) from error


def _is_folder(path: Path) -> bool:
    """Whether it is one, or has gone since it was listed: of that there is nothing to say."""
    return _is_of_kind(path, stat.S_IFDIR)


def _is_file(path: Path) -> bool:
    """The same of a regular file."""
    return _is_of_kind(path, stat.S_IFREG)


def _is_of_kind(path: Path, kind: int) -> bool:
    try:
        with storage_errors("read", path):
            return stat.S_IFMT(path.lstat().st_mode) == kind
    except FileNotFoundError:
        return True

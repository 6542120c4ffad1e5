"""Auditing a workspace: every byte of the vault, every record of the log, every row of the database.

The log's files are replayed into a scratch database. What the replay makes is what the tables must hold and what the
vault must contain. Nothing is repaired; a journal that a crash left behind is carried on first, as on any opening.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casefile.clock import SystemClock
from casefile.digests import Digest
from casefile.errors import CasefileError, IntegrityError, WorkspaceUnusable
from casefile.events.append import Log
from casefile.events.catching_up import Stranger, behind_the_head
from casefile.events.files import LogFiles
from casefile.events.journal import segment_name
from casefile.events.lock import holding
from casefile.events.replay import rebuild
from casefile.ids import LogId
from casefile.records.comparing import Difference, compare
from casefile.records.engine import ALL_FAMILIES, Engine, drop_tables, open_engine, reading, sqlite_engine, writing
from casefile.records.holdings import audited_objects, erased_parts, opened_investigation, sealed_inventories
from casefile.records.reading import read_head
from casefile.records.versions import views_are_current
from casefile.settings import Settings, load_settings
from casefile.workspace import Workspace
from pipelines.custody import LOCK as CHECKPOINT_LOCK
from pipelines.custody import attested_heads
from pipelines.keys import history_of
from pipelines.received import received_problems
from preservation.custody_audit import CustodyAudit
from preservation.durable import unobserved
from preservation.key_history import KeyHistory
from preservation.keys import LOG, ROOT, file_of
from preservation.problems import Problem, problem
from preservation.staging import Staging
from preservation.vault_audit import Expected, Sample, VaultAudit

ALLOWED_IN_LOG = frozenset(
    {"journal", "private", "lock", "anchors", "checkpoint", ".checkpoint.part", "checkpoints", "tile"}
)
OTHER_VERSION = "its views were made by another version of Casefile; `casefile reindex` makes them anew from the log"
NOT_SEEN = (
    "Without a head of the log held outside this machine, an audit cannot see that journal, private parts and "
    "database were all cut back or written anew together, or that somebody with the keys forged the whole.",
    "An audit cannot tell whether what was collected is true, or who really used a name given with --as.",
)
NOT_SEEN_WITH_HEAD = (
    "What was recorded after the head that was held outside, an audit cannot tell from what was written anew since.",
    NOT_SEEN[1],
)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found. `checked` counts what was looked at; `not_seen` says what no audit of this kind can see."""

    problems: tuple[Problem, ...]
    checked: Mapping[str, int]
    not_seen: tuple[str, ...] = NOT_SEEN

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class _Audit:
    workspace: Workspace
    settings: Settings
    sample: int = 0
    head: Path | None = None
    checked: dict[str, int] = field(default_factory=dict)


def audit_workspace(
    root: Path, environment: Mapping[str, str], sample: int = 0, *, head: Path | None = None
) -> AuditReport:
    """Audit the workspace at `root`; with `sample`, only that many objects have their bytes read.

    `head` is a file with a signed head that was held outside: the log must begin with it.

    Raises WorkspaceUnusable when it is no workspace at all.
    """
    workspace = Workspace(root.absolute())
    audit = _Audit(workspace, load_settings(workspace.root, environment), sample, head)
    scratch = workspace.work / f"audit-{secrets.token_hex(8)}"
    try:
        scratch.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise WorkspaceUnusable(str(scratch), error.strerror or str(error)) from error
    try:
        problems = tuple(_problems(audit, scratch))
    finally:
        shutil.rmtree(scratch)
    return AuditReport(problems, audit.checked, NOT_SEEN if head is None else NOT_SEEN_WITH_HEAD)


def _problems(audit: _Audit, scratch: Path) -> Iterator[Problem]:
    replayed = sqlite_engine(scratch / "replay.db")
    try:
        yield from _database(audit)
        yield from _log_files(audit)
        replay_problem = _replay(audit, replayed)
        yield from replay_problem
        if audit.checked.get("events"):
            yield from _tables(audit, replayed)
            yield from _custody(audit, replayed)
            yield from _vault(audit, replayed)
            yield from received_problems(audit.workspace, replayed)
    finally:
        replayed.dispose()


def _database(audit: _Audit) -> Iterator[Problem]:
    """Bring the journal up to the database, as every opening does."""
    workspace, settings = audit.workspace, audit.settings
    if not settings.database.url and not workspace.database.exists():
        yield problem("P055", workspace.database.name)
        return
    engine = open_engine(settings.database.url, workspace.database)
    log_id = LogId(settings.investigation.id)
    try:
        if strangers := _strangers(engine, workspace, log_id):
            # An opening would cut them off as what a writer left that died. They are named instead, and left as they
            # are.
            for one in strangers:
                yield problem(
                    "P064",
                    f"log/{one.folder}/{segment_name(one.segment)}",
                    what=f"the file goes on for {one.bytes} bytes that no event was committed for",
                )
            return
        log = Log(engine, workspace.log, log_id, SystemClock())
        log.recover()
        log.close()
    except CasefileError as error:
        yield problem("P050", workspace.database.name, reason=str(error))
    finally:
        engine.dispose()


def _strangers(engine: Engine, workspace: Workspace, log: LogId) -> tuple[Stranger, ...]:
    """What the log's files hold behind the committed head."""
    files = LogFiles.at(workspace.log, unobserved)
    with reading(engine) as connection:
        head = read_head(connection, log)
        found = behind_the_head(connection, files, log)
    # Somebody may have committed and written since the head was read.
    with reading(engine) as connection:
        return found if read_head(connection, log) == head else ()


def _log_files(audit: _Audit) -> Iterator[Problem]:
    """Files that do not belong into the log's folder."""
    workspace = audit.workspace
    for folder in (workspace.log, workspace.log / "journal", workspace.log / "private"):
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            path = entry.relative_to(workspace.root).as_posix()
            if folder == workspace.log:
                fits = entry.name in ALLOWED_IN_LOG
            else:
                fits = entry.name.isdigit() and segment_name(int(entry.name)) == entry.name
                fits = fits and entry.is_file() and not entry.is_symlink()
            if not fits:
                yield problem("P053", path)


def _replay(audit: _Audit, replayed: Engine) -> list[Problem]:
    files = LogFiles.at(audit.workspace.log, unobserved)
    try:
        result = rebuild(audit.workspace.log, replayed, tolerant=True)
        if result.unfinished:
            # Somebody may just have been writing. Under the lock nobody is.
            with files.locked(), writing(replayed) as connection:
                drop_tables(connection, *ALL_FAMILIES)
            with files.locked():
                result = rebuild(audit.workspace.log, replayed, tolerant=True)
        audit.checked["events"] = result.events
        found = [problem("P052", "log/private", event=event, part=part) for event, part in result.missing_parts]
        found += [problem("P064", "log", what=what) for what in result.unfinished]
        return found + list(_parts(audit, files, replayed))
    except IntegrityError as error:
        return [problem("P051", "log", reason=str(error))]


def _parts(audit: _Audit, files: LogFiles, replayed: Engine) -> Iterator[Problem]:
    """Parts that were erased and are still there."""
    with reading(replayed) as connection:
        erased = erased_parts(connection)
    for segment in files.private.segments():
        for stored in files.private.parts(segment):
            audit.checked["parts"] = audit.checked.get("parts", 0) + 1
            if (stored.part.event, stored.part.name) in erased:
                path = f"log/private/{segment_name(segment)}"
                yield problem("P054", path, event=stored.part.event, part=stored.part.name)


def _tables(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    """Compare the live log_* and view_* tables with the replay's."""
    workspace, settings = audit.workspace, audit.settings
    if not settings.database.url and not workspace.database.exists():
        return
    live = open_engine(settings.database.url, workspace.database)
    try:
        with reading(live) as connection:
            current = views_are_current(connection)
        if not current:
            # Not made anew here: whoever changes a row could change the version with it, and the audit would hide both.
            yield problem("P060", workspace.database.name, reason=OTHER_VERSION)
        for difference in compare(live, replayed, "log_", *(["view_"] if current else [])):
            yield _row_problem(difference)
    except CasefileError as error:
        yield problem("P060", workspace.database.name, reason=str(error))
    finally:
        live.dispose()


def _row_problem(difference: Difference) -> Problem:
    if difference.kind == "extra":
        return problem("P056", difference.table, key=difference.key)
    if difference.kind == "missing":
        return problem("P057" if difference.key else "P059", difference.table, key=difference.key)
    return problem("P058", difference.table, key=difference.key, columns=", ".join(difference.columns))


def _custody(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    """Keys, tiles and signed heads, against the journal; and the investigation that casefile.toml names."""
    workspace, stated = audit.workspace, audit.settings.investigation.id
    with reading(replayed) as connection:
        log = opened_investigation(connection)
    if log != stated:
        yield problem("P063", workspace.settings.name)
    history = history_of(replayed, log or stated)
    yield from _keys(audit, history)
    with holding(workspace.work / CHECKPOINT_LOCK):
        custody = CustodyAudit(workspace.log, LogFiles.at(workspace.log, unobserved), history)
        yield from custody.problems(attested_heads(replayed))
        if audit.head is not None:
            yield from custody.compare(audit.head)
    audit.checked["tiles"] = custody.tiles
    audit.checked["heads"] = custody.heads


def _keys(audit: _Audit, history: KeyHistory) -> Iterator[Problem]:
    keys = audit.workspace.keys
    for event, reason in history.doubtful:
        yield problem("P078", f"event {event}", reason=reason)
    for name, key in ((ROOT, history.root), (LOG, history.current.key if history.current else None)):
        if key is None:
            continue
        public = file_of(keys, key.fingerprint())
        if public is None:
            others = any(keys.glob(f"{name}*.pub"))
            yield problem("P061" if others else "P062", f"keys/{name}.pub")
        elif name == LOG and not public.with_suffix(".key").is_file():
            yield problem("P062", f"keys/{public.with_suffix('.key').name}")


def _sealed_since(audit: _Audit) -> Mapping[str, str]:
    """The objects that the live database names; none where it cannot be read, which has its own finding."""
    workspace, settings = audit.workspace, audit.settings
    if not settings.database.url and not workspace.database.exists():
        return {}
    live = open_engine(settings.database.url, workspace.database)
    try:
        with reading(live) as connection:
            return sealed_inventories(connection)
    except CasefileError:
        return {}
    finally:
        live.dispose()


def _vault(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    with reading(replayed) as connection:
        objects = audited_objects(connection)

    def expected() -> Expected:
        # In this order: an object that is sealed in between is then in both, and not in neither. What was sealed
        # since the replay is known from the live database alone.
        under_way = frozenset(Staging(audit.workspace.staging, audit.workspace.quarantine).declared())
        known = {**_sealed_since(audit), **{name: one.inventory for name, one in objects.items()}}
        return Expected({name: Digest(inventory) for name, inventory in known.items()}, under_way)

    sample = Sample(audit.sample, secrets.randbits(63)) if audit.sample else None
    vault = VaultAudit(audit.workspace.vault, expected, sample)
    for found in vault.problems():
        held = objects.get(found.object)
        label = held.item_at(found.path) if held else ""
        yield Problem(found.code, found.text, found.path, label, found.object)
    audit.checked["objects"] = vault.checked.objects
    audit.checked["files"] = vault.checked.files
    audit.checked["bytes"] = vault.checked.bytes


def report_json(report: AuditReport) -> dict[str, object]:
    """The report as `--json` prints it."""
    return {
        "ok": report.ok,
        "problems": [
            {"code": one.code, "text": one.text, "path": one.path, "item": one.item} for one in report.problems
        ],
        "checked": dict(report.checked),
        "not_seen": list(report.not_seen),
    }

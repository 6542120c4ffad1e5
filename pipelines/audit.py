"""Auditing a workspace: every byte of the vault, every record of the log, every row of the database.

The log's files are replayed into a scratch database. What the replay makes is what the tables must hold and what the
vault must contain. Nothing is repaired; a journal that a crash left behind is carried on first, as on any opening.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from casefile.clock import SystemClock
from casefile.digests import Digest
from casefile.errors import CasefileError, IntegrityError, RecordUnreadable, StorageFailed, WorkspaceUnusable
from casefile.events.append import Log
from casefile.events.catching_up import Stranger, behind_the_head
from casefile.events.files import LogFiles
from casefile.events.journal import segment_name
from casefile.events.lock import holding
from casefile.events.replay import rebuild
from casefile.ids import LogId
from casefile.records.engine import (
    ALL_FAMILIES,
    Connection,
    Engine,
    drop_tables,
    open_engine,
    reading,
    sqlite_engine,
    writing,
)
from casefile.records.holdings import audited_objects, erased_parts, opened_investigation, sealed_inventories
from casefile.records.reading import read_head
from casefile.records.tombstones import Tombstone, list_tombstones, pending_removals
from casefile.settings import Settings, load_settings
from casefile.workspace import Workspace
from pipelines.anchoring import unwitnessed
from pipelines.custody import LOCK as CHECKPOINT_LOCK
from pipelines.custody import attested_heads
from pipelines.keys import history_of
from pipelines.outside import Outside, OutsideFound, compare_outside
from pipelines.person_signing import signature_problems
from pipelines.received import received_problems
from pipelines.removing import left_behind
from pipelines.strays import Beside, beside, log_strays, own_files, spoken_of, strays
from pipelines.table_audit import table_problems
from pipelines.time_auditing import time_problems, time_unseen
from preservation.custody_audit import CustodyAudit, whole_contents
from preservation.durable import unobserved
from preservation.key_history import KeyHistory
from preservation.keys import LOG, ROOT, file_of, second_file
from preservation.layout import object_id
from preservation.problems import Problem, problem
from preservation.staging import Staging
from preservation.vault_audit import Expected, Sample, VaultAudit

T = TypeVar("T")
UUID_LENGTH = 36
NOT_SEEN = "An audit cannot tell whether what was collected is true, or who really used a name given with --as."


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found. `checked` counts what was looked at; `not_seen` says what no audit of this kind can see.

    `limits` is what it could not see, `outside` what was compared with what others hold.
    `erased` are the items that the log says were erased: they are not missing, and no problem.
    """

    problems: tuple[Problem, ...]
    checked: Mapping[str, int]
    limits: tuple[str, ...] = ()
    outside: OutsideFound | None = None
    erased: tuple[Tombstone, ...] = ()

    @property
    def not_seen(self) -> tuple[str, ...]:
        """What this audit could not have found, whatever had been done."""
        return (*(self.outside.lines() if self.outside else ()), *self.limits)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class _Audit:
    workspace: Workspace
    settings: Settings
    sample: int = 0
    outside: Outside = field(default_factory=Outside)
    found: OutsideFound = field(default_factory=OutsideFound)
    checked: dict[str, int] = field(default_factory=dict)
    unstamped: list[str] = field(default_factory=list)
    erased: list[Tombstone] = field(default_factory=list)


def audit_workspace(
    root: Path, environment: Mapping[str, str], sample: int = 0, outside: Outside | None = None
) -> AuditReport:
    """Audit the workspace at `root`; with `sample`, only that many objects have their bytes read.

    `outside` is what others hold and is to be compared with.

    Raises WorkspaceUnusable when it is no workspace at all.
    """
    workspace = Workspace(root.absolute())
    audit = _Audit(workspace, load_settings(workspace.root, environment), sample, outside or Outside())
    scratch = workspace.work / f"audit-{secrets.token_hex(8)}"
    try:
        scratch.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise WorkspaceUnusable(str(scratch), error.strerror or str(error)) from error
    try:
        problems = tuple(_problems(audit, scratch))
    finally:
        shutil.rmtree(scratch)
    limits = (NOT_SEEN, *audit.unstamped, *own_files(workspace, audit.settings))
    return AuditReport(problems, audit.checked, limits, audit.found, tuple(audit.erased))


def _problems(audit: _Audit, scratch: Path) -> Iterator[Problem]:
    replayed = sqlite_engine(scratch / "replay.db")
    try:
        yield from _database(audit)
        yield from _as_far_as_it_can_be_read(audit, log_strays(audit.workspace))
        found: list[Beside] = []
        for place in beside(audit.workspace):
            yield from _as_far_as_it_can_be_read(audit, _gathered(place, found))
        yield from _replay(audit, replayed)
        if audit.checked.get("events"):
            for stage in (
                _tables(audit, replayed),
                _custody(audit, replayed),
                _strays(audit, tuple(found), replayed),
                _vault(audit, replayed),
                _erasures(audit, replayed),
                received_problems(audit.workspace, replayed),
            ):
                yield from _as_far_as_it_can_be_read(audit, stage)
    finally:
        replayed.dispose()


def _as_far_as_it_can_be_read(audit: _Audit, stage: Iterator[Problem]) -> Iterator[Problem]:
    """A stage of the audit, which ends with a finding at what cannot be read: the other stages can."""
    try:
        yield from stage
    except StorageFailed as error:
        where, root = Path(error.path), audit.workspace.root
        path = where.relative_to(root) if where.is_relative_to(root) else where
        yield problem("P008", path.as_posix(), reason=error.reason)


def _gathered(place: Iterator[Beside], found: list[Beside]) -> Iterator[Problem]:
    """Add to `found` what lies in a place; a stage without findings of its own."""
    found.extend(place)
    yield from ()


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
    except (IntegrityError, StorageFailed) as error:
        return [problem("P051", _file_of(error), reason=str(error))]


def _file_of(error: CasefileError) -> str:
    """The file of the log that an error names, else the log."""
    named = error.where.split()[0] if isinstance(error, RecordUnreadable) else ""
    return f"log/{named}" if named.startswith(("journal/", "private/")) else "log"


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
        yield from table_problems(live, replayed, workspace.database.name)
    finally:
        live.dispose()


def _strays(audit: _Audit, found: tuple[Beside, ...], replayed: Engine) -> Iterator[Problem]:
    """What lies beside the vault and belongs to nothing, by the log as it is now."""
    with reading(replayed) as connection:
        spoken = spoken_of(connection)
    yield from strays(audit.workspace, found, spoken | (_asked_live(audit, spoken_of) or frozenset()))


def _custody(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    """Keys, tiles and signed heads, against the journal; and the investigation that casefile.toml names."""
    workspace, stated = audit.workspace, audit.settings.investigation.id
    with reading(replayed) as connection:
        log = opened_investigation(connection)
    if log != stated:
        yield problem("P063", workspace.settings.name)
    history = history_of(replayed, log or stated)
    yield from _keys(audit, history)
    yield from _root(audit.outside.root, history)
    with holding(workspace.work / CHECKPOINT_LOCK):
        custody = CustodyAudit(workspace.log, LogFiles.at(workspace.log, unobserved), history)
        yield from custody.problems(attested_heads(replayed))
        time = yield from time_problems(workspace, audit.settings, replayed, custody.why_not_ours)
        audit.found = compare_outside(workspace, audit.settings, audit.outside, custody, history, replayed)
        yield from audit.found.problems
    audit.checked["tokens"] = time.tokens
    audit.unstamped += [*time_unseen(time), *unwitnessed(history, workspace.log, audit.settings)]
    yield from signature_problems(replayed, log or stated, whole_contents(LogFiles.at(workspace.log, unobserved)))
    audit.checked["tiles"] = custody.tiles
    audit.checked["heads"] = custody.heads + audit.found.heads


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
        elif name == LOG:
            second = [second_file(public)] if history.current is not None and history.current.second else []
            for private in (public.with_suffix(".key"), *second):
                if not private.is_file():
                    yield problem("P062", f"keys/{private.name}")


def _root(card: str, history: KeyHistory) -> Iterator[Problem]:
    """Whether the root key is the one of the card that was brought, or else has the word of the one before it."""
    stated = history.root.fingerprint() if history.root else "none"
    if card:
        # A card is typed as it is printed: in groups of four, without the name of the digest.
        if "".join(card.split()).lower().removeprefix("sha256:") != stated.removeprefix("sha256:"):
            yield problem("P099", "keys/root.pub", fingerprint=stated, reason=f"the card has {card}")
    elif history.unvouched:
        position, key = history.unvouched[-1]
        reason = f"it took a lost one's place at event {position}, and no card was brought (--root)"
        yield problem("P099", "keys/root.pub", fingerprint=key.fingerprint(), reason=reason)


def _asked_live(audit: _Audit, question: Callable[[Connection], T]) -> T | None:
    """What the live database answers; None where it cannot be read, which has its own finding."""
    workspace, settings = audit.workspace, audit.settings
    if not settings.database.url and not workspace.database.exists():
        return None
    live = open_engine(settings.database.url, workspace.database)
    try:
        with reading(live) as connection:
            return question(connection)
    except CasefileError:
        return None
    finally:
        live.dispose()


def _vault(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    replaced: dict[str, set[Digest]] = {}
    with reading(replayed) as connection:
        objects = audited_objects(connection)
        audit.erased += list_tombstones(connection)
    for one in audit.erased:
        replaced.setdefault(object_id(one.capture), set()).add(Digest(one.replaced or ""))

    def expected() -> Expected:
        # In this order: an object that is sealed in between is then in both, and not in neither. What was sealed
        # since the replay is known from the live database alone.
        under_way = frozenset(Staging(audit.workspace.staging, audit.workspace.quarantine).declared())
        known = {
            **(_asked_live(audit, sealed_inventories) or {}),
            **{name: one.inventory for name, one in objects.items()},
        }
        return Expected({name: Digest(inventory) for name, inventory in known.items()}, under_way, replaced)

    sample = Sample(audit.sample, secrets.randbits(63)) if audit.sample else None
    vault = VaultAudit(audit.workspace.vault, expected, sample)
    for found in vault.problems():
        held = objects.get(found.object)
        label = held.item_at(found.path) if held else ""
        yield Problem(found.code, found.text, found.path, label, found.object)
    audit.checked["objects"] = vault.checked.objects
    audit.checked["files"] = vault.checked.files
    audit.checked["bytes"] = vault.checked.bytes


def _erasures(audit: _Audit, replayed: Engine) -> Iterator[Problem]:
    """What was erased and is still beside the vault, and erasures that were decided and not carried out to the end."""
    workspace, root = audit.workspace, audit.workspace.root
    with reading(replayed) as connection:
        left = list(left_behind(connection, workspace))
    for folder in sorted(workspace.rebuilding.iterdir()) if workspace.rebuilding.is_dir() else ():
        if len(folder.name) > UUID_LENGTH:
            yield problem("P104", folder.relative_to(root).as_posix())
        else:
            left.append(folder)
    for path in left:
        yield problem("P101", path.relative_to(root).as_posix())
    if _asked_live(audit, pending_removals):
        yield problem("P101", workspace.database.name)
    if audit.erased:
        audit.checked["erased items"] = len(audit.erased)


def report_json(report: AuditReport) -> dict[str, object]:
    """The report as `--json` prints it."""
    return {
        "ok": report.ok,
        "problems": [
            {"code": one.code, "text": one.text, "path": one.path, "item": one.item} for one in report.problems
        ],
        "checked": dict(report.checked),
        "erased": [
            {"item": one.label, "sha256": one.sha256, "erased_at": one.erased_at, "event": one.event}
            for one in report.erased
        ],
        "not_seen": list(report.not_seen),
        **(report.outside.plain() if report.outside else {}),
    }

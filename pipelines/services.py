"""The composition root: opens a workspace and gives the sequences what they need, each thing made once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from casefile.clock import Clock, SystemClock
from casefile.errors import DatabaseRestored, SettingsError, UsageError, WorkspaceUnusable
from casefile.events.append import Actor, Log, Signer, Within
from casefile.events.envelope import Event
from casefile.events.files import LogFiles
from casefile.events.port import Draft
from casefile.ids import EventId, LogId, PersonId, RunId
from casefile.network_time import ask
from casefile.people import Person
from casefile.records.engine import Engine, open_engine, reading
from casefile.records.migrating import ensure_current
from casefile.records.people import find_person
from casefile.records.tools import list_tools
from casefile.registry import load_specs
from casefile.settings import Settings, key_to_sign_with, load_settings
from casefile.vocabulary import PersonKind
from casefile.workspace import Workspace
from collectors.interface import MethodSpec
from pipelines.removing import finish_removals
from pipelines.unfinished import clear_unfinished
from preservation.durable import Disk, Reached, unobserved
from preservation.staging import Reserve, Run, Staging
from preservation.vault import Vault

METHODS = "casefile.capture_methods"


@dataclass(frozen=True)
class Services:
    """One open workspace, acting as one person in one run."""

    workspace: Workspace
    settings: Settings
    engine: Engine
    log: Log
    vault: Vault
    staging: Staging
    clock: Clock
    run_id: RunId
    person: Person | None
    reached: Reached
    signer: Signer | None = None

    def append(self, *drafts: Draft, within: Within | None = None) -> tuple[EventId, ...]:
        """Append as the person of this run; the events are durable when this returns."""
        return self.log.append(drafts, self.actor, within)

    def admit(self, made: Sequence[Event], *drafts: Draft, within: Within | None = None) -> None:
        """Append events that were made and signed elsewhere, and `drafts` of the person of this run with them."""
        self.log.admit(made, drafts, self.actor, within)

    @contextmanager
    def together(self) -> Iterator[Services]:
        """The same workspace, all of whose reads and appends within the block are one transaction: durable as a whole
        at its end, or not there at all. Nobody else can write meanwhile.
        """
        with self.log.together() as (engine, log):
            yield replace(self, engine=engine, log=log)

    @property
    def actor(self) -> Actor:
        """Who is acting. Raises WorkspaceUnusable when nobody was named."""
        if self.person is None:
            raise WorkspaceUnusable(self.workspace.root.name, "nobody is named as acting; say --as PERSON")
        return Actor.person(self.person.id, self.run_id, self.signer)

    @property
    def person_id(self) -> PersonId:
        """The id of the person who is acting."""
        return PersonId(self.actor.name.partition(":")[2])

    @cached_property
    def methods(self) -> tuple[MethodSpec, ...]:
        """The capture methods that are installed. Raises SettingsError when there are none at all."""
        specs = load_specs(METHODS, MethodSpec)
        if not specs:
            raise SettingsError(METHODS, "no capture method is installed; install Casefile itself with `./dev`")
        return specs

    @cached_property
    def known_tools(self) -> set[str]:
        """The register ids of the tools that the log knows; whoever registers one adds it."""
        with reading(self.engine) as connection:
            return {tool.id for tool in list_tools(connection)}

    @cached_property
    def run(self) -> Run:
        """This run's part of staging, opened on first use and locked until the end."""
        return self.staging.open_run(self.run_id)


@contextmanager
def open_services(
    root: Path,
    environment: Mapping[str, str],
    *,
    person: str = "",
    clock: Clock | None = None,
    reached: Reached = unobserved,
) -> Iterator[Services]:
    """An open workspace. A database of an earlier Casefile is brought to this one's version first, and the journal is
    carried on where a crash left it behind the database. What an erasure or an export has
    left is taken away.

    Raises WorkspaceUnusable, UnknownPerson, UsageError for a source as the acting person, JournalShortened or
    DatabaseRestored.
    """
    workspace = Workspace(root.absolute())
    settings = load_settings(workspace.root, environment)
    engine = open_engine(settings.database.url, workspace.database)
    require_database(workspace, settings)
    ensure_current(engine, LogId(settings.investigation.id))
    clock = clock or SystemClock(ask(settings.time.servers))
    log = Log(engine, workspace.log, LogId(settings.investigation.id), clock, reached=reached)
    log.recover()
    vault = Vault(workspace.vault, Disk(reached))
    clear_unfinished(workspace, Disk(reached))
    finish_removals(workspace, engine, vault, Disk(reached))
    services = Services(
        workspace=workspace,
        settings=settings,
        engine=engine,
        log=log,
        vault=vault,
        staging=_staging(workspace, settings, reached),
        clock=clock,
        run_id=RunId(clock.mint()),
        person=_acting(engine, person or settings.investigation.person),
        reached=reached,
    )
    try:
        yield _signing(services, key_to_sign_with(environment))
    finally:
        if "run" in services.__dict__:
            services.run.close()
        log.close()
        engine.dispose()


def _signing(services: Services, key: tuple[Path, str] | None) -> Services:
    """The same, signing for whoever acts where a key of theirs was given."""
    if key is None or services.person is None:
        return services
    from pipelines.person_signing import signer_for

    return replace(services, signer=signer_for(services.engine, services.log.id, services.person, *key))


def require_database(workspace: Workspace, settings: Settings) -> None:
    """Raise DatabaseRestored when the SQLite file is gone while the journal is there."""
    if settings.database.url or workspace.database.exists():
        return
    journal = LogFiles.at(workspace.log, unobserved).journal
    raise DatabaseRestored(sum(1 for _record in journal.records()), 0)


def _staging(workspace: Workspace, settings: Settings, reached: Reached) -> Staging:
    reserve = Reserve(settings.reserve.bytes, settings.reserve.inodes)
    return Staging(workspace.staging, workspace.quarantine, disk=Disk(reached), reserve=reserve)


def _acting(engine: Engine, person: str) -> Person | None:
    if not person:
        return None
    with reading(engine) as connection:
        found = find_person(connection, person)
    if found.kind is PersonKind.SOURCE:
        raise UsageError(
            f"{person!r} is recorded as a source of material, not as somebody who acts; "
            "record who acts with `casefile person add NAME`"
        )
    return found

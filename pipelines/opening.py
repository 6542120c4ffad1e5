"""Opening an investigation: the workspace's folders, keys, database, settings and first events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.clock import Clock, SystemClock
from casefile.errors import FolderInUse, UsageError
from casefile.events.append import Actor, Log
from casefile.events.envelope import Subject
from casefile.events.files import LogFiles
from casefile.events.port import draft
from casefile.events.replay import empty_database
from casefile.events.types import InvestigationOpened, PersonalName, PersonRecorded
from casefile.ids import LogId, PersonId, RunId
from casefile.records.engine import open_engine
from casefile.settings import FILE_NAME, InvestigationSettings, Settings, merge_settings
from casefile.vocabulary import PersonKind
from casefile.workspace import Workspace
from pipelines.keys import create_log_pair
from preservation.durable import Disk, unobserved
from preservation.key_history import state_key
from preservation.keys import LOG, ROOT, create_pair
from preservation.staging import Staging
from preservation.vault import Vault


@dataclass(frozen=True, slots=True)
class Opened:
    """What `init` made."""

    root: Path
    investigation: LogId
    person: PersonId
    fingerprint: str
    root_fingerprint: str
    root_key: Path


def open_investigation(  # noqa: PLR0913  (what one command line says)
    root: Path,
    title: str,
    investigator: str,
    environment: Mapping[str, str],
    clock: Clock | None = None,
    *,
    root_key: Path | None = None,
) -> Opened:
    """Create a workspace in `root`, which must not exist or be empty.

    The private root key is written to `root_key`, else to a folder of its own in the workspace, where it must not stay.
    casefile.toml is written last: a folder without it is no workspace, so a crash on the way leaves none behind.
    Raises FolderInUse, and UsageError when the title or the name is empty.
    """
    title, investigator = title.strip(), investigator.strip()
    if not title:
        raise UsageError("an investigation needs a title")
    if not investigator:
        raise UsageError("an investigation needs the name of whoever opens it")
    clock = clock or SystemClock()
    workspace = Workspace(root.absolute())
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderInUse(str(root))
    log_id, person = LogId(clock.mint()), PersonId(clock.mint())
    settings = merge_settings({"investigation": {"id": log_id, "person": person}}, environment)
    disk = Disk()
    disk.make_directories(workspace.root)
    disk.restrict(workspace.root, 0o700)
    Vault(workspace.vault, disk).create()
    Staging(workspace.staging, workspace.quarantine, disk=disk).create()
    disk.make_directories(workspace.work)
    LogFiles.at(workspace.log, unobserved).create()
    root_place = (root_key or workspace.root_key).absolute()
    root_pair = create_pair(root_place, workspace.keys / f"{ROOT}.pub", disk)
    public, second = create_log_pair(workspace.keys, disk)
    engine = open_engine(settings.database.url, workspace.database)
    empty_database(engine, log_id)
    log = Log(engine, workspace.log, log_id, clock)
    log.append(
        [
            draft("investigation.opened", body=InvestigationOpened(title=title)),
            draft(
                "person.recorded",
                Subject(kind="person", id=person),
                body=PersonRecorded(kind=PersonKind.INVESTIGATOR),
                personal=PersonalName(name=investigator),
            ),
            draft("key.stated", body=state_key(log_id, ROOT, root_pair.public, root_pair)),
            draft("key.stated", body=state_key(log_id, LOG, public, root_pair, second=second)),
        ],
        Actor.person(person, RunId(clock.mint())),
    )
    log.close()
    engine.dispose()
    disk.replace(workspace.settings, settings_text(settings.investigation).encode("utf-8"))
    return Opened(workspace.root, log_id, person, public.fingerprint(), root_pair.public.fingerprint(), root_place)


def settings_text(investigation: InvestigationSettings) -> str:
    """The casefile.toml of a new workspace: its identity, and every other setting as a comment with its default."""
    lines = [
        f"# Settings of one investigation. docs/settings.md explains each; {FILE_NAME} keeps only what differs.",
        "",
        "[investigation]",
        f'id = "{investigation.id}"',
        f'person = "{investigation.person}"',
    ]
    for name, field in Settings.model_fields.items():
        if name != "investigation" and field.annotation is not None:
            lines += ["", f"# [{name}]"]
            for key, one in getattr(field.annotation, "model_fields", {}).items():
                lines.append(f"# {key}: {one.description or ''}".rstrip())
    return "\n".join(lines) + "\n"

"""The register of copies: which there are, on what medium and where (Berkeley Protocol, paragraph 171).

A copy is a folder as `backup` writes it, its vault and its log. It counts when it was checked, byte by byte against the
log's digests, and proved whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from casefile.errors import GateRefused, RecordUnreadable, UsageError, WorkspaceUnusable
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.files import LogFiles
from casefile.events.journal import segment_name
from casefile.events.port import draft
from casefile.events.types_of_custody import ReplicaChecked, ReplicaStated
from casefile.records.acts import last_act, list_acts
from casefile.records.engine import Connection, reading
from casefile.records.holdings import erased_parts, sealed_times
from casefile.settings import ReplicaSettings
from pipelines.fixity import DAYS, MOST_FAILURES, expected_objects
from pipelines.services import Services
from preservation.durable import unobserved
from preservation.object_audit import PERMISSIONS, Checked
from preservation.problems import Problem, problem
from preservation.vault import Vault
from preservation.vault_audit import VaultAudit

STATED, CHECKED = "replica.stated", "replica.checked"
PASSED, BEHIND, FAILED, UNREACHABLE = "passed", "behind", "failed", "unreachable"
MISSING, CAME_BACK, PART_STAYED, OTHER_LOG, LOST = "P021", "P100", "P054", "P102", "P103"
COMPARED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Replica:
    """A registered copy and how its newest check ended; `status` is empty before the first."""

    id: str
    name: str
    place: str
    medium: str
    site: str
    status: str = ""
    checked_at: str = ""
    erased_left: int = 0

    def counts(self, now: datetime) -> bool:
        """Whether it proved whole within the days in which every byte is to be read."""
        return self.status == PASSED and (now - datetime.fromisoformat(self.checked_at)).days <= DAYS


@dataclass(frozen=True, slots=True)
class ReplicaRun:
    """A check of a copy: how it ended, what was read, what is wrong, and how many objects it does not have yet."""

    replica: Replica
    status: str
    problems: tuple[Problem, ...]
    checked: Checked
    behind: int
    erased_left: int


def add_replica(services: Services, name: str, place: Path, medium: str, site: str) -> Replica:
    """Register a copy by a name that none has. Raises UsageError, or WorkspaceUnusable where no copy is."""
    place = place.absolute()
    if not name.strip() or not medium.strip() or not site.strip():
        raise UsageError("a copy has a name, a medium and a site")
    if place.resolve() == services.workspace.root.resolve():
        raise UsageError("that is this workspace itself; a copy is another folder, on another disk")
    Vault(place / "vault").require()
    with reading(services.engine) as connection:
        if any(one.name == name for one in list_replicas(connection)):
            raise UsageError(f"a copy is registered as {name!r} already")
    replica = Replica(services.clock.mint(), name.strip(), str(place), medium.strip(), site.strip())
    _state(services, replica, "registered")
    return replica


def remove_replica(services: Services, name: str, reason: str) -> Replica:
    """Take a copy out of the register, for a reason; its bytes are not touched. Raises UsageError."""
    replica = _find(services, name)
    _state(services, replica, "removed", reason)
    return replica


def list_replicas(connection: Connection) -> list[Replica]:
    """The registered copies in the order of their registration, each with how its newest check ended."""
    stated: dict[str, tuple[str, dict[str, Any]] | None] = {}
    for act in list_acts(connection, STATED):
        removed = act.status == "removed" or act.body is None
        stated[act.subject or ""] = None if removed else (act.subject or "", json.loads(act.body or "{}"))
    found = []
    for subject, body in filter(None, stated.values()):
        last = last_act(connection, CHECKED, subject=subject)
        said = json.loads((last.body if last is not None else None) or "{}")
        found.append(
            Replica(
                id=json.loads(subject)[0]["id"],
                name=body["name"],
                place=body["place"],
                medium=body["medium"],
                site=body["site"],
                status=(last.status or "") if last is not None else "",
                checked_at=last.done_at if last is not None else "",
                erased_left=said.get("erased_left", 0),
            )
        )
    return found


def check_replicas(services: Services, names: Sequence[str]) -> list[ReplicaRun]:
    """Check the copies of these names, or all; each check is an event. Raises UsageError for an unknown name."""
    with reading(services.engine) as connection:
        every = list_replicas(connection)
    chosen = [_find(services, name) for name in names] if names else every
    return [_check(services, one) for one in chosen]


def lacking(replicas: Iterable[Replica], settings: ReplicaSettings, now: datetime) -> list[str]:
    """What the copies that count lack of what the settings ask for; the workspace itself is one of them. Pure."""
    counting = [one for one in replicas if one.counts(now)]
    have = {
        "copies": 1 + len(counting),
        "media": len({settings.medium, *(one.medium for one in counting)}),
        "sites": len({settings.site, *(one.site for one in counting)}),
    }
    asked = {"copies": settings.copies, "media": settings.media, "sites": settings.sites}
    return [f"{have[what]} {what} where {asked[what]} are asked for" for what in asked if have[what] < asked[what]]


def pending_in(connection: Connection, since: str) -> list[str]:
    """The copies that have not proved since then that they no longer hold what was erased."""
    return [
        one.name
        for one in list_replicas(connection)
        if one.checked_at < since or one.status == UNREACHABLE or one.erased_left
    ]


def proven_vault(services: Services, name: str) -> Vault:
    """The vault of a registered copy that is there, to repair from. Raises UsageError or GateRefused."""
    replica = _find(services, name)
    vault = Vault(Path(replica.place, "vault"))
    try:
        vault.require()
    except WorkspaceUnusable as error:
        raise GateRefused(
            "repair", f"{name} is not there: {error.problem}", "Attach the medium and try again."
        ) from error
    return vault


def _check(services: Services, replica: Replica) -> ReplicaRun:
    place = Path(replica.place)
    vault = Vault(place / "vault")
    try:
        vault.require()
    except WorkspaceUnusable:
        run = ReplicaRun(replica, UNREACHABLE, (), Checked(), 0, 0)
    else:
        run = _read(services, replica, place)
    body = ReplicaChecked(
        objects=run.checked.objects,
        files=run.checked.files,
        bytes=run.checked.bytes,
        problems=len(run.problems),
        behind=run.behind,
        erased_left=run.erased_left,
        failures=tuple(f"{one.code} {one.path}" for one in run.problems[:MOST_FAILURES]),
    )
    services.append(draft(CHECKED, _subject(replica), body=body, outcome=EventOutcome(status=run.status)))
    return run


def _read(services: Services, replica: Replica, place: Path) -> ReplicaRun:
    audit = VaultAudit(place / "vault", lambda: expected_objects(services))
    found = list(_in_vault(services, replica, audit)) + list(_in_log(services, place))
    behind = sum(one.code == MISSING for one in found)
    problems = tuple(one for one in found if one.code != MISSING)
    erased_left = sum(one.code in (CAME_BACK, PART_STAYED) for one in problems)
    status = FAILED if problems else BEHIND if behind else PASSED
    return ReplicaRun(replica, status, problems, audit.checked, behind, erased_left)


def _in_vault(services: Services, replica: Replica, audit: VaultAudit) -> Iterator[Problem]:
    """What is wrong with the copy's vault. Permissions are no matter of a copy, and some media have none."""
    with reading(services.engine) as connection:
        sealed = sealed_times(connection)
        known_whole = [
            act.done_at
            for act in list_acts(connection, CHECKED)
            if act.subject == _as_stored(replica) and act.status == PASSED
        ]
    before = max(known_whole, default="")
    for one in audit.problems():
        if one.code == MISSING and sealed.get(one.object, "") < before:
            yield problem(LOST, one.path, one.object)
        elif one.code != PERMISSIONS:
            yield one


def _in_log(services: Services, place: Path) -> Iterator[Problem]:
    """Whether the copy's journal is the beginning of ours, and its parts are without those that were erased."""
    ours = LogFiles.at(services.workspace.log, unobserved)
    theirs = LogFiles.at(place / "log", unobserved)
    for segment in theirs.journal.segments():
        if not _begins_with(ours.journal.path(segment), theirs.journal.path(segment)):
            yield problem(OTHER_LOG, f"log/journal/{segment_name(segment)}")
    with reading(services.engine) as connection:
        erased = erased_parts(connection)
    for segment in theirs.private.segments():
        for heading in theirs.private.headings(segment):
            if (heading.event, heading.name) in erased:
                path = f"log/private/{segment_name(segment)}"
                yield problem(PART_STAYED, path, event=heading.event, part=heading.name)


def _begins_with(whole: Path, start: Path) -> bool:
    try:
        with whole.open("rb") as ours, start.open("rb") as theirs:
            while part := theirs.read(COMPARED_BYTES):
                if ours.read(len(part)) != part:
                    return False
    except OSError as error:
        raise RecordUnreadable(str(start), error.strerror or str(error)) from error
    return True


def _find(services: Services, name: str) -> Replica:
    with reading(services.engine) as connection:
        for one in list_replicas(connection):
            if name in (one.name, one.id):
                return one
    raise UsageError(f"no copy is registered as {name!r}; `casefile replicas` lists them")


def _state(services: Services, replica: Replica, status: str, reason: str = "") -> None:
    body = ReplicaStated(
        name=replica.name, place=replica.place, medium=replica.medium, site=replica.site, reason=reason
    )
    services.append(draft(STATED, _subject(replica), body=body, outcome=EventOutcome(status=status)))


def _subject(replica: Replica) -> Subject:
    return Subject(kind="replica", id=replica.id)


def _as_stored(replica: Replica) -> str:
    return json.dumps([_subject(replica).plain()], sort_keys=True, separators=(",", ":"))

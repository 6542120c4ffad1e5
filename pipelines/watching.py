"""What a standing watch finds when it looks: the locators that a list, a feed or a channel names now.

A feed is itself captured, so that what it said at that moment is kept; it is read from the vault in a worker without
network. A list is a file of the investigators' own. A channel is listed by yt-dlp in a worker.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from casefile.canonical import Json
from casefile.errors import CasefileError, CollectionError
from casefile.records.monitors import MonitorRecord
from casefile.records.queries import ItemRecord
from casefile.vocabulary import ContainmentLevel, Outcome, Pathway, Purpose
from containment.limits import Limits
from containment.worker import EgressPolicy, WorkerFailed, run_worker
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.examine import examining
from pipelines.fetching import capture_request
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.services import Services
from pipelines.sheets import read_sheets

READING = Limits(wall_s=60, cpu_s=60, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
LISTING = Limits(wall_s=300, cpu_s=120, memory_bytes=2 << 30, file_bytes=64 << 20, output_bytes=64 << 20)


class MonitorKind(StrEnum):
    """What is watched."""

    LIST = "list"
    FEED = "feed"
    CHANNEL = "channel"


class LookFailed(CollectionError):
    """A look at a watched target gave nothing that could be read; the watch goes on."""

    retryable = True

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Look:
    """What a target names now."""

    candidates: tuple[Candidate, ...]


def absolute_target(kind: str, target: str) -> str:
    """The target as it is recorded: a list's path does not depend on where the next look is made from."""
    return str(Path(target).absolute()) if kind == MonitorKind.LIST else target


def look(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> Look:
    """Look at the target of a watch. Raises LookFailed with its cause."""
    match MonitorKind(monitor.kind):
        case MonitorKind.LIST:
            return _look_at_list(services, monitor, level)
        case MonitorKind.FEED:
            return _look_at_feed(services, monitor, level)
        case MonitorKind.CHANNEL:
            return _look_at_channel(services, monitor, level)


def _look_at_list(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> Look:
    path = Path(monitor.target)
    try:
        with path.open("rb") as stream:
            job = read_sheets(stream, path.name, scratch=services.workspace.work, level=level)
    except OSError as error:
        raise LookFailed("list-unreadable", error.strerror or str(error)) from error
    return Look(tuple(Candidate(row.locator, row.sheet, row.row, row.occurrence, row.cells) for row in job.rows))


def _look_at_feed(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> Look:
    lead = add_leads(services, [Candidate(monitor.target)], Origin(Pathway.MONITOR, why=monitor.why))
    options = CaptureOptions("http", Purpose(monitor.purpose), level)
    with examining(services, level) as examine:
        result = collect(services, lead, options, told=lambda _result: None, examine=examine)[0]
    if result.outcome is not Outcome.CAPTURED or result.cause is not None:
        raise LookFailed(result.cause or result.outcome, result.detail)
    return Look(_entries(_read_feed(services, result.items[0], level)))


def _read_feed(services: Services, item: ItemRecord, level: ContainmentLevel) -> Mapping[str, Json]:
    folder = services.workspace.work / f"feed-{secrets.token_hex(8)}"
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, mode=0o700)
    try:
        with (
            services.vault.open_content(item.object_id or "", item.files[0]) as source,
            (inputs / "feed").open("xb") as target,
        ):
            shutil.copyfileobj(source, target)
        request = {"base": item.locator or ""}
        out = folder / "out"
        answer = run_worker("collectors.feed", request, inputs, out, limits=READING, egress=None, level=level).answer
    except WorkerFailed as error:
        raise LookFailed("tool-failed", str(error)) from error
    finally:
        shutil.rmtree(folder)
    if not answer.get("is_feed"):
        raise LookFailed("not-the-content", "this is neither RSS nor Atom")
    return answer


def _look_at_channel(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> Look:
    folder = services.workspace.work / f"listing-{secrets.token_hex(8)}"
    folder.mkdir(parents=True, mode=0o700)
    settings = services.settings
    request = capture_request(monitor.target, settings.capture).plain()
    policy = EgressPolicy(settings.egress.allow, settings.egress.ports)
    try:
        result = run_worker(
            "collectors.ytdlp.listing", request, None, folder / "out", limits=LISTING, egress=policy, level=level
        )
    except CasefileError as error:
        raise LookFailed("tool-failed", str(error)) from error
    finally:
        shutil.rmtree(folder)
    if cause := result.answer.get("cause"):
        raise LookFailed(str(cause), str(result.answer.get("detail", "")))
    return Look(_entries(result.answer))


def _entries(answer: Mapping[str, Json]) -> tuple[Candidate, ...]:
    """Candidates for the entries of an answer, each locator once: a feed that repeats itself names nothing new."""
    listed = answer.get("entries")
    found: dict[str, Candidate] = {}
    for entry in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        if isinstance(entry, Mapping) and isinstance(locator := entry.get("locator"), str):
            cells = tuple((name, str(entry[name])) for name in ("title", "claimed_time") if entry.get(name))
            found.setdefault(locator, Candidate(locator, cells=cells))
    return tuple(found.values())

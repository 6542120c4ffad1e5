"""What a standing watch finds when it looks: the locators that a list, a feed or a channel names now.

A feed is itself captured, so that what it said at that moment is kept; it is read from the vault in a worker without
network. A list is a file of the investigators' own. A channel is listed by yt-dlp in a worker.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from casefile.errors import CollectionError, SheetUnusable, UsageError
from casefile.model import Contact, readable
from casefile.records.monitors import MonitorRecord
from casefile.records.queries import ItemRecord
from casefile.vocabulary import Cause, ContainmentLevel, Outcome, Pathway, Purpose
from collectors.feed_answer import FeedAnswer, FeedEntry
from collectors.locators import RefusedLocator, parse_locator
from collectors.withheld import secrets_of, withhold, withhold_all
from collectors.ytdlp.lookups import ListedEntry, Listing, ListingRequest
from containment.limits import Limits
from containment.worker import WorkerFailed, run_worker
from pipelines.capture import CAUSE_OF_WORKER, CaptureOptions
from pipelines.collect import Examine, collect
from pipelines.egress_policy import egress_policy, methods_of
from pipelines.fetching import capture_request
from pipelines.identity_session import IdentitySession
from pipelines.installed_tools import code_for
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.services import Services
from pipelines.sheets import read_sheets

READING = Limits(wall_s=120, cpu_s=60, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
LISTING = Limits(wall_s=900, cpu_s=300, memory_bytes=2 << 30, file_bytes=64 << 20, output_bytes=64 << 20)
MOST_LISTED = 5_000
"""All that a listing may hold: a playlist may grow at its end."""
LIST_UNREADABLE = "list-unreadable"
"""The one cause that no capture has: the list of a watch is gone, or cannot be read as one."""
MAX_TARGET_CHARACTERS = 65_536


class MonitorKind(StrEnum):
    """What is watched."""

    LIST = "list"
    FEED = "feed"
    CHANNEL = "channel"


class LookFailed(CollectionError):
    """A look at a watched target gave nothing that could be read; the watch goes on."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Look:
    """What a target names now, each locator once; `remark` is what the record should say of how it was read."""

    candidates: tuple[Candidate, ...]
    remark: str = ""


def usable_target(kind: str, target: str) -> str:
    """The target as it is recorded: a list's path does not depend on where the next look is made from.

    Raises UsageError for a kind that cannot be watched, a list that is not there, an address that cannot be asked for.
    """
    if kind not in set(MonitorKind):
        raise UsageError(f"{kind!r} cannot be watched; list, feed and channel can")
    if MonitorKind(kind) is MonitorKind.LIST:
        target = str(Path(target).absolute())
        if not Path(target).is_file():
            raise UsageError(f"there is no list {target}")
    elif isinstance(refused := parse_locator(target), RefusedLocator):
        raise UsageError(f"{target!r} cannot be watched: {refused.reason}")
    if readable(target, MAX_TARGET_CHARACTERS) != target:
        raise UsageError("the target's name cannot be recorded as text")
    return target


def look(
    services: Services,
    monitor: MonitorRecord,
    level: ContainmentLevel,
    examine: Examine,
    session: IdentitySession | None = None,
) -> Look:
    """Look at the target of a watch; a feed that is captured is handed over to `examine`.

    What is of the platform of the `session`'s identity is looked at under it. Raises LookFailed.
    """
    purpose = Purpose(monitor.purpose)
    match MonitorKind(monitor.kind):
        case MonitorKind.LIST:
            return _look_at_list(services, monitor, level)
        case MonitorKind.FEED:
            return _look_at_feed(services, monitor, CaptureOptions("http", purpose, level, session=session), examine)
        case MonitorKind.CHANNEL:
            if session is None or not session.covers(monitor.target):
                return _look_at_channel(services, monitor, level)
            with session.turn() as halt:
                if halt is not None:
                    raise LookFailed(halt.cause, halt.detail)
                return _look_at_channel(services, monitor, level, session)


def _look_at_list(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> Look:
    path = Path(monitor.target)
    try:
        with path.open("rb") as stream:
            job = read_sheets(stream, path.name, scratch=services.workspace.work, level=level)
    except OSError as error:
        raise LookFailed(LIST_UNREADABLE, error.strerror or str(error)) from error
    except SheetUnusable as error:
        raise LookFailed(LIST_UNREADABLE, error.problem) from error
    except WorkerFailed as error:
        raise _worker_failed(error) from error
    # A watch knows an entry by its locator alone: a row that moves to another sheet is nothing new.
    rows = (
        Candidate(row.locator, row=row.row, cells=(*row.cells, *((("sheet", row.sheet),) if row.sheet else ())))
        for row in job.rows
    )
    return Look(_each_once(rows), "; ".join(job.notes))


def _look_at_feed(services: Services, monitor: MonitorRecord, options: CaptureOptions, examine: Examine) -> Look:
    lead = add_leads(services, [Candidate(monitor.target)], Origin(Pathway.MONITOR, why=monitor.why))
    result = collect(services, lead, options, told=lambda _result: None, examine=examine)[0]
    if result.outcome is not Outcome.CAPTURED or result.cause is not None:
        raise LookFailed(result.cause or result.outcome, result.detail)
    feed = _read_feed(services, result.items[0], options.level)
    if not feed.is_feed:
        raise LookFailed(Cause.NOT_THE_CONTENT, "this is neither RSS nor Atom")
    if feed.cut:
        raise LookFailed(Cause.TRUNCATED, f"the document ends before the feed does: {feed.damage}")
    if feed.damage and feed.entities:
        raise LookFailed(Cause.MALFORMED, f"the feed declares entities and is not well-formed: {feed.damage}")
    return Look(_entries(feed.entries), "; ".join(_feed_remarks(feed)))


def _feed_remarks(feed: FeedAnswer) -> Iterator[str]:
    if feed.damage:
        yield f"not well-formed ({feed.damage}); what could be read was taken"
    if feed.unlinked:
        yield f"entries that name no locator: {feed.unlinked}"
    if feed.unread:
        yield f"further entries that were not read: {feed.unread}"


def _read_feed(services: Services, item: ItemRecord, level: ContainmentLevel) -> FeedAnswer:
    with _scratch(services, "feed-") as folder:
        inputs = folder / "inputs"
        inputs.mkdir()
        with (
            services.vault.open_content(item.object_id or "", item.files[0]) as source,
            (inputs / "feed").open("xb") as target,
        ):
            shutil.copyfileobj(source, target)
        request = {"base": item.locator or ""}
        out = folder / "out"
        try:
            result = run_worker("collectors.feed", request, inputs, out, limits=READING, egress=None, level=level)
            return FeedAnswer.model_validate(result.answer)
        except WorkerFailed as error:
            raise _worker_failed(error) from error
        except ValidationError as error:
            raise _not_an_answer(error) from error


def _look_at_channel(
    services: Services, monitor: MonitorRecord, level: ContainmentLevel, session: IdentitySession | None = None
) -> Look:
    settings = services.settings
    methods = methods_of(settings, scripts=True, identity=session is not None)
    request = (session.request if session else capture_request)(monitor.target, settings.capture)
    asked = request.model_copy(update={"methods": methods}).plain() | ListingRequest(most=MOST_LISTED).plain()
    egress = replace(egress_policy(settings.egress), methods=methods)
    secrets = secrets_of(request.cookies)
    module = "collectors.ytdlp.listing"
    with _scratch(services, "listing-") as folder:
        try:
            code = code_for(services, module)
            result = run_worker(
                module, asked, None, folder / "out", limits=LISTING, egress=egress, level=level, code=code
            )
            listing = Listing.model_validate(withhold_all(result.answer, secrets) if secrets else result.answer)
        except WorkerFailed as error:
            raise _worker_failed(error, secrets) from error
        except ValidationError as error:
            raise _not_an_answer(error) from error
    if listing.cause is not None:
        raise LookFailed(listing.cause, listing.detail)
    return Look(_entries(listing.entries), "; ".join(_listing_remarks(listing, result.contacts)))


def _listing_remarks(listing: Listing, contacts: Sequence[Contact]) -> Iterator[str]:
    if listing.more:
        yield f"the list goes on behind its first {MOST_LISTED} entries"
    for allowance in sorted({contact.allowance for contact in contacts if contact.allowance}):
        yield f"asked over the allowed address {allowance}"


def _entries(entries: Iterable[FeedEntry | ListedEntry]) -> tuple[Candidate, ...]:
    def candidate(entry: FeedEntry | ListedEntry) -> Candidate:
        cells = (("title", entry.title), ("claimed_time", entry.claimed_time))
        return Candidate(entry.locator, cells=tuple((name, text) for name, text in cells if text))

    return _each_once(map(candidate, entries))


def _each_once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each locator once: a target that repeats itself names nothing new."""
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        found.setdefault(candidate.locator, candidate)
    return tuple(found.values())


def _worker_failed(error: WorkerFailed, secrets: Sequence[str] = ()) -> LookFailed:
    return LookFailed(CAUSE_OF_WORKER.get(error.kind, Cause.TOOL_FAILED), withhold(str(error), secrets))


def _not_an_answer(error: ValidationError) -> LookFailed:
    problem = error.errors(include_url=False, include_input=False)[0]["msg"]
    return LookFailed(Cause.TOOL_FAILED, f"the worker's answer is not one: {problem}")


@contextmanager
def _scratch(services: Services, prefix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=services.workspace.work, prefix=prefix) as folder:
        yield Path(folder)

"""Reading posts out of examined items: what the worker is given, what comes of it, the events that say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from casefile.digests import Digest, hex_of
from casefile.errors import DigestMismatch, StorageFailed
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.model import readable
from casefile.posts import Post, PostClaim, PostField
from casefile.records.engine import reading
from casefile.records.posts import posts_summed
from casefile.records.queries import ItemRecord, capture_facts
from casefile.vocabulary import ContainmentLevel
from collectors.media_types import DOCUMENTS
from collectors.posts.answer import MODULE, AskedFile, PostsAnswer, PostsRequest
from containment.limits import Limits
from containment.worker import WorkerFailed
from pipelines.examinable import Examinable
from pipelines.on_demand import OnDemandWorker, on_demand
from pipelines.services import Services
from preservation.layout import CONTENT
from verification.technical.platform_times import platform_times
from verification.working_copies import Preserved

VERSION = "1"
"""Of the extractors: raised when they read more, or otherwise, out of the same bytes."""
LIMITS = Limits(wall_s=120, cpu_s=120, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
PAGES = frozenset({"text/html", "application/xhtml+xml"})
READ = PAGES | {one for one in DOCUMENTS if one.partition("/")[2] in ("json", "xml", "rss+xml", "atom+xml")}
BESIDE = {"video": "record/info-", "audio": "record/info-", "page": "page/dom.html"}
"""By the role of an item, the file of its capture that tells of it too: what yt-dlp said of a video, and the page as a
browser drew it."""


@dataclass(frozen=True, slots=True)
class Sought:
    """An item with the files in which posts are looked for, and the locator that they are read for."""

    item: str
    locator: str
    files: tuple[Preserved, ...]


@dataclass(frozen=True, slots=True)
class PostReader:
    """Reads posts out of preserved files."""

    services: Services
    worker: OnDemandWorker

    def read(self, items: Sequence[Examinable]) -> list[Draft]:
        """The events that say which posts were found in these items; none where none is and none was."""
        sought = [one for item in items if (one := self._sought(item)).files]
        with reading(self.services.engine) as connection:
            before = posts_summed(connection, [one.item for one in sought])
        drafts = []
        for one, (posts, failed) in zip(sought, self._read_each(sought), strict=True):
            if posts or failed or one.item in before:
                drafts.append(_read(one, posts, failed))
        return drafts

    def _sought(self, one: Examinable) -> Sought:
        found = [one.original] if one.item.media_type in READ else []
        if one.item.role in BESIDE and one.item.object_id is not None:
            with reading(self.services.engine) as connection:
                files = capture_facts(connection, one.item.capture)["files"] or []
            beside = [file for file in files if file["path"].startswith(BESIDE[one.item.role])]
            # Of several videos in one capture nothing says which of them a file is about.
            if len(beside) == 1:
                place = self.services.vault.object_path(one.item.object_id) / CONTENT / beside[0]["path"]
                found.append(Preserved(place, Digest(beside[0]["sha256"])))
        return Sought(one.item.id, _locator(one.item), tuple(found))

    def _read_each(self, sought: Sequence[Sought]) -> list[tuple[tuple[Post, ...], str]]:
        """The posts of each item, or why it could not be read; a file that ends the call is then read by itself."""
        if not sought:
            return []
        try:
            told = self._call(sought)
        except (WorkerFailed, DigestMismatch, StorageFailed) as error:
            if len(sought) == 1:
                return [((), readable(str(error), 512))]
            return [one for each in sought for one in self._read_each([each])]
        return [
            (_once(post for file in one.files for post in told[hex_of(file.sha256), one.locator]), "") for one in sought
        ]

    def _call(self, sought: Sequence[Sought]) -> Mapping[tuple[str, str], tuple[Post, ...]]:
        originals = [file for one in sought for file in one.files]
        asked = tuple(AskedFile(file=hex_of(file.sha256), locator=one.locator) for one in sought for file in one.files)
        with self.worker.copies(originals) as (worker, name):
            result = worker.call(PostsRequest(files=asked).plain(), name, LIMITS)
        try:
            answer = PostsAnswer.model_validate(result.answer)
        except ValidationError as error:
            raise WorkerFailed("malformed", "the answer of the reading worker is none") from error
        if [one.file for one in answer.files] != [one.file for one in asked]:
            raise WorkerFailed("malformed", "the answer is about other files")
        return {(ask.file, ask.locator): file.posts for ask, file in zip(asked, answer.files, strict=True)}


@contextmanager
def post_reader(services: Services, level: ContainmentLevel) -> Iterator[PostReader]:
    """A reader for the calling thread; it costs nothing until a page or an answer is to be read."""
    with on_demand(services, MODULE, level) as worker:
        yield PostReader(services, worker)


def with_platform_time(post: Post) -> Post:
    """The post with the time that its platform wrote into its identifier, as one more claim."""
    known: Collection[str] = set(post.values_of(PostField.LOCATOR))
    claims = {
        PostClaim(field=PostField.POSTED, value=one.value, origin=one.origin, as_written=one.as_written)
        for locator in sorted(known)
        for one in platform_times(locator)
    }
    return post.model_copy(update={"claims": (*post.claims, *sorted(claims, key=lambda one: one.origin))})


def _once(posts: Iterable[Post]) -> tuple[Post, ...]:
    """The posts, each once: a page as it was sent and as it was drawn tell of the same ones."""
    fields = (PostField.POST_ID, PostField.LOCATOR, PostField.TEXT)
    return tuple({(post.source, *map(post.first, fields)): post for post in reversed(list(posts))}.values())[::-1]


def _locator(item: ItemRecord) -> str:
    return item.lead_locator or item.locator or ""


def _read(one: Sought, posts: Sequence[Post], failed: str) -> Draft:
    return draft(
        "posts.read",
        Subject(kind="item", id=one.item),
        Subject(kind="post", id=one.item, count=len(posts)),
        body=PostsRead(version=VERSION, files=tuple(file.sha256 for file in one.files), failed=failed or None),
        personal=PostsSaid(posts=tuple(map(with_platform_time, posts))),
        outcome=EventOutcome(status="inconclusive" if failed else "read"),
    )

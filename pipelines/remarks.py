"""What people add to items: remarks and tags. Each is an event; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import ItemTagged, Words
from casefile.ids import EventId
from casefile.model import readable
from casefile.records.engine import reading
from casefile.records.queries import find_items
from pipelines.services import Services
from pipelines.sight import tags_seen, viewer_of

MAX_TAG_CHARACTERS = 100
MAX_REMARK_CHARACTERS = 65_536


def add_remark(services: Services, item: str, text: str) -> EventId:
    """Add a remark to the item of that id or number; raises UnknownItem, or UsageError for an empty text."""
    if not text.strip():
        raise UsageError("a remark needs words")
    if len(text) > MAX_REMARK_CHARACTERS:
        raise UsageError(f"a remark has at most {MAX_REMARK_CHARACTERS} characters")
    found = _item(services, item)
    subject = Subject(kind="item", id=found)
    words = Words(text=readable(text, MAX_REMARK_CHARACTERS))
    return services.append(draft("remark.added", subject, personal=words))[0]


def change_tags(services: Services, item: str, tags: Sequence[str], *, remove: bool) -> list[str]:
    """Put tags on, or take them off; the tags that the acting person then sees on it.

    What would change nothing of these is not recorded.
    """
    found = _item(services, item)
    wanted = [_tag(tag) for tag in dict.fromkeys(tags)]
    with reading(services.engine) as connection:
        present = set(tags_seen(connection, found, viewer_of(services)))
    changing = [tag for tag in wanted if (tag in present) == remove]
    outcome = EventOutcome(status="removed" if remove else "added")
    services.append(
        *(
            draft(
                "item.tagged",
                Subject(kind="item", id=found),
                body=ItemTagged(tag=tag, removed=remove),
                outcome=outcome,
            )
            for tag in changing
        )
    )
    with reading(services.engine) as connection:
        return tags_seen(connection, found, viewer_of(services))


def _tag(text: str) -> str:
    tag = " ".join(text.split())
    if not tag or len(tag) > MAX_TAG_CHARACTERS or not tag.isprintable():
        raise UsageError(f"a tag is one line of at most {MAX_TAG_CHARACTERS} visible characters")
    return tag


def _item(services: Services, text: str) -> str:
    with reading(services.engine) as connection:
        return find_items(connection, [text])[0].id

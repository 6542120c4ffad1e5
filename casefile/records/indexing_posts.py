"""The texts of posts that people may look for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from casefile.events.envelope import Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_posts import PostsSaid
from casefile.posts import PostField
from casefile.records.search import Passage

FIELDS: Mapping[str, tuple[PostField, ...]] = {
    "post text": (PostField.TITLE, PostField.WARNING, PostField.TEXT),
    "post author": (PostField.AUTHOR, PostField.HANDLE),
    "post locator": (PostField.LOCATOR, PostField.REPLY_TO, PostField.REPOST_OF, PostField.QUOTES),
}
"""The fields that hits are in, and the claims that make them up."""


def _read(event: Event) -> Iterator[Passage]:
    said = payload(event, PartName.PERSONAL, PostsSaid)
    if isinstance(said, Erased):
        return
    item = event.envelope.subject_of("item")
    for post in said.posts:
        for name, fields in FIELDS.items():
            text = "\n".join(dict.fromkeys(value for field in fields for value in post.values_of(field)))
            yield Passage("item", item, name, text, item, event.envelope.id, PartName.PERSONAL)
        described = "\n".join(one.description for one in post.media if one.description)
        yield Passage("item", item, "post media", described, item, event.envelope.id, PartName.PERSONAL)


POSTS: Mapping[str, Callable[[Event], Iterator[Passage]]] = {"posts.read": _read}
"""By event type."""

"""Searching the text of a workspace: what was captured and what people wrote, in any script."""

from __future__ import annotations

from dataclasses import dataclass

from casefile.errors import UsageError
from casefile.records.engine import Connection, reading
from casefile.records.indexing import catch_up
from casefile.records.queries import ItemFilter, list_items
from casefile.records.search import Hit, search_text
from pipelines.services import Services
from pipelines.sight import hits_seen, viewer_of


@dataclass(frozen=True, slots=True)
class Found:
    """A hit: where it is (an item's number where it belongs to one), in which field, and the words around it.

    `form` names what was made of the text before it was found, such as the Unicode form of Zawgyi.
    """

    label: str
    item: str | None
    subject_kind: str
    subject: str
    field: str
    snippet: str
    form: str = ""

    def plain(self) -> dict[str, object]:
        """As `--json` gives it."""
        return {
            "number": self.label if self.item else None,
            "item": self.item,
            "kind": self.subject_kind,
            "subject": self.subject,
            "field": self.field,
            "snippet": self.snippet,
            "form": self.form or None,
        }


def _seen(connection: Connection, query: str, limit: int, viewer: str) -> list[Hit]:
    """The first `limit` hits that `viewer` may see, as if there were no others."""
    wanted = limit
    while True:
        hits = search_text(connection, query, wanted)
        seen = hits_seen(connection, hits, viewer)
        if len(seen) >= limit or len(hits) < wanted:
            return seen[:limit]
        wanted *= 2


def search_workspace(services: Services, query: str, limit: int) -> list[Found]:
    """The texts in which every word of `query` occurs, newest first, at most `limit`.

    Raises UsageError for a query without a word.
    """
    if not query.strip():
        raise UsageError("say at least one word to search for")
    catch_up(services.engine, services.log.id)
    with reading(services.engine) as connection:
        hits = _seen(connection, query, limit, viewer_of(services))
        items = tuple({hit.item for hit in hits if hit.item})
        labels = {item.id: item.label for item in list_items(connection, ItemFilter(ids=items))} if items else {}
    return [
        Found(
            labels.get(hit.item or "", f"{hit.subject_kind} {hit.subject}"),
            hit.item,
            hit.subject_kind,
            hit.subject,
            hit.field,
            hit.snippet,
            hit.form,
        )
        for hit in hits
    ]

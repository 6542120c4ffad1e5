"""Filling the operational tables from log and vault: what is finished, what can be searched, what looks alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casefile.errors import RecordUnreadable
from casefile.ids import LogId
from casefile.records.engine import Engine, reading, writing
from casefile.records.holdings import CapturedItems, captured_items
from casefile.records.indexing import catch_up
from casefile.records.ledger import settle
from casefile.records.progress import all_progress
from casefile.records.search import Passage, index_text
from casefile.settings import ExamineSettings
from casefile.workspace import Workspace
from pipelines.capture import STAGE, settled
from pipelines.edge_index import index_of
from preservation.vault import Vault


def index_everything(workspace: Workspace, engine: Engine, log: LogId, vault: Vault, settings: ExamineSettings) -> int:
    """Fill the operational tables of a rebuilt database; the number of items."""
    with writing(engine) as connection:
        settle(connection, STAGE, [settled(one) for one in all_progress(connection)])
    catch_up(engine, log)
    with reading(engine) as connection:
        captures = list(captured_items(connection))
    for capture in captures:
        index_captured_text(engine, vault, [capture])
    index_of(workspace, engine, log, settings).catch_up()
    return sum(len(capture.items) for capture in captures)


def index_captured_text(engine: Engine, vault: Vault, captures: Iterable[CapturedItems]) -> None:
    """Make the text that captures hold findable; it lies in the vault only."""
    passages = [passage for capture in captures for passage in _passages(vault, capture)]
    if passages:
        with writing(engine) as connection:
            index_text(connection, passages)


def _passages(vault: Vault, capture: CapturedItems) -> Iterator[Passage]:
    try:
        record = vault.read_record(capture.object_id)
    except RecordUnreadable:
        # The audit names a damaged object; an index has nothing to say about it.
        return
    for item in record.items:
        if item.text and item.position < len(capture.items):
            identity = capture.items[item.position]
            yield Passage("item", identity, "text", item.text, item=identity)

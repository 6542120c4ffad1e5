"""An investigation that goes on as it is told, through the functions that the command line calls. No network.

Words of people carry a mark that stands nowhere else, so that what is left of them after an erasure is seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from casefile.events.envelope import PartName
from casefile.events.types import ContentErased
from casefile.ids import EventId
from casefile.records.monitors import MonitorRecord
from casefile.vocabulary import ContainmentLevel, Judgement, Pathway, PersonKind
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.examine import examine_items
from pipelines.handed_over import ImportRequest, import_files
from pipelines.leads import Candidate, Origin, add_leads, occurrences
from pipelines.monitor import state_monitor
from pipelines.neighbours import decide, list_pairs
from pipelines.people import record_person
from pipelines.reindex import reindex_workspace
from pipelines.remarks import add_remark, change_tags
from pipelines.searching import search_workspace
from pipelines.services import Services, open_services

from .driver import not_examining
from .workspaces import Place

GROUNDS = ContentErased(basis="asked for", approved_by="custodian")
MARK = "zqx{:05d}xqz"
Choose = Callable[[int], int]
"""One of so many, counted from 0."""


@dataclass
class History:
    """What has happened to a workspace so far; `choose` decides where there is a choice."""

    place: Place
    choose: Choose
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    erased: list[str] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)
    _services: Services | None = None

    @property
    def services(self) -> Services:
        """The workspace, opened when it is first needed."""
        if self._services is None:
            self._services = self._open.enter_context(open_services(self.place.root, self.place.environment))
        return self._services

    def close(self) -> None:
        self._open.close()
        self._services = None

    def mark(self) -> str:
        """Words that are said once."""
        return f"words {MARK.format(next(self.numbers))} of somebody"

    def person(self) -> None:
        record_person(self.services, f"{self.mark()}", PersonKind.SOURCE, note="a neighbour")

    def row(self) -> None:
        """A row of a job that nothing takes: an attempt without an item; the same rows again are the same leads."""
        rows = occurrences([Candidate(f"gopher://nowhere/{number}") for number in range(self.choose(3) + 1)])
        leads = [add_leads(self.services, [row], Origin(Pathway.LIST, job="a job", why=self.mark()))[0] for row in rows]
        with not_examining(self.services, ContainmentLevel.WEAK) as examine:
            collect(self.services, leads, CaptureOptions(), told=lambda _result: None, examine=examine)

    def hand_over(self) -> None:
        """Files, among them a picture that is always the same one, in one of several sizes."""
        number = next(self.numbers)
        folder = self.place.folder / f"handed-{number}"
        folder.mkdir()
        picture = Image.effect_mandelbrot((640, 480), (-2.0, -1.2, 1.0, 1.2), 100).convert("RGB")
        picture.resize((400 - self.choose(4) * 20, 300)).save(folder / "picture.jpg", quality=90)
        (folder / "note.txt").write_text(f"a note of number {number}")
        request = ImportRequest((folder,), f"Bora {self.choose(2)}", how=self.mark(), why=self.mark())
        import_files(self.services, request, lambda _result: None)

    def remark(self) -> None:
        if item := self._item():
            add_remark(self.services, item, self.mark())

    def tag(self) -> None:
        if item := self._item():
            change_tags(self.services, item, [f"tag {self.choose(3)}"], remove=bool(self.choose(2)))

    def watch(self) -> None:
        monitor = self.services.clock.mint() if self.choose(2) else "0192f0c1-0000-7000-8000-000000000001"
        words = {"name": self.mark(), "target": "/a/list.txt", "why": self.mark(), "stated_at": "", "stated_by": ""}
        state_monitor(
            self.services,
            MonitorRecord(id=monitor, kind="list", interval_s=3600, purpose="work", paused=False, **words),
        )

    def examine(self) -> None:
        examine_items(self.services, (), ContainmentLevel.WEAK)

    def judge(self) -> None:
        """A person's word on an edge, where there is one."""
        pairs = list_pairs(self.services, inside_captures=True, rejected=True)
        if pairs:
            edge = pairs[self.choose(len(pairs))].edge.edge
            decide(self.services, edge, list(Judgement)[self.choose(2)], self.mark())

    def erase(self) -> None:
        """A part with somebody's words: gone from search, tables and every file of database and log."""
        parts = self._marked_parts()
        if not parts:
            return
        event, name = sorted(parts)[self.choose(len(parts))]
        said = parts[event, name]
        assert all(self.found(mark) for mark in said), "it is in no file even before"
        # So that whatever of it can be found is in the index by then.
        search_workspace(self.services, said[0], 10)
        self.services.log.erase(EventId(event), PartName(name), GROUNDS, self.services.actor)
        self.erased += said
        self.require_erased()

    def require_erased(self) -> None:
        """Nothing that was erased is found, by search or in a file."""
        for mark in self.erased:
            assert search_workspace(self.services, mark, 10) == []
            assert self.found(mark) == []

    def found(self, mark: str) -> list[str]:
        """The files of database and log in which a mark stands."""
        files = [*self.place.root.glob("casefile.db*"), *(self.place.root / "log").rglob("*")]
        return [path.name for path in files if path.is_file() and mark.encode() in path.read_bytes()]

    def lose_database(self) -> None:
        """The database is deleted and rebuilt: every table of the views and all finished work are as they were."""
        self.close()
        self.place.require_rebuilt_equal()
        self.require_erased()

    def rebuild_beside(self) -> None:
        """A rebuild without a loss changes nothing either."""
        self.close()
        before = self.place.rows("view_")
        reindex_workspace(self.place.root, self.place.environment)
        assert self.place.rows("view_") == before

    def _item(self) -> str:
        self.close()
        items: list[str] = sorted(self.place.column("view_item", "id"))
        return items[self.choose(len(items))] if items else ""

    def _marked_parts(self) -> dict[tuple[str, str], list[str]]:
        self.close()
        made = [MARK.format(number) for number in range(next(self.numbers))]
        parts: dict[tuple[str, str], list[str]] = {}
        for event, name, content in self.place.column("log_part", "event", "name", "content"):
            if content is not None and (said := [mark for mark in made if mark.encode() in content]):
                parts[event, name] = said
        return parts


MOVES: Mapping[str, Callable[[History], None]] = {
    "person": History.person,
    "row": History.row,
    "hand over": History.hand_over,
    "remark": History.remark,
    "tag": History.tag,
    "watch": History.watch,
    "examine": History.examine,
    "judge": History.judge,
    "erase": History.erase,
    "lose": History.lose_database,
    "rebuild": History.rebuild_beside,
}


def begin_history(folder: Path, base: Place, choose: Choose) -> History:
    """A history in a copy of a new workspace."""
    return History(base.copy(folder), choose)

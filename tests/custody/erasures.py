"""A workspace with three items of two captures, in which every word and byte of two of them carries a mark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged, DuplicateDecided, ItemClaims, ItemExamined, Words
from casefile.ids import derived
from casefile.records.engine import reading
from casefile.records.queries import ItemRecord, list_items
from casefile.vocabulary import ContainmentLevel, PersonKind
from pipelines import handed_over
from pipelines.opening import open_investigation
from pipelines.people import record_person
from pipelines.remarks import add_remark, change_tags
from pipelines.searching import search_workspace
from pipelines.services import open_services
from preservation.layout import object_path

ENVIRONMENT = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
BASIS = "order 7/26"
ALONE, FIRST, SECOND = "I-0001", "I-0002", "I-0003"
"""The item of the first capture, and both of the second."""
MARKS: Mapping[str, tuple[bytes, ...]] = {
    name: tuple(f"{word}of{name[-1]}planted".encode() for word in ("file", "name", "claim", "note", "tag", "reason"))
    for name in (ALONE, FIRST)
}
"""What is written about each of the two items that tests erase, in all the places that there are."""


@contextmanager
def not_examining(_services: object, _level: object) -> Iterator[Callable[[str], object]]:
    """Stands for the checks, which cost seconds: what they record is recorded here."""
    from concurrent.futures import Future

    def done(_capture: str) -> Future[None]:
        future: Future[None] = Future()
        future.set_result(None)
        return future

    yield done


def marked(word: str, item: str) -> str:
    return next(mark for mark in MARKS[item] if mark.startswith(word.encode())).decode()


def begun(folder: Path) -> Path:
    """The workspace, with a search index, a preview, a quarantined attempt and an earlier recipient of each item."""
    root = open_investigation(folder / "case", "Lake", "Ada", ENVIRONMENT).root
    incoming = folder / "incoming"
    for name, item in (("a", ALONE), ("b", FIRST)):
        path = incoming / name / f"{marked('name', item)}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"{marked('file', item)} {item} " * 2000)
    (incoming / "b" / "zz-kept.txt").write_text("this one stays " * 2000)
    before, handed_over.examining = handed_over.examining, not_examining  # type: ignore[assignment]
    try:
        with open_services(root, ENVIRONMENT) as services:
            record_person(services, "Bob", PersonKind.INVESTIGATOR)
            for name in ("a", "b"):
                request = handed_over.ImportRequest((incoming / name,), "Zed", level=ContainmentLevel.WEAK)
                handed_over.import_files(services, request, lambda _result: None)
            said(root)
            search_workspace(services, "stays", 10)
    finally:
        handed_over.examining = before
    shutil.rmtree(incoming)
    return root


def said(root: Path) -> None:
    with open_services(root, ENVIRONMENT) as services:
        items = items_of(root)
        for item in (items[ALONE], items[FIRST]):
            subject = Subject(kind="item", id=item.id)
            claims = ItemClaims(claims=({"group": "EXIF", "name": "Artist", "text": marked("claim", item.label)},))
            services.append(draft("item.examined", subject, body=ItemExamined(), personal=claims))
            other = Subject(kind="item", id=items[SECOND].id)
            services.append(
                draft(
                    "duplicate.decided",
                    subject,
                    other,
                    body=DuplicateDecided(edge=item.id, judgement="same"),
                    personal=Words(text=marked("reason", item.label)),
                    outcome=EventOutcome(status="same"),
                ),
                draft("access.logged", subject, body=AccessLogged(act="copied", detail="for Cem")),
            )
            add_remark(services, item.label, marked("note", item.label))
            change_tags(services, item.label, [marked("tag", item.label)], remove=False)
            previews = services.workspace.previews
            previews.mkdir(exist_ok=True)
            (previews / f"{str(item.sha256)[7:]}.jpg").write_text(marked("file", item.label))
            attempt = services.workspace.quarantine / derived(item.id, "run") / item.capture
            attempt.mkdir(parents=True)
            (attempt / "part").write_text(marked("file", item.label))
        add_remark(services, SECOND, "keptremark")


def items_of(root: Path) -> dict[str, ItemRecord]:
    with open_services(root, ENVIRONMENT) as services, reading(services.engine) as connection:
        return {item.label: item for item in list_items(connection)}


def copied(root: Path, target: Path) -> Path:
    return Path(shutil.copytree(root, target, symlinks=True))


def object_of(root: Path, item: ItemRecord) -> Path:
    return root / "vault" / object_path(f"urn:uuid:{item.capture}")


def left(root: Path, *items: str) -> list[tuple[str, str]]:
    """Each mark of these items that some file below the root, or its name, still has."""
    wanted = [mark for item in items for mark in MARKS[item]]
    found = []
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found += [(path.name, mark.decode()) for mark in wanted if mark in content or mark in path.name.encode()]
    return found

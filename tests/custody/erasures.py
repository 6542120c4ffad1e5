"""A workspace with three items of two captures, in which every word and byte of two of them carries a mark.

`python tests/custody/erasures.py DIR` writes every broken example of erasures and copies to a folder named by its code.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged, DuplicateDecided, ItemClaims, ItemExamined, Words
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.ids import derived
from casefile.posts import Post, PostClaim, PostField
from casefile.records.engine import reading, writing
from casefile.records.features import StoredFeatures, store_features
from casefile.records.queries import ItemRecord, list_items
from casefile.vocabulary import ContainmentLevel, PersonKind
from casefile.vocabulary_verification import ClaimKind
from pipelines import handed_over
from pipelines.concluding import NewConclusion, conclude, state_claim
from pipelines.copying import back_up
from pipelines.erasing import erase_items
from pipelines.opening import open_investigation
from pipelines.people import record_person
from pipelines.remarks import add_remark, change_tags
from pipelines.replicas import add_replica
from pipelines.searching import search_workspace
from pipelines.services import Services, open_services
from pipelines.verifying import correct_step, record_step
from pipelines.written import checked
from preservation.layout import object_path
from verification.steps import NewStep

ENVIRONMENT = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
BASIS = "order 7/26"
ALONE, FIRST, SECOND = "I-0001", "I-0002", "I-0003"
"""The item of the first capture, and both of the second."""
WORDS = (
    "file",
    "name",
    "claim",
    "note",
    "tag",
    "reason",
    "step",
    "asserted",
    "concluded",
    "corrected",
    "quote",
    "codes",
    "post",
)
MARKS: Mapping[str, tuple[bytes, ...]] = {
    name: tuple(f"{word}of{name[-1]}planted".encode() for word in WORDS) for name in (ALONE, FIRST)
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
            stated = PostClaim(field=PostField.TEXT, value=marked("post", item.label), origin="mastodon-api:content")
            posts = PostsSaid(posts=(Post(source="mastodon-api", claims=(stated,)),))
            services.append(
                draft(
                    "posts.read",
                    subject,
                    Subject(kind="post", id=item.id, count=1),
                    body=PostsRead(version="1"),
                    personal=posts,
                    outcome=EventOutcome(status="read"),
                )
            )
            other = Subject(kind="item", id=items[SECOND].id)
            services.append(
                draft(
                    "duplicate.decided",
                    subject,
                    other,
                    body=DuplicateDecided(edge=item.id, judgement="same"),
                    personal=Words(text=marked("reason", item.label)),
                    outcome=EventOutcome(status="decided"),
                ),
                draft("access.logged", subject, body=AccessLogged(act="copied", detail="for Cem")),
            )
            add_remark(services, item.label, marked("note", item.label))
            change_tags(services, item.label, [marked("tag", item.label)], remove=False)
            previews = services.workspace.previews
            previews.mkdir(exist_ok=True)
            (previews / f"{str(item.sha256)[7:]}.jpg").write_text(marked("file", item.label))
            scratch = services.workspace.work / f"examine-{'0' * 15}{item.number}" / "inputs"
            scratch.mkdir(parents=True)
            (scratch / "copy").write_text(marked("file", item.label))
            attempt = services.workspace.quarantine / derived(item.id, "run") / item.capture
            attempt.mkdir(parents=True)
            (attempt / "part").write_text(marked("file", item.label))
            with writing(services.engine) as connection:
                store_features(connection, "1", [StoredFeatures(item.id, marked("codes", item.label).encode(), "")])
        for label in (ALONE, FIRST):
            assess(services, label)
        add_remark(services, SECOND, "keptremark")


def assess(services: Services, item: str) -> None:
    """A step that is corrected, a claim, a conclusion, and on the item that stays a step that quotes this one."""
    step = {"check": "provenance", "result": "supports", "method": "looked", "finding": marked("step", item)}
    made = record_step(services, item, checked(step, NewStep))
    correct_step(services, made.event, checked(step, NewStep), marked("corrected", item))
    stated = state_claim(services, marked("asserted", item), [item], ClaimKind.FACT)
    answer = {
        "verdict": "not_established",
        "standard": "reasonable-grounds",
        "confidence": "low",
        "confidence_reason": "one angle only",
        "reliability": "B",
        "credibility": "2",
        "reasoning": marked("concluded", item),
        "consistency": "they agree",
        "override": "only the words count here",
    }
    conclude(services, stated.claim, checked(answer, NewConclusion))
    quoting = step | {"finding": "cited", "quotes": [{"item": item, "exact": marked("quote", item)}]}
    record_step(services, SECOND, checked(quoting, NewStep))


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


def with_copy(root: Path) -> Path:
    """The workspace, with a registered copy beside it."""
    with open_services(root, ENVIRONMENT) as services:
        back_up(services, root.with_name("copy"))
        add_replica(services, "first", root.with_name("copy"), "tape", "Osh")
    return root


def damage(root: Path, item: ItemRecord) -> None:
    """Change one byte of an item, and nothing else."""
    path = object_of(root, item) / "v1/content" / item.files[0]
    path.chmod(0o644)
    path.write_bytes(b"X" + path.read_bytes()[1:])
    path.chmod(0o444)


def came_back(root: Path) -> None:
    """Somebody puts the object from a copy in the place of the one without what was erased."""
    with open_services(root, ENVIRONMENT) as services:
        erase_items(services, [ALONE], BASIS, "Bob")
    item = items_of(root)[ALONE]
    place = object_of(root, item)
    place.chmod(0o755)
    shutil.rmtree(place)
    shutil.copytree(object_of(root.with_name("copy"), item), place)


def preview_left(root: Path) -> None:
    """A picture of an erased item lies where previews are."""
    with open_services(root, ENVIRONMENT) as services:
        erase_items(services, [ALONE], BASIS, "Bob")
    (root / "work/previews" / f"{'0' * 64}.jpg").write_bytes(b"made for looking")


def repair_left(root: Path) -> None:
    """A repair was stopped before the exchange."""
    folder = root / "rebuilding" / f"{items_of(root)[ALONE].capture}-{items_of(root)[FIRST].id}"
    (folder / "object").mkdir(parents=True)


def file_put_in_staging(root: Path) -> None:
    """Somebody puts a file where captures are made."""
    (root / "staging/notes.txt").write_bytes(b"put here")


def capture_put_in_quarantine(root: Path) -> None:
    """Somebody puts a folder where attempts are kept that failed."""
    (root / "quarantine" / items_of(root)[ALONE].id / items_of(root)[FIRST].id).mkdir(parents=True)


def quarantine_removed(root: Path) -> None:
    """Somebody removes what failed attempts have left."""
    shutil.rmtree(root / "quarantine")


EXAMPLES: Mapping[str, Callable[[Path], None]] = {
    "P100": came_back,
    "P101": preview_left,
    "P104": repair_left,
    "P105": file_put_in_staging,
    "P106": capture_put_in_quarantine,
    "P107": quarantine_removed,
}
"""What breaks a workspace with a copy beside it so that an audit says this code."""


def copy_damaged(root: Path) -> None:
    damage(root.with_name("copy"), items_of(root)[ALONE])


def copy_of_another_log(root: Path) -> None:
    journal = root.with_name("copy") / "log/journal/0000"
    journal.write_bytes(journal.read_bytes()[:-1] + b"!")


def copy_lost_an_object(root: Path) -> None:
    place = object_of(root.with_name("copy"), items_of(root)[ALONE])
    place.chmod(0o755)
    shutil.rmtree(place.parents[1])


def copy_with_an_erased_part(root: Path) -> None:
    with open_services(root, ENVIRONMENT) as services:
        erase_items(services, [ALONE], BASIS, "Bob")


OF_COPIES: Mapping[str, Callable[[Path], None]] = {
    "P017": copy_damaged,
    "P054": copy_with_an_erased_part,
    "P102": copy_of_another_log,
    "P103": copy_lost_an_object,
}
"""What breaks the copy so that a check of it says this code."""


def main(target: Path) -> None:
    """Write every example to a folder named by its code."""
    for code, broken in {**EXAMPLES, **OF_COPIES}.items():
        broken(with_copy(begun(target / code)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

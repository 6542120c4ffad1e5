"""Receipts for packages and working copies for the team: each is an event, and no collected name becomes a path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casefile.errors import DigestMismatch, FolderInUse, IntegrityError, UnknownPerson, UsageError
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.vocabulary import PersonKind
from disclosure.archive import write_archive
from pipelines.describing import describe_item
from pipelines.erasing import erase_items
from pipelines.handing_on import Receipt, acknowledge, copy_item
from pipelines.people import record_person
from pipelines.received import receive
from pipelines.services import Services, open_services

from .workspaces import COLLECTOR, ENVIRONMENT, RECIPIENT, exported


def acts(services: Services, kind: str) -> list[dict[str, object]]:
    with reading(services.engine) as connection:
        return [json.loads(act.body or "{}") for act in list_acts(connection, kind)]


def test_a_receipt_is_recorded_for_a_package_that_was_released(own: Path, tmp_path: Path) -> None:
    made = exported(own, tmp_path / "package", "I-0001")
    with open_services(own, ENVIRONMENT) as services:
        acknowledge(services, made.contents.package, Receipt("a clerk", "2026-12-01", "by telephone"))
        acknowledge(services, str(made.path), Receipt("a clerk"))
        recorded = acts(services, "package.acknowledged")
        assert [one["signature"] for one in recorded] == ["", made.signature]
        assert "clerk" not in json.dumps(recorded)
        with pytest.raises(UsageError):
            acknowledge(services, "another", Receipt("a clerk"))
        archive = tmp_path / "package.zip"
        write_archive(made.path, [str(one.relative_to(made.path)) for one in files_of(made.path)], archive)
        acknowledge(services, str(archive), Receipt("a clerk"))
        assert acts(services, "package.acknowledged")[-1]["signature"] == made.signature
        archive.write_bytes(archive.read_bytes()[:-1])
        with pytest.raises(IntegrityError):
            acknowledge(services, str(archive), Receipt("a clerk"))
        note = made.path / "signature.note"
        note.write_bytes(note.read_bytes()[:-6] + b"AAAA=\n")
        with pytest.raises(DigestMismatch):
            acknowledge(services, str(made.path), Receipt("a clerk"))


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_erased_and_in_a_package_that_was_received_is_pending_by_name(own: Path, tmp_path: Path) -> None:
    made = exported(own, tmp_path / "package", "I-0001")
    with open_services(own, ENVIRONMENT) as services:
        receive(services, made.path, "a partner")
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        (gone,) = erase_items(services, ["I-0001"], "asked for by the person shown", "Bob")
        (again,) = erase_items(services, ["I-0001"], "asked for by the person shown", "Bob")
    (capture,) = made.contents.captures
    objects = f"received/{made.contents.package}/data/objects/{capture.id}/v1/content/files/0001"
    assert objects in gone.received
    assert again.received == gone.received


def test_a_working_copy_is_recorded_and_named_by_its_number(own: Path, tmp_path: Path) -> None:
    with open_services(own, ENVIRONMENT) as services:
        copied = copy_item(services, "I-0001", tmp_path / "desk", COLLECTOR)
        assert [path.name for path in copied.files] == ["I-0001.jpg"]
        with services.vault.open_content(copied.item.object_id or "", copied.item.files[0]) as original:
            assert copied.files[0].read_bytes() == original.read()
        assert [one["act"] for one in acts(services, "access.logged")] == ["working copy"]
        with pytest.raises(FolderInUse):
            copy_item(services, "I-0001", tmp_path / "desk", COLLECTOR)
        with pytest.raises(UnknownPerson):
            copy_item(services, "I-0002", tmp_path / "desk", "nobody")


def test_a_package_does_not_go_among_the_evidence(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        exported(own, own / "vault/package", "I-0001")
    (tmp_path / "here").mkdir()
    assert exported(own, tmp_path / "here", "I-0001").path.parent == tmp_path / "here"
    (tmp_path / "file").write_text("taken")
    with pytest.raises(FolderInUse):
        exported(own, tmp_path / "file", "I-0001")


def test_a_tombstone_names_whoever_was_given_the_item_in_a_package(own: Path, tmp_path: Path) -> None:
    exported(own, tmp_path / "package", "I-0001")
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        gone = erase_items(services, ["I-0001", "I-0002"], "asked for by the person shown", "Bob")
        told = [
            [one["recipient"] for one in describe_item(services, item)["erased"]["recipients"]]
            for item in ("I-0001", "I-0002")
        ]
    assert len(gone) == 2
    assert told == [[RECIPIENT], []]


def test_a_tombstone_names_whoever_was_given_a_working_copy(own: Path, tmp_path: Path) -> None:
    with open_services(own, ENVIRONMENT) as services:
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        copy_item(services, "I-0001", tmp_path / "desk", "Bob")
        erase_items(services, ["I-0001"], "asked for by the person shown", "Bob")
        told = describe_item(services, "I-0001")["erased"]["recipients"]
    assert [(one["act"], one["recipient"]) for one in told] == [("working copy", "Bob")]

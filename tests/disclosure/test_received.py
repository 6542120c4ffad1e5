"""A package that is taken in elsewhere: checked, kept as it came, and read by every audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casefile.errors import FolderInUse, IntegrityError
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from disclosure.archive import write_archive
from pipelines.audit import audit_workspace
from pipelines.copying import back_up, restore_workspace
from pipelines.exporting import Exported
from pipelines.opening import open_investigation
from pipelines.received import receive
from pipelines.services import open_services

from .workspaces import ENVIRONMENT, flipped


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return open_investigation(tmp_path / "elsewhere", "River", "Edo", ENVIRONMENT).root


def test_a_package_is_kept_as_it_came_and_survives_a_backup(elsewhere: Path, package: Path, made: Exported) -> None:
    with open_services(elsewhere, ENVIRONMENT) as services:
        received = receive(services, package, "a partner", "on a disk")
        with pytest.raises(FolderInUse):
            receive(services, package, "a partner")
        with reading(services.engine) as connection:
            (act,) = list_acts(connection, "package.received")
        back_up(services, elsewhere.parent / "backup")
    body = json.loads(act.body or "")
    assert (body["package"], body["signature"]) == (made.contents.package, made.signature)
    assert "partner" not in (act.body or "")
    kept = {path.relative_to(received.path): path for path in received.path.rglob("*") if path.is_file()}
    assert {str(path) for path in kept} == {
        str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()
    }
    assert all(path.read_bytes() == (package / name).read_bytes() for name, path in kept.items())
    assert audit_workspace(elsewhere, ENVIRONMENT).ok
    assert restore_workspace(elsewhere.parent / "backup", elsewhere.parent / "restored", ENVIRONMENT).ok
    flipped(received.path / "data/package.json", 99)
    assert [one.code for one in audit_workspace(elsewhere, ENVIRONMENT).problems] == ["P065"]


def test_a_package_that_is_here_as_a_folder_is_not_taken_in_as_an_archive_too(elsewhere: Path, package: Path) -> None:
    archive = elsewhere.parent / "package.zip"
    write_archive(package, [str(one.relative_to(package)) for one in package.rglob("*") if one.is_file()], archive)
    with open_services(elsewhere, ENVIRONMENT) as services:
        receive(services, package, "a partner")
        with pytest.raises(FolderInUse):
            receive(services, archive, "a partner")


def test_a_package_that_does_not_hold_is_not_taken_in(elsewhere: Path, package: Path) -> None:
    flipped(package / "data/log/parts.jsonl", 99)
    with open_services(elsewhere, ENVIRONMENT) as services:
        with pytest.raises(IntegrityError) as refused:
            receive(services, package, "a partner")
        assert "Stop collecting" not in refused.value.advice()
        with reading(services.engine) as connection:
            assert list_acts(connection, "package.received") == []
    assert not any((elsewhere / "received").glob("*")) or not (elsewhere / "received").exists()

"""Sealing: what was received is in the vault, under both digests, in an object that a stranger's validator accepts."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from ocfl import StorageRoot
from ocfl.validator import Validator

from preservation.sealing import Sealed, seal

from .captures import FILES, RUN, Workspace


def hash_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture
def sealed(workspace: Workspace) -> Sealed:
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1)
        return seal(finished, folder, workspace.vault, workspace.log.record)


def test_every_file_is_in_the_object_as_received(workspace: Workspace, sealed: Sealed) -> None:
    for path, content in FILES.items():
        with workspace.vault.open_content(sealed.object_id, path) as stream:
            assert stream.read() == content
    assert {file.path: file.sha256 for file in sealed.record.files} == {p: hash_of(c) for p, c in FILES.items()}
    assert [item.sha256 for item in sealed.record.items] == [hash_of(FILES["files/0001"]), hash_of(FILES["files/0002"])]
    assert workspace.vault.read_record(sealed.object_id) == sealed.record


def test_staging_is_empty_afterwards(workspace: Workspace, sealed: Sealed) -> None:
    assert list(workspace.staging.root.iterdir()) == []
    assert list(workspace.staging.quarantine.iterdir()) == []
    assert workspace.log.sealed == {sealed.object_id: sealed}


def test_everything_in_the_object_is_read_only(workspace: Workspace, sealed: Sealed) -> None:
    top = workspace.vault.object_path(sealed.object_id)
    for folder, _, names in os.walk(top):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o555
        assert {stat.S_IMODE((Path(folder) / name).stat().st_mode) for name in names} <= {0o444}


def test_an_independent_validator_accepts_object_and_root(workspace: Workspace, sealed: Sealed) -> None:
    validator = Validator(log_warnings=True)
    assert validator.validate_object(str(workspace.vault.object_path(sealed.object_id)))
    assert validator.status_str() == ""
    root = StorageRoot(str(workspace.vault.root))
    assert root.validate(validate_objects=True, check_digests=True, log_warnings=True)
    assert (root.num_objects, root.good_objects) == (1, 1)
    assert root.log is not None
    assert root.log.status_str() == ""

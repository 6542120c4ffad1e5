"""Working copies: named by digest, read-only, apart from the vault, and gone afterwards."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from casefile.digests import Digest, digest_file
from casefile.errors import DigestMismatch, StorageFailed, UsageError
from casefile.vocabulary import ContainmentLevel
from containment.worker import run_worker
from preservation.durable import Disk
from preservation.vault import Vault
from verification.running import MODULE, limits_for
from verification.working_copies import Preserved, copies_in, remove_copies, working_copies


@pytest.fixture
def preserved(tmp_path: Path) -> Preserved:
    path = tmp_path / "vault" / "0001"
    path.parent.mkdir()
    path.write_bytes(b"received" * 500_000)
    path.chmod(0o400)
    return Preserved(path, digest_file(path).sha256)


def test_a_copy_is_named_by_its_digest_and_nothing_else(preserved: Preserved, tmp_path: Path) -> None:
    with working_copies(tmp_path / "work" / "one", [preserved]) as (copy,):
        assert copy.path == tmp_path / "work" / "one" / preserved.sha256.removeprefix("sha256:")
        assert copy.parent == preserved.sha256
        assert copy.path.read_bytes() == preserved.path.read_bytes()


def test_a_copy_shares_no_inode_with_the_vault_and_cannot_be_written(preserved: Preserved, tmp_path: Path) -> None:
    with working_copies(tmp_path / "work", [preserved]) as (copy,):
        assert copy.path.stat().st_ino != preserved.path.stat().st_ino
        assert preserved.path.stat().st_nlink == 1
        assert stat.S_IMODE(copy.path.stat().st_mode) == 0o400
        assert stat.S_IMODE(copy.path.parent.stat().st_mode) == 0o500


def test_copies_are_gone_afterwards_also_after_an_error(preserved: Preserved, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), working_copies(tmp_path / "work", [preserved]):
        raise RuntimeError
    assert not (tmp_path / "work").exists()
    assert preserved.path.exists()


def test_what_a_crash_left_behind_can_be_removed(preserved: Preserved, tmp_path: Path) -> None:
    entered = working_copies(tmp_path / "work", [preserved])
    entered.__enter__()
    remove_copies(tmp_path / "work")
    assert not (tmp_path / "work").exists()
    remove_copies(tmp_path / "work")


def test_a_folder_that_a_worker_looks_into_is_filled_and_emptied_again(preserved: Preserved, tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    folder.mkdir()
    for _ in range(2):
        with copies_in(folder, [preserved]) as (copy,):
            assert copy.path.parent == folder
            assert stat.S_IMODE(copy.path.stat().st_mode) == 0o400
        assert list(folder.iterdir()) == []


def test_two_preserved_files_of_equal_bytes_are_one_copy(preserved: Preserved, tmp_path: Path) -> None:
    with working_copies(tmp_path / "work", [preserved, preserved]) as copies:
        assert len(copies) == 1


def test_a_damaged_original_is_not_examined_as_if_it_were_whole(preserved: Preserved, tmp_path: Path) -> None:
    wrong = Preserved(preserved.path, Digest("sha256:" + "0" * 64))
    with pytest.raises(DigestMismatch), working_copies(tmp_path / "work", [wrong]):
        pass
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("below", ["", "urn/0001/v1/content"])
def test_row_75_what_is_preserved_is_not_processed(below: str, tmp_path: Path) -> None:
    """No module is given the vault, or a folder of it, to look into, however it is named."""
    vault = tmp_path / "vault"
    Vault(vault, Disk()).create()
    (vault / below).mkdir(parents=True, exist_ok=True)
    (tmp_path / "link").symlink_to(vault / below)
    for place in (vault / below, tmp_path / "link"):
        with pytest.raises(UsageError, match="only working copies"):
            run_worker(
                MODULE, {}, place, tmp_path / "out", limits=limits_for(1), egress=None, level=ContainmentLevel.WEAK
            )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "sha512:" + "0" * 128, "sha256:" + "A" * 64, ""])
def test_only_a_sha256_names_a_copy(digest: str, preserved: Preserved, tmp_path: Path) -> None:
    with pytest.raises(UsageError), working_copies(tmp_path / "work", [Preserved(preserved.path, Digest(digest))]):
        pass


def test_a_folder_that_exists_is_not_used(preserved: Preserved, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(UsageError), working_copies(tmp_path / "work", [preserved]):
        pass
    assert (tmp_path / "work").exists()


def test_a_missing_original_is_a_storage_failure(tmp_path: Path) -> None:
    missing = Preserved(tmp_path / "absent", Digest("sha256:" + "0" * 64))
    with pytest.raises(StorageFailed), working_copies(tmp_path / "work", [missing]):
        pass
    assert os.listdir(tmp_path) == []

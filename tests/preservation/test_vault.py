"""The vault: made in one step, read without following links, and shared by processes that seal at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ocfl import StorageRoot

from casefile.digests import Digest, sha256, sha512
from casefile.errors import DigestMismatch, RecordUnreadable, VaultConflict, WorkspaceUnusable
from preservation.durable import Disk
from preservation.sealing import Sealed, seal
from preservation.vault import Holdings, Vault
from preservation.vault_audit import Expected, VaultAudit

from .captures import FILES, RUN, FileLog, Workspace


@pytest.fixture
def sealed(workspace: Workspace) -> Sealed:
    with workspace.staging.open_run(RUN) as run:
        return seal(*workspace.worker_ends(run, 1), workspace.vault, workspace.log.record)


def make_and_die(root: Path, at: int) -> bool:
    """Makes a vault in a child that dies at the step `at`; whether it got that far."""
    program = (
        "import os, sys; from pathlib import Path; from preservation.durable import Disk; "
        "from preservation.vault import Vault\n"
        "steps = []\n"
        "def reached(step):\n"
        "    steps.append(step)\n"
        "    if len(steps) == int(sys.argv[2]): os.kill(os.getpid(), 9)\n"
        "Vault(Path(sys.argv[1]), Disk(reached)).create()"
    )
    return subprocess.run([sys.executable, "-c", program, root, str(at)], check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize("at", [1, 5, 9, 14, 19])
def test_making_a_vault_can_be_repeated_after_a_kill(tmp_path: Path, at: int) -> None:
    root = tmp_path / "vault"
    assert make_and_die(root, at)
    if not root.exists():
        Vault(root).create()
    Vault(root).require()
    assert list(VaultAudit(root, lambda: Expected({})).problems()) == []
    theirs = StorageRoot(str(root))
    assert theirs.validate()


def test_a_vault_is_not_made_over_another(workspace: Workspace, sealed: Sealed) -> None:
    with pytest.raises(VaultConflict):
        Vault(workspace.vault.root).create()
    assert workspace.vault.read_record(sealed.object_id) == sealed.record


def test_a_folder_that_is_no_vault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceUnusable):
        Vault(tmp_path).require()


def test_content_is_compared_before_it_is_handed_out(workspace: Workspace, sealed: Sealed) -> None:
    content = FILES["files/0001"]
    for digest in (sha256(content), sha512(content)):
        with workspace.vault.open_content(sealed.object_id, "files/0001", digest) as stream:
            assert stream.read() == content
    place = workspace.vault.object_path(sealed.object_id) / "v1/content/files/0001"
    place.chmod(0o644)
    place.write_bytes(content.replace(b"a", b"b"))
    with pytest.raises(DigestMismatch) as raised, workspace.vault.open_content(sealed.object_id, "files/0001", digest):
        pytest.fail("damaged bytes were handed out")
    assert raised.value.expected == sha512(content)


@pytest.mark.parametrize(
    "path", ["files/0009", "files", "files/0001/x", "../inventory.json", "../../v1/inventory.json"]
)
def test_what_is_not_a_content_file_is_not_opened(workspace: Workspace, sealed: Sealed, path: str) -> None:
    with pytest.raises(RecordUnreadable), workspace.vault.open_content(sealed.object_id, path):
        pytest.fail("it was opened")


@pytest.mark.parametrize("link", ["v1/content/files/0001", "v1/content/files", "v1"])
def test_no_link_is_followed_on_the_way_to_content(workspace: Workspace, sealed: Sealed, link: str) -> None:
    place = workspace.vault.object_path(sealed.object_id) / link
    place.parent.chmod(0o755)
    place.chmod(0o755)
    place.rename(place.with_name("away"))
    place.symlink_to("away")
    with pytest.raises(RecordUnreadable), workspace.vault.open_content(sealed.object_id, "files/0001"):
        pytest.fail("it was opened")


def test_an_algorithm_that_the_vault_does_not_use_is_refused(workspace: Workspace, sealed: Sealed) -> None:
    with (
        pytest.raises(ValueError, match="md5"),
        workspace.vault.open_content(sealed.object_id, "files/0001", Digest("md5:00")),
    ):
        pytest.fail("it was opened")


def test_a_record_that_is_none_is_refused(workspace: Workspace, sealed: Sealed) -> None:
    place = workspace.vault.object_path(sealed.object_id) / "v1/content/capture.json"
    place.chmod(0o644)
    place.write_bytes(b"{}")
    with pytest.raises(RecordUnreadable):
        workspace.vault.read_record(sealed.object_id)


def test_holdings_are_what_is_there(workspace: Workspace, sealed: Sealed) -> None:
    top = workspace.vault.object_path(sealed.object_id)
    files = [path for path in top.rglob("*") if path.is_file()]
    assert workspace.vault.holdings() == Holdings(1, len(files), sum(path.stat().st_size for path in files))
    assert list(workspace.vault.walk()) == [top]
    assert workspace.vault.holds(sealed.object_id)
    assert not workspace.vault.holds("urn:uuid:other")


SEALER = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from captures import FileLog, Workspace, capture_id
from casefile.errors import LeaseLost
from preservation.recovery import recover_capture
from preservation.sealing import seal
root, first = Path(sys.argv[3]), int(sys.argv[4])
workspace, log = Workspace(root), FileLog(root)
def refuse(sealed):
    raise LeaseLost("capture", sealed.object_id, 1)
with workspace.staging.open_run(capture_id(first)) as run:
    for number in range(first, first + 16):
        finished, folder = workspace.worker_ends(run, number)
        try:
            seal(finished, folder, workspace.vault, refuse if number % 2 else log.record)
        except LeaseLost:
            recover_capture(folder, workspace.vault, refuse, log.lose)
"""


def test_an_audit_beside_living_sealers_finds_nothing_wrong(workspace: Workspace) -> None:
    """Half of the captures lose their lease, so that objects and folders also leave the vault meanwhile."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", SEALER, str(here), str(here.parents[1]), str(workspace.root)]
    log = FileLog(workspace.root)

    def expect() -> Expected:
        under_way = workspace.staging.declared().keys()
        return Expected(log.sealed(), under_way)

    sealers = [subprocess.Popen([*command, str(first)]) for first in (1000, 2000)]
    audits = 0
    while any(sealer.poll() is None for sealer in sealers):
        assert list(VaultAudit(workspace.vault.root, expect).problems()) == []
        audits += 1
    assert [sealer.returncode for sealer in sealers] == [0, 0]
    assert audits > 1
    assert list(VaultAudit(workspace.vault.root, expect).problems()) == []
    assert (len(log.sealed()), len(log.lost())) == (16, 16)
    assert workspace.vault.holdings().objects == 16
    assert list(workspace.staging.root.iterdir()) == []


def test_an_object_is_admitted_even_if_its_folders_went_meanwhile(workspace: Workspace) -> None:
    """Another process may have removed the folders that this one made and remembers."""
    disk = Disk()
    vault = Vault(workspace.vault.root, disk)
    place = vault.object_path("urn:uuid:x")
    disk.make_directories(place.parent)
    vault.prune("urn:uuid:x")
    assert not place.parent.exists()
    (workspace.root / "built").mkdir()
    vault.admit("urn:uuid:x", workspace.root / "built")
    assert os.listdir(place.parent) == [place.name]

"""Staging: a living run is left alone, a dead one is resolved, and what is set aside is all there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from casefile.errors import LeaseLost, SpaceExhausted, StorageFailed, VaultConflict, WorkspaceBusy
from preservation.recovery import Lost, recover, recover_capture
from preservation.sealing import Sealed, build_object, seal
from preservation.staging import CaptureFolder, Intent, Reserve, Staging

from .captures import FILES, RUN, Workspace, capture_id

OTHER_RUN = "0192f7a0-0000-7000-8000-000000000002"


def refuse(sealed: Sealed) -> None:
    raise LeaseLost("capture", sealed.object_id, 7)


def fail(sealed: Sealed) -> None:
    raise StorageFailed("fsync", "journal", "no answer")


def test_a_capture_starts_only_while_the_reserve_is_free(tmp_path: Path) -> None:
    for reserve, what in ((Reserve(bytes=1 << 60), "bytes"), (Reserve(inodes=1 << 60), "inodes")):
        staging = Staging(tmp_path / what, tmp_path / "quarantine", reserve=reserve)
        staging.create()
        with staging.open_run(RUN) as run, pytest.raises(SpaceExhausted) as raised:
            run.capture_folder(capture_id(1))
        assert raised.value.what == what
        assert list(staging.root.iterdir()) == []


def test_a_run_that_is_open_here_is_not_taken_for_dead(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        _, folder = workspace.worker_ends(run, 1)
        done = recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
        assert (done.recorded, done.lost) == ((), ())
        assert (folder.worker / "files/0001").exists()
        with pytest.raises(WorkspaceBusy):
            workspace.staging.open_run(RUN)


def test_a_run_of_another_process_is_left_alone_until_that_process_is_gone(workspace: Workspace) -> None:
    program = (
        "import sys; from pathlib import Path; from preservation.staging import Staging\n"
        "run = Staging(Path(sys.argv[1]), Path(sys.argv[2])).open_run(sys.argv[3])\n"
        "(run.capture_folder(sys.argv[4]).worker / 'part').write_bytes(b'begun')\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    arguments = [str(workspace.staging.root), str(workspace.staging.quarantine), OTHER_RUN, capture_id(1)]
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose).lost == ()
        other.kill()
    done = recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    assert done.lost == (capture_id(1),)
    assert workspace.log.lost[capture_id(1)].run == OTHER_RUN
    held = workspace.staging.quarantine / OTHER_RUN / capture_id(1)
    assert (held / "worker/part").read_bytes() == b"begun"


def test_what_is_set_aside_is_all_there_with_a_note(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        _, folder = workspace.worker_ends(run, 1)
        place = folder.set_aside("failed: timeout")
    assert place == workspace.staging.quarantine / RUN / capture_id(1)
    assert {path: (place / "worker" / path).read_bytes() for path in FILES} == FILES
    note = json.loads((place / "set-aside.json").read_bytes())
    assert note == {"capture": capture_id(1), "reason": "failed: timeout", "run": RUN}
    assert list(workspace.staging.root.iterdir()) == []


def test_a_capture_that_left_nothing_leaves_nothing(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        folder = run.capture_folder(capture_id(1))
        assert folder.set_aside("failed: dns") is None
    assert list(workspace.staging.root.iterdir()) == []
    assert list(workspace.staging.quarantine.iterdir()) == []


def test_two_captures_of_one_name_are_both_kept(workspace: Workspace) -> None:
    places = []
    for _ in range(2):
        with workspace.staging.open_run(RUN) as run:
            _, folder = workspace.worker_ends(run, 1)
            places.append(folder.set_aside("failed"))
    assert [place.name for place in places if place] == [capture_id(1), f"{capture_id(1)}-2"]


def test_a_capture_whose_object_is_in_the_vault_cannot_be_set_aside(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1)
        with pytest.raises(StorageFailed, match="journal"):
            seal(finished, folder, workspace.vault, fail)
        with pytest.raises(StorageFailed, match="gone to the vault"):
            folder.set_aside("given up")
        assert recover_capture(folder, workspace.vault, workspace.log.record, workspace.log.lose)
    assert len(workspace.log.sealed) == 1


def test_a_record_that_failed_is_made_by_the_next_start(workspace: Workspace) -> None:
    with workspace.staging.open_run(RUN) as run:
        finished, folder = workspace.worker_ends(run, 1)
        with pytest.raises(StorageFailed):
            seal(finished, folder, workspace.vault, fail)
        intent = folder.intent()
        assert intent is not None
        assert workspace.staging.declared() == {f"urn:uuid:{capture_id(1)}": intent.inventory}
    recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    (sealed,) = workspace.log.sealed.values()
    assert sealed.ticket == {"token": 1}
    assert sealed.record.circumstances.capture == capture_id(1)
    assert workspace.staging.declared() == {}


def lease_is_lost(workspace: Workspace) -> CaptureFolder:
    run = workspace.staging.open_run(RUN)
    finished, folder = workspace.worker_ends(run, 1)
    with pytest.raises(LeaseLost):
        seal(finished, folder, workspace.vault, refuse)
    assert list(workspace.vault.root.glob("[0-9a-f][0-9a-f]")) == []
    return folder


def test_a_capture_whose_lease_is_lost_leaves_the_vault_and_is_set_aside_at_once(workspace: Workspace) -> None:
    folder = lease_is_lost(workspace)
    assert not recover_capture(folder, workspace.vault, refuse, workspace.log.lose)
    folder.run.close()
    check_lost(workspace)


def test_a_capture_whose_lease_is_lost_is_set_aside_by_the_next_start(workspace: Workspace) -> None:
    lease_is_lost(workspace).run.close()
    recover(workspace.staging, workspace.vault, refuse, workspace.log.lose)
    check_lost(workspace)


def check_lost(workspace: Workspace) -> None:
    lost = workspace.log.lost[capture_id(1)]
    assert lost.intent is not None
    assert lost.intent.ticket == {"token": 1}
    assert list(workspace.vault.walk()) == []
    held = workspace.staging.quarantine / RUN / capture_id(1)
    assert {path: (held / "object/v1/content" / path).read_bytes() for path in FILES} == FILES
    assert list(workspace.staging.root.iterdir()) == []


def broken(workspace: Workspace, change: Callable[[Path], object]) -> Lost:
    """Recovery of a capture whose intent is declared, after `change` to its built object."""
    run = workspace.staging.open_run(RUN)
    finished, folder = workspace.worker_ends(run, 1)
    with pytest.raises(StorageFailed):
        seal(finished, folder, workspace.vault, fail)
    place = workspace.vault.object_path(f"urn:uuid:{capture_id(1)}")
    for parent, _, _ in os.walk(place):
        os.chmod(parent, 0o755)
    change(place)
    for parent, _, names in os.walk(place, topdown=False):
        for name in names:
            (Path(parent) / name).chmod(0o444)
        os.chmod(parent, 0o555)
    run.close()
    recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    assert workspace.log.sealed == {}
    return workspace.log.lost[capture_id(1)]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "path", ["inventory.json", "v1/content/capture.json", "v1/content/files/0001", "v1/inventory.json.sha512"]
)
def test_an_object_that_rotted_before_its_record_is_not_recorded(workspace: Workspace, path: str) -> None:
    assert broken(workspace, lambda place: flip(place / path)).reason
    assert len(list(workspace.vault.walk())) == 1, "what is in the vault stays there, for the audit to name"


def test_an_object_that_vanished_before_its_record_is_lost(workspace: Workspace, tmp_path: Path) -> None:
    assert broken(workspace, lambda place: place.rename(tmp_path / "away")).reason


def test_folders_made_for_an_object_that_is_lost_do_not_stay(workspace: Workspace) -> None:
    """As after a kill between the making of its folders and the rename, and rot before the next start."""
    run = workspace.staging.open_run(RUN)
    finished, folder = workspace.worker_ends(run, 1)
    sealed = build_object(finished, folder)
    folder.declare(Intent(sealed.object_id, sealed.inventory, {}))
    place = workspace.vault.object_path(sealed.object_id)
    place.parent.mkdir(parents=True)
    flip(folder.object / "inventory.json")
    run.close()
    recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    assert capture_id(1) in workspace.log.lost
    assert not place.parent.parent.exists()


def test_an_object_whose_place_is_taken_is_lost_and_kept(workspace: Workspace) -> None:
    for _ in range(2):
        with workspace.staging.open_run(RUN) as run:
            finished, folder = workspace.worker_ends(run, 1)
            with nullcontext() if not workspace.log.sealed else pytest.raises(VaultConflict):
                seal(finished, folder, workspace.vault, workspace.log.record)
    recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    assert "already exists" in workspace.log.lost[capture_id(1)].reason
    held = workspace.staging.quarantine / RUN / capture_id(1)
    assert (held / "object/inventory.json").exists()
    assert (held / "sealing.json").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"inventory":1,"object":"x","ticket":{}}'])
def test_an_intent_that_is_none_is_no_reason_to_stop(workspace: Workspace, content: bytes) -> None:
    with workspace.staging.open_run(RUN) as run:
        workspace.worker_ends(run, 1)
        (run.path / "sealing" / f"{capture_id(1)}.json").write_bytes(content)
    assert recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose).lost == (
        capture_id(1),
    )
    assert (workspace.staging.quarantine / RUN / capture_id(1) / "sealing.json").read_bytes() == content
    assert list(workspace.staging.root.iterdir()) == []


def test_recovery_runs_again_to_the_same_end(workspace: Workspace) -> None:
    run = workspace.staging.open_run(RUN)
    workspace.worker_ends(run, 1)
    run.close()
    first = recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    second = recover(workspace.staging, workspace.vault, workspace.log.record, workspace.log.lose)
    assert (first.lost, second.lost) == ((capture_id(1),), ())

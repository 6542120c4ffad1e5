"""The order of writes, read from the kernel's own account: a sync or a rename that moves fails here.

A kill cannot show this: what was written and never synced survives it. So the system calls of one sealing are traced
and compared with the contract, whatever the code that made them looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from preservation import layout

from .captures import FILES, Workspace
from .crashes import CAPTURE, running_driver

TRACED = "openat,write,fsync,rename,renameat2,mkdir,chmod,fchmod,unlink,rmdir,linkat,link"
CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
DESCRIPTOR = re.compile(r"^\d+<(?P<path>[^>]*)>")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')

OBJECT = layout.object_path(layout.object_id(CAPTURE))
"""The object's place below the storage root."""
BUILT = re.compile(r".*/staging/[^/]+/captures/[^/]+/object(?P<inside>/.*)?$")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded: its name, the paths that it was about and where it stands in the order."""

    at: int
    name: str
    paths: tuple[str, ...]
    created: bool


def read_trace(text: str) -> list[Call]:
    calls = []
    for at, line in enumerate(text.splitlines()):
        match = CALL.match(line)
        if match is None or int(match["result"]) < 0:
            continue
        descriptor = DESCRIPTOR.match(match["arguments"])
        paths = (descriptor["path"],) if descriptor else tuple(QUOTED.findall(match["arguments"]))
        calls.append(Call(at, match["name"], paths, "O_CREAT" in match["arguments"]))
    return calls


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    root = tmp_path_factory.mktemp("order")
    Workspace(root).create()
    with running_driver() as driver:
        driver.traced(root, ["-y", "-s", "4096", "-o", str(root / "trace"), "-e", f"trace={TRACED}"])
    assert (root / "acknowledged").exists()
    return read_trace((root / "trace").read_text())


def where(calls: list[Call], name: str, wanted: Callable[[Call], bool]) -> list[int]:
    return [call.at for call in calls if call.name == name and wanted(call)]


def admission(calls: list[Call]) -> int:
    (at,) = where(calls, "renameat2", lambda call: call.paths[1].endswith(f"/vault/{OBJECT}"))
    return at


def synced(calls: list[Call], ending: str) -> list[int]:
    return where(calls, "fsync", lambda call: call.paths[0].endswith(ending))


def inside(call: Call) -> str | None:
    """The path below the object under construction, or None."""
    match = BUILT.match(call.paths[0]) if call.paths else None
    return match["inside"] or "/" if match else None


def final_files(calls: list[Call]) -> set[str]:
    """Every file that the object ends up with, as the inventory's form and the worker's files make it."""
    own = {layout.OBJECT_DECLARATION, layout.INVENTORY, layout.SIDECAR}
    own |= {f"{layout.VERSION}/{layout.INVENTORY}", f"{layout.VERSION}/{layout.SIDECAR}"}
    return own | {f"{layout.CONTENT}/{path}" for path in (*FILES, layout.CAPTURE_RECORD)}


def test_every_file_is_synced_after_its_last_write_and_before_the_rename(calls: list[Call]) -> None:
    for file in final_files(calls):
        syncs = [call.at for call in calls if call.name == "fsync" and inside(call) == f"/{file}"]
        changes = [call.at for call in calls if call.name in ("write", "fchmod") and inside(call) == f"/{file}"]
        assert syncs, file
        assert max(changes) < max(syncs) < admission(calls), file


def test_every_folder_is_synced_after_what_is_in_it_and_before_the_rename(calls: list[Call]) -> None:
    folders = {"/"} | {f"/{parent}" for file in final_files(calls) for parent in Path(file).parents if parent.name}
    for folder in folders:
        syncs = [
            call.at for call in calls if call.name == "fsync" and inside(call) == folder and call.at < admission(calls)
        ]
        entries = [
            call.at
            for call in calls
            if (call.name == "fsync" or call.created)
            and (path := inside(call)) is not None
            and path != folder
            and str(Path(path).parent) == folder
            and call.at < admission(calls)
        ]
        assert syncs, folder
        assert entries, folder
        assert max(entries) < max(syncs), folder


def test_the_intent_is_durable_before_the_rename_and_goes_after_the_record(calls: list[Call]) -> None:
    (draft,) = synced(calls, f"/captures/{CAPTURE}/sealing.json")
    (declared,) = where(calls, "renameat2", lambda call: call.paths[1].endswith(f"/sealing/{CAPTURE}.json"))
    (durable,) = synced(calls, "/sealing")
    (kept,) = synced(calls, "/captures")
    (gone,) = where(calls, "unlink", lambda call: call.paths[0].endswith(f"/sealing/{CAPTURE}.json"))
    assert draft < declared < durable < admission(calls)
    assert kept < admission(calls)
    assert recorded(calls) < gone


def recorded(calls: list[Call]) -> int:
    (at,) = synced(calls, "/log-sealed")
    return at


def test_the_rename_is_durable_before_the_record(calls: list[Call]) -> None:
    (begun,) = where(calls, "write", lambda call: call.paths[0].endswith("/log-sealed"))
    into = [at for at in synced(calls, f"/vault/{OBJECT.parent}") if at > admission(calls)]
    out_of = [at for at in synced(calls, f"/captures/{CAPTURE}") if at > admission(calls)]
    assert into
    assert out_of
    assert max(into[0], out_of[0]) < begun


def test_new_folders_of_the_vault_are_durable_from_the_root_down(calls: list[Call]) -> None:
    first, second = OBJECT.parts[:2]
    (outer,) = where(calls, "mkdir", lambda call: call.paths[0].endswith(f"/vault/{first}"))
    (inner,) = where(calls, "mkdir", lambda call: call.paths[0].endswith(f"/vault/{first}/{second}"))
    assert [at for at in synced(calls, "/vault") if outer < at < inner]
    assert [at for at in synced(calls, f"/vault/{first}") if inner < at < admission(calls)]


def test_nothing_is_written_into_the_vault_or_renamed_over(calls: list[Call]) -> None:
    assert where(calls, "write", lambda call: "/vault/" in call.paths[0]) == []
    assert where(calls, "rename", lambda call: True) == []
    assert where(calls, "openat", lambda call: call.created and any("/vault/" in path for path in call.paths)) == []


def test_content_is_renamed_and_never_copied(calls: list[Call]) -> None:
    (taken,) = where(calls, "renameat2", lambda call: call.paths[1].endswith("/object/v1/content"))
    written = {inside(call) for call in calls if call.name == "write"}
    assert f"/{layout.CONTENT}/files/0001" not in written
    assert taken < admission(calls)

"""Ordering crashes from the driver, and what has to be true of a workspace after any of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from casefile.errors import LeaseLost
from preservation.layout import object_id
from preservation.recovery import recover
from preservation.sealing import Sealed
from preservation.vault_audit import Expected, VaultAudit

from .captures import FILES, FileLog, Workspace, capture_id

DRIVER = Path(__file__).with_name("crash_driver.py")
CAPTURE = capture_id(1)
NO_OPTIONS = {"stop": False, "lease_lost": False, "unprivileged": False}


@dataclass
class Driver:
    """A running crash driver."""

    process: subprocess.Popen[str]

    def order(self, root: Path, action: str = "seal", *, kill_at: int = 0, **options: bool) -> int:
        """One order without a tracer; the child's wait status."""
        self._send(root, action, kill_at=kill_at, **options)
        self._line()
        return int(self._line())

    def traced(self, root: Path, options: list[str], action: str = "seal", *, lease_lost: bool = False) -> int:
        """One order under strace with `options`, attached right before the action; the child's wait status."""
        self._send(root, action, kill_at=0, lease_lost=lease_lost, stop=True)
        child = int(self._line())
        _await_stop(child)
        command = ["strace", "-f", "-p", str(child), *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            attached = strace.stderr.readline()
            assert "attached" in attached, attached
            os.kill(child, signal.SIGCONT)
            strace.stderr.read()
        return int(self._line())

    def _send(self, root: Path, action: str, *, kill_at: int, **options: bool) -> None:
        order = {"root": str(root), "action": action, "kill_at": kill_at, **NO_OPTIONS, **options}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def running_driver() -> Iterator[Driver]:
    command = [sys.executable, str(DRIVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        yield Driver(one)
        assert one.stdin is not None
        one.stdin.close()


def _await_stop(child: int) -> None:
    os.sched_yield()
    while not re.search(r"^State:\s+T", Path(f"/proc/{child}/status").read_text(), re.MULTILINE):
        os.sched_yield()


@dataclass
class Aftermath:
    """A workspace after a crash, recovered by another process, with what its log says."""

    root: Path
    lease_lost: bool = False
    log: FileLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = FileLog(self.root)
        self.workspace = Workspace(self.root)

    def recover(self) -> None:
        recover(self.workspace.staging, self.workspace.vault, self._record, self.log.lose)

    def _record(self, sealed: Sealed) -> None:
        if self.lease_lost:
            raise LeaseLost("capture", sealed.object_id, 1)
        self.log.record(sealed)

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing is corrupt, no event names absent bytes, no byte has gone."""
        sealed, lost = self.log.sealed(), self.log.lost()
        acknowledged = self.root / "acknowledged"
        # A kill may fall between the opening of this file and the writing of its one line.
        if acknowledged.exists() and acknowledged.read_text():
            assert acknowledged.read_text() in sealed
        audit = VaultAudit(self.root / "vault", lambda: Expected(sealed))
        assert list(audit.problems()) == []
        assert len(sealed) + len(lost) <= 1, "both sealed and lost"
        assert list((self.root / "staging").iterdir()) == []
        self._check_bytes(sealed, lost)

    def _check_bytes(self, sealed: object, lost: dict[str, str]) -> None:
        """Every byte of the worker's is in the vault or, as far as the worker got, in quarantine with a note."""
        if sealed:
            place = self.workspace.vault.object_path(object_id(CAPTURE)) / "v1" / "content"
            assert {path: (place / path).read_bytes() for path in FILES} == FILES
            assert not any((self.root / "quarantine").iterdir())
            return
        for shelf in (self.root / "quarantine").glob("*/*"):
            assert shelf.name in lost
            assert json.loads((shelf / "set-aside.json").read_bytes())["capture"] == CAPTURE
            held = {path.name: path.read_bytes() for path in shelf.rglob("*") if path.is_file()}
            whole = {Path(path).name: content for path, content in FILES.items()}
            assert {name: held.get(name) for name in whole} == whole

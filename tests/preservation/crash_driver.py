"""A program that seals or recovers in child processes which may be killed, stopped or made to fail.

It imports once and forks once per order, so that a campaign of hundreds of crashes takes seconds. Orders come as JSON
lines on the standard input: `root`, `action` (seal, recover, audit), `kill_at` (the number of the step to die at, 0 for
none), `stop` (wait for SIGCONT before the action, so that a tracer can attach), `lease_lost` and `unprivileged`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from captures import RUN, FileLog, Workspace

from casefile.errors import CasefileError, LeaseLost, StorageFailed
from preservation.recovery import recover
from preservation.sealing import Sealed, seal
from preservation.vault_audit import Expected, VaultAudit

PR_SET_PTRACER = 0x59616D61
NOBODY = 65534


class Steps:
    """Writes every step down and dies at the one that was ordered."""

    def __init__(self, path: Path, kill_at: int) -> None:
        self._file = path.open("a", buffering=1)
        self._kill_at = kill_at
        self._count = 0

    def __call__(self, step: str) -> None:
        self._count += 1
        self._file.write(step + "\n")
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def own_errors_typed() -> Iterator[None]:
    """For what the driver itself writes: only a bare OSError of the product is a failure of the test."""
    try:
        yield
    except OSError as error:
        raise StorageFailed("the driver's own write", "", str(error)) from error


def act(order: dict[str, Any]) -> None:
    """Does one order in this process."""
    root = Path(order["root"])
    if order["unprivileged"] and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    steps = Steps(root / "steps", order["kill_at"])
    workspace = Workspace(root, (lambda step: None) if order["stop"] else steps)
    log = FileLog(root)

    def record(sealed: Sealed) -> None:
        if order["lease_lost"]:
            raise LeaseLost("capture", sealed.record.circumstances.capture, 1)
        with own_errors_typed():
            log.record(sealed)

    prepared = None
    if order["action"] == "seal":
        prepared = workspace.worker_ends(workspace.staging.open_run(RUN), 1)
    if order["stop"]:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
    if order["action"] == "audit":
        found = VaultAudit(workspace.vault.root, lambda: Expected(log.sealed())).problems()
        (root / "found").write_text("".join(f"{one.code}\n" for one in found))
        return
    if prepared is None:
        recover(workspace.staging, workspace.vault, record, log.lose)
        return
    sealed = seal(*prepared, workspace.vault, record)
    with own_errors_typed():
        (root / "acknowledged").write_text(sealed.object_id)


def main() -> None:
    """Obeys until the input ends; answers each order with the child's id, then with its wait status."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                act(order)
            except CasefileError as error:
                (Path(order["root"]) / "error").write_text(f"{type(error).__name__}: {error}")
                os._exit(3)
            os._exit(0)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()

"""A program that runs whole sequences in child processes which may be killed, stopped or starved of disk.

It imports once and forks once per order, so that dozens of crashes take seconds. Orders come as JSON lines: `start`
with an order answers with the child's id, `wait` with an id answers with its wait status. A child writes what happens
beside the workspace, one line each, unbuffered: every step that is reached, every event that was acknowledged, every
result that was told.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from warming import not_examining, warm_up

import pipelines.collect
import pipelines.handed_over
from casefile.errors import CasefileError
from casefile.events.append import Log
from casefile.vocabulary import ContainmentLevel, Pathway
from collectors.handed_over import admission
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.examine import examine_items, examining
from pipelines.handed_over import ImportRequest, import_files
from pipelines.leads import Candidate, Origin, add_leads, occurrences
from pipelines.leases import Leases
from pipelines.opening import open_investigation
from pipelines.results import Result
from pipelines.services import Services, open_services

CRASHED = 70
PR_SET_PTRACER = 0x59616D61


@dataclass
class Notes:
    """The lines that one child leaves: `steps`, `acknowledged`, `results`, each a file beside the workspace."""

    order: dict[str, Any]

    def write(self, name: str, line: str) -> None:
        descriptor = os.open(f"{self.order['notes']}.{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def told(self, result: Result) -> None:
        line = {"locator": result.lead.locator, "outcome": result.outcome, "cause": result.cause}
        self.write("results", json.dumps({**line, "items": [one.id for one in result.items]}))


class Steps:
    """Writes every step down; ends or stops the process at the one that was ordered, by number or by beginning."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._kill_at = notes.order.get("kill_at", 0)
        self._stop_at = notes.order.get("stop_at", "")
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self, step: str) -> None:
        with self._lock:
            self._count += 1
            self._notes.write("steps", step)
            if self._count == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if self._stop_at and step.startswith(self._stop_at):
                self._stop_at = ""
                # So that a tracer that is no ancestor can attach.
                ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
                os.kill(os.getpid(), signal.SIGSTOP)


def tell_acknowledged(notes: Notes) -> None:
    """From now on every id that `Log.append` returns is written down, after it returned."""
    original = Log.append

    def append(log: Log, *arguments: Any, **named: Any) -> Any:
        ids = original(log, *arguments, **named)
        for event in ids:
            notes.write("acknowledged", event)
        return ids

    Log.append = append  # type: ignore[method-assign]


def act(order: dict[str, Any]) -> None:
    """Runs one sequence to its end in this process."""
    notes = Notes(order)
    tell_acknowledged(notes)
    if not order.get("examine"):
        pipelines.handed_over.examining = not_examining
    if lease_ms := order.get("lease_ms"):
        pipelines.collect.Leases = lambda services: Leases(services, lease_ms)  # type: ignore[assignment,misc]
    if most := order.get("files_of_a_batch"):
        admission.MOST_FILES = most
    if order["sequence"] == "init":
        open_investigation(Path(order["root"]), "A case", "Ana", order["environment"])
        return
    with open_services(Path(order["root"]), order["environment"], reached=Steps(notes)) as services:
        SEQUENCES[order["sequence"]](services, order, notes)


def run_collect(services: Services, order: dict[str, Any], notes: Notes) -> None:
    """The locators as one job, so that a rerun means the same leads; or as given by hand."""
    candidates = [Candidate(one) for one in order["locators"]]
    if order.get("job", True):
        leads = add_leads(services, occurrences(candidates), Origin(Pathway.LIST, job="the job"))
    else:
        leads = add_leads(services, candidates, Origin(Pathway.BY_HAND))
    options = CaptureOptions(method=order.get("method"), level=ContainmentLevel(order.get("level", "full")))
    with (examining if order.get("examine") else not_examining)(services, options.level) as examine:
        collect(services, leads, options, told=notes.told, examine=examine)


def run_import(services: Services, order: dict[str, Any], notes: Notes) -> None:
    """Everything below the paths, handed over by one person."""
    import_files(services, ImportRequest(tuple(map(Path, order["paths"])), "Bora"), notes.told)


def run_examine(services: Services, order: dict[str, Any], notes: Notes) -> None:
    """What was not examined yet."""
    del order, notes
    examine_items(services, (), ContainmentLevel.FULL)


def run_opening(services: Services, order: dict[str, Any], notes: Notes) -> None:
    """Nothing but opening, which carries the journal on."""
    del services, order, notes


SEQUENCES: dict[str, Callable[[Services, dict[str, Any], Notes], None]] = {
    "collect": run_collect,
    "import": run_import,
    "examine": run_examine,
    "open": run_opening,
}


def run_child(order: dict[str, Any]) -> int:
    """The exit code of one order, as the command line would give it."""
    # A group of its own, so that what it leaves behind when it is killed can be found.
    os.setpgid(0, 0)
    try:
        act(order)
    except CasefileError as error:
        Notes(order).write("error", f"{type(error).__name__}: {error} | {error.advice()}")
        return error.exit_code
    except BaseException:
        Notes(order).write("error", traceback.format_exc())
        return CRASHED
    return 0


def main() -> None:
    """Obeys until the input ends."""
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
            continue
        child = os.fork()
        if child == 0:
            with suppress(OSError):
                sys.stdin.close()
            os._exit(run_child(order))
        print(child, flush=True)


if __name__ == "__main__":
    main()

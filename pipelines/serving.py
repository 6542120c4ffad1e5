"""One foreground command that keeps Prefect's server, its worker and the schedules running.

The clock of an investigation does not depend on Prefect's: while Prefect is not up, and when it is late, watches that
are due are looked at by a process without it. Whoever comes first looks; the other finds nothing due.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx

from casefile.clock import SystemClock, rfc3339
from casefile.errors import CasefileError, WorkspaceBusy, WorkspaceUnusable
from casefile.records.engine import open_engine, reading
from casefile.records.monitors import MonitorRecord, list_monitors, looked_at_now
from casefile.settings import load_settings
from casefile.vocabulary import ContainmentLevel
from casefile.workspace import Workspace
from pipelines.monitor import next_look
from pipelines.prefect_environment import HOST, prefect_environment, without_prefect
from pipelines.prefect_home import prepare_home
from pipelines.served import CODE, CONTAINMENT, WORKSPACES
from pipelines.services import require_database
from pipelines.supervising import Child, adopt_orphans, reap, stop

POOL = "casefile"
STEP_S = 1.0
WATCHES_EVERY_S = 5.0
REPORT_EVERY_S = 600.0
DIRECT_EVERY_S = 30.0
LATE_S = 180.0
"""How long after its time a watch is left to Prefect: three ticks of the schedule."""
REPOSITORY = Path(__file__).resolve().parent.parent
LOG_FILE = "serve.log"


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served: workspaces by investigation id, where Prefect lives, and how hostile bytes are contained."""

    workspaces: Mapping[str, Path]
    home: Path
    level: ContainmentLevel
    environment: Mapping[str, str]
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch as `serve` sees it. `late_s` is how long it has been due; nothing while it is not, or is looked at."""

    workspace: str
    monitor: MonitorRecord
    late_s: float | None


@dataclass(slots=True)
class Supervisor:
    """The loop of `serve`."""

    serving: Serving
    port: int
    password: str
    printed: BinaryIO
    server: Child = field(init=False)
    worker: Child = field(init=False)
    deployment: Child = field(init=False)
    direct: Child = field(init=False)
    _deployed: bool = False
    _said: dict[str, str] = field(default_factory=dict)
    _complained: dict[Path, str] = field(default_factory=dict)
    _read_at: float | None = None
    _reported_at: float = 0.0

    def __post_init__(self) -> None:
        start = ("server", "start", "--host", HOST, "--port", str(self.port), "--no-ui")
        self.server = self._child("-m", "prefect", *start)
        self.worker = self._child("-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process")
        self.deployment = self._child("-m", "prefect", "--no-prompt", "deploy", "--all")
        # What is in the environment when a deployment is made is stored with it; flow runs alone need this.
        self.worker.environment = {**self.worker.environment, CODE: str(REPOSITORY)}
        self.direct = self._child("-m", "pipelines.served", "look_at_due", "collect_waiting")

    @property
    def children(self) -> tuple[Child, ...]:
        """Every process that is started here."""
        return (self.deployment, self.worker, self.direct, self.server)

    def step(self) -> None:
        """One turn: what should run runs, what is due is looked at, what changed is said."""
        reap(self.children)
        up = self._keep_prefect()
        now = time.monotonic()
        if self._read_at is not None and now - self._read_at < WATCHES_EVERY_S:
            return
        self._read_at = now
        watches = list(self._watches())
        self._look_directly(watches, up=up)
        self._report(watches)

    def stop(self) -> None:
        """End every process that was started here, with all that they started."""
        stop(self.children)

    def _child(self, *arguments: str) -> Child:
        url = f"http://{HOST}:{self.port}/api"
        environment = {
            **without_prefect(self.serving.environment),
            **prefect_environment(self.serving.home, api_url=url, password=self.password),
            WORKSPACES: str(self.serving.home / "workspaces.json"),
            CONTAINMENT: self.serving.level,
            "PYTHONPATH": str(REPOSITORY),
        }
        return Child(arguments, REPOSITORY, environment, self.printed)

    def _keep_prefect(self) -> bool:
        """Start what is not running, each thing when what it needs is there; whether schedules can fire."""
        self.server.ensure()
        if not self._answers("/health"):
            return False
        self.worker.ensure()
        if not self._deployed and self._answers(f"/work_pools/{POOL}"):
            self.deployment.ensure()
            self._deployed = self.deployment.succeeded
            if self._deployed:
                self.serving.note("Prefect is up; schedules are deployed.")
        return self._deployed and self.worker.runs

    def _answers(self, path: str) -> bool:
        address = f"http://{HOST}:{self.port}/api{path}"
        try:
            answer = httpx.get(address, auth=("casefile", self.password), timeout=5.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    def _look_directly(self, watches: Sequence[Watch], *, up: bool) -> None:
        """Have watches that are due looked at without Prefect while it is not up, and those for which it is late."""
        patience = LATE_S if up else 0.0
        late = [watch for watch in watches if watch.late_s is not None and watch.late_s >= patience]
        if late and self.direct.ensure(every_s=DIRECT_EVERY_S):
            reason = "is late" if up else "is not up"
            self.serving.note(f"Prefect {reason}; {len(late)} watches that are due are looked at without it.")

    def _report(self, watches: Sequence[Watch]) -> None:
        """Say the next and the last good look of a watch when that changed, and of all now and then."""
        lines = {watch.monitor.id: _watch_line(watch) for watch in watches}
        again = time.monotonic() - self._reported_at > REPORT_EVERY_S
        for name, line in lines.items():
            if again or self._said.get(name) != line:
                self.serving.note(line)
        if again:
            self._reported_at = time.monotonic()
        self._said = lines

    def _watches(self) -> Iterator[Watch]:
        for folder in self.serving.workspaces.values():
            try:
                found = list(_watches_of(folder, self.serving.environment))
            except CasefileError as error:
                self._complain(folder, str(error))
                continue
            if not found:
                self._complain(folder, "nothing is watched; add a watch with `casefile monitor add`")
                continue
            self._complained.pop(folder, None)
            yield from found

    def _complain(self, folder: Path, text: str) -> None:
        if self._complained.get(folder) != text:
            self._complained[folder] = text
            self.serving.note(f"{folder.name}: {text}")


def serve_workspaces(serving: Serving, ended: Callable[[float], bool]) -> None:
    """Keep everything running until `ended`, which waits the seconds that it is given, says so.

    Raises WorkspaceBusy when another process serves the first of these workspaces.
    """
    serving.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(serving.home), (serving.home / LOG_FILE).open("wb") as printed:
        prepare_home(serving.home)
        folders = {name: str(folder) for name, folder in serving.workspaces.items()}
        (serving.home / "workspaces.json").write_text(json.dumps(folders, indent=2), "utf-8")
        adopt_orphans()
        supervisor = Supervisor(serving, _free_port(), secrets.token_urlsafe(24), printed)
        try:
            while True:
                supervisor.step()
                if ended(STEP_S):
                    return
        finally:
            supervisor.stop()


def serving_of(
    folders: Sequence[Path], level: ContainmentLevel, environment: Mapping[str, str], note: Callable[[str], None]
) -> Serving:
    """What is to be served; raises WorkspaceUnusable for a folder that is no workspace, or that is named twice."""
    workspaces: dict[str, Path] = {}
    for folder in folders:
        investigation = load_settings(folder, environment).investigation.id
        if investigation in workspaces:
            raise WorkspaceUnusable(str(folder), "this investigation is named twice")
        workspaces[investigation] = folder.absolute()
    home = Workspace(next(iter(workspaces.values()))).work / "prefect" / "serve"
    return Serving(workspaces, home, level, environment, note)


def _watches_of(folder: Path, environment: Mapping[str, str]) -> Iterator[Watch]:
    """The watches of a workspace, read without touching its log."""
    workspace = Workspace(folder)
    settings = load_settings(folder, environment)
    require_database(workspace, settings)
    engine = open_engine(settings.database.url, workspace.database)
    now = SystemClock().read().wall
    try:
        with reading(engine) as connection:
            monitors = list_monitors(connection)
            busy = looked_at_now(connection, int(now.timestamp() * 1000))
    finally:
        engine.dispose()
    for monitor in monitors:
        due = next_look(monitor)
        late_s = None if due is None or due > now or monitor.id in busy else (now - due).total_seconds()
        yield Watch(folder.name, monitor, late_s)


def _watch_line(watch: Watch) -> str:
    monitor = watch.monitor
    due = next_look(monitor)
    when = f"next look {rfc3339(due)[:19]}Z" if due else "paused"
    good = f"last success {monitor.succeeded_at[:19]}Z" if monitor.succeeded_at else "no success yet"
    failed = f", last look failed: {monitor.cause}" if monitor.status == "failed" else ""
    return f"{watch.workspace}: {monitor.name}: {when}, {good}{failed}"


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    descriptor = os.open(home / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise WorkspaceBusy(str(home), "another `casefile serve` runs here") from error
    finally:
        os.close(descriptor)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port

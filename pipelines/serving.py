"""One foreground command that keeps Prefect's server, its worker and the schedules running.

When Prefect does not come up, or goes away, the watches that are due are looked at by this process itself: the clock
of the investigation does not depend on Prefect's.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from casefile.clock import rfc3339
from casefile.errors import CasefileError, WorkspaceUnusable
from casefile.records.engine import reading
from casefile.records.monitors import MonitorRecord, list_monitors
from casefile.settings import load_settings
from casefile.vocabulary import ContainmentLevel
from casefile.workspace import Workspace
from pipelines.monitor import next_look
from pipelines.prefect_environment import HOST, START_TIMEOUT_S, prefect_environment
from pipelines.scheduled import look_at_due
from pipelines.services import open_services

POOL = "casefile"
LOOK_EVERY_S = 2.0
REPORT_EVERY_S = 60.0
DIRECT_EVERY_S = 60.0
RESTART_AFTER_S = 20.0
STOP_TIMEOUT_S = 20
DEPLOY_TIMEOUT_S = 180
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served: workspaces by investigation id, where Prefect lives, and how hostile bytes are contained."""

    workspaces: Mapping[str, Path]
    home: Path
    level: ContainmentLevel
    environment: Mapping[str, str]
    note: Callable[[str], None]


@dataclass(slots=True)
class _Child:
    """A process that is kept running."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def ensure(self) -> bool:
        """Start it unless it runs, not more often than every RESTART_AFTER_S; whether it runs."""
        if self.process is not None and self.process.poll() is None:
            return True
        if self.process is not None and time.monotonic() - self.started_at < RESTART_AFTER_S:
            return False
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *self.arguments],
            cwd=REPOSITORY,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return True

    def stop(self) -> None:
        """End it with everything that it started."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(slots=True)
class _Supervisor:
    """The loop of `serve`."""

    serving: Serving
    port: int
    password: str
    server: _Child = field(init=False)
    worker: _Child = field(init=False)
    deployed: bool = False
    healthy: bool = False
    _said: str = ""
    _reported_at: float = 0.0
    _looked_at: float = 0.0

    def __post_init__(self) -> None:
        variables = self.variables()
        server = ("server", "start", "--host", HOST, "--port", str(self.port), "--no-ui")
        self.server = _Child("server", server, variables)
        self.worker = _Child("worker", ("worker", "start", "--pool", POOL, "--type", "process"), variables)

    def variables(self) -> dict[str, str]:
        """The environment of Prefect's processes and of the flows that they run."""
        url = f"http://{HOST}:{self.port}/api"
        return {
            **self.serving.environment,
            **prefect_environment(self.serving.home, api_url=url, password=self.password),
            "CASEFILE_SERVE__WORKSPACES": str(self.serving.home / "workspaces.json"),
            "CASEFILE_SERVE__CONTAINMENT": self.serving.level,
            "PYTHONPATH": str(REPOSITORY),
        }

    def step(self) -> None:
        """One turn: what should run runs, what is due is done, what changed is said."""
        self.server.ensure()
        self.healthy = self._is_healthy()
        if self.healthy and not self.deployed:
            self.deployed = self._deploy()
        if self.deployed:
            self.worker.ensure()
        if not (self.healthy and self.deployed):
            self._look_directly()
        self._report()

    def stop(self) -> None:
        self.worker.stop()
        self.server.stop()

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"http://{HOST}:{self.port}/api/health", timeout=2.0, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _deploy(self) -> bool:
        """Make the work pool and the deployments; both commands may be repeated."""
        for arguments in (
            ("work-pool", "create", POOL, "--type", "process", "--overwrite"),
            ("--no-prompt", "deploy", "--all"),
        ):
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "prefect", *arguments],
                    cwd=REPOSITORY,
                    env=self.variables(),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=DEPLOY_TIMEOUT_S,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                self.serving.note(f"prefect {arguments[0]} took longer than {DEPLOY_TIMEOUT_S} s; it is tried again")
                return False
            if done.returncode != 0:
                self.serving.note(f"prefect {' '.join(arguments[:2])} failed; it is tried again")
                return False
        self.serving.note("Prefect is up; schedules are deployed.")
        return True

    def _look_directly(self) -> None:
        """Without Prefect: what is due is looked at here. While Prefect starts it gets its time first."""
        now = time.monotonic()
        starting = now - self.server.started_at < START_TIMEOUT_S and not self.deployed
        if starting or now - self._looked_at < DIRECT_EVERY_S:
            return
        self._looked_at = now
        self.serving.note("Prefect is not up; watches that are due are looked at directly.")
        for folder in self.serving.workspaces.values():
            try:
                with open_services(folder, self.serving.environment) as services:
                    look_at_due(services, self.serving.level)
            except CasefileError as error:
                self.serving.note(f"{folder.name}: {error}")

    def _report(self) -> None:
        """Say the next and the last good look of every watch, when that changed or a minute has passed."""
        lines = list(self._lines())
        said = "\n".join(lines)
        if said != self._said or time.monotonic() - self._reported_at > REPORT_EVERY_S:
            for line in lines:
                self.serving.note(line)
            self._said, self._reported_at = said, time.monotonic()

    def _lines(self) -> Iterator[str]:
        for folder in self.serving.workspaces.values():
            try:
                with open_services(folder, self.serving.environment) as services, reading(services.engine) as rows:
                    monitors = list_monitors(rows)
            except CasefileError as error:
                yield f"{folder.name}: {error}"
                continue
            if not monitors:
                yield f"{folder.name}: nothing is watched; add a watch with `casefile monitor add`"
            for monitor in monitors:
                yield f"{folder.name}: {_watch_line(monitor)}"


def serve_workspaces(serving: Serving, ended: Callable[[float], bool]) -> None:
    """Keep everything running until `ended`, which waits the seconds that it is given, says so."""
    serving.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    folders = {name: str(folder) for name, folder in serving.workspaces.items()}
    (serving.home / "workspaces.json").write_text(json.dumps(folders, indent=2), "utf-8")
    with _supervisor(serving) as supervisor:
        while True:
            supervisor.step()
            if ended(LOOK_EVERY_S):
                return


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
    home = Workspace(next(iter(workspaces.values()))).work / "prefect"
    return Serving(workspaces, home, level, environment, note)


def _watch_line(monitor: MonitorRecord) -> str:
    due = next_look(monitor)
    when = f"next look {rfc3339(due)[:19]}Z" if due else "paused"
    return f"{monitor.name}: {when}, last success {monitor.succeeded_at[:19] or 'never'}"


@contextmanager
def _supervisor(serving: Serving) -> Iterator[_Supervisor]:
    supervisor = _Supervisor(serving, _free_port(), secrets.token_urlsafe(24))
    try:
        yield supervisor
    finally:
        supervisor.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port

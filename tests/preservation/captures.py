"""A small workspace with real folders, and captures as a worker would leave them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casefile.digests import Digest
from casefile.model import Circumstances, ClockRecord, Received, ReceivedFile, ReceivedItem
from casefile.vocabulary import (
    Acquisition,
    ContainmentLevel,
    Fidelity,
    FileKind,
    Outcome,
    Purpose,
    Role,
)
from preservation.durable import Disk, unobserved
from preservation.recovery import Lost
from preservation.sealing import Finished, Sealed
from preservation.staging import CaptureFolder, Run, Staging
from preservation.vault import Vault

RUN = "0192f7a0-0000-7000-8000-000000000001"
COLLECTOR = "0192f7a0-0000-7000-8000-00000000000c"
FILES = {
    "record/capture.warc.gz": b"not really a WARC",
    "files/0001": b"<html>a page</html>",
    "files/0002": b"a picture",
}


def capture_id(number: int) -> str:
    return f"0192f7a0-0000-7000-8000-{number:012x}"


def circumstances(capture: str) -> Circumstances:
    clock = ClockRecord(boot="boot", monotonic_ns="1", source="unverified")
    return Circumstances(
        capture=capture,
        lead="0192f7a0-0000-7000-8000-00000000001e",
        locator="https://example.org/a",
        attempt=1,
        method="http",
        method_version="1",
        purpose=Purpose.WORK,
        acquisition=Acquisition.OBSERVED,
        collector=COLLECTOR,
        run=RUN,
        started_at="2026-11-22T01:02:03.000000Z",
        started_clock=clock,
        ended_at="2026-11-22T01:02:04.000000Z",
        ended_clock=clock,
        containment=ContainmentLevel.FULL,
        egress_enforced=True,
    )


def received(paths: Mapping[str, bytes]) -> Received:
    content = [path for path in paths if path.startswith("files/")]
    return Received(
        outcome=Outcome.CAPTURED,
        files=tuple(
            ReceivedFile(
                path=path,
                kind=FileKind.CONTENT if path in content else FileKind.RECORD,
                fidelity=Fidelity.WIRE,
            )
            for path in paths
        ),
        items=tuple(ReceivedItem(locator="https://example.org/a", role=Role.PAGE, files=(path,)) for path in content),
    )


def lay(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@dataclass
class Log:
    """Stands for the event log: what was recorded and what was said to be lost, by capture."""

    sealed: dict[str, Sealed] = field(default_factory=dict)
    lost: dict[str, Lost] = field(default_factory=dict)

    def record(self, sealed: Sealed) -> None:
        self.sealed[sealed.object_id] = sealed

    def lose(self, lost: Lost) -> None:
        self.lost[lost.capture] = lost


class FileLog:
    """Stands for the event log across processes: one durable line for a capture that was sealed or lost."""

    def __init__(self, root: Path) -> None:
        self._sealed, self._lost = root / "log-sealed", root / "log-lost"

    def record(self, sealed: Sealed) -> None:
        _append(self._sealed, sealed.object_id, sealed.inventory)

    def lose(self, lost: Lost) -> None:
        _append(self._lost, lost.capture, lost.reason)

    def sealed(self) -> dict[str, Digest]:
        return {key: Digest(value) for key, value in _lines(self._sealed).items()}

    def lost(self) -> dict[str, str]:
        return _lines(self._lost)


def _lines(path: Path) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in path.read_text().splitlines()) if path.exists() else {}


def _append(path: Path, key: str, value: str) -> None:
    if key in _lines(path):
        return
    with path.open("a") as stream:
        stream.write(f"{key} {value}\n")
        stream.flush()
        os.fsync(stream.fileno())


@dataclass
class Workspace:
    """Vault, staging and quarantine below one folder."""

    root: Path
    reached: Callable[[str], None] = unobserved
    log: Log = field(default_factory=Log)

    def __post_init__(self) -> None:
        disk = Disk(self.reached)
        self.vault = Vault(self.root / "vault", disk)
        self.staging = Staging(self.root / "staging", self.root / "quarantine", disk=disk)

    def create(self) -> Workspace:
        self.vault.create()
        self.staging.create()
        return self

    def worker_ends(
        self, run: Run, number: int, files: Mapping[str, bytes] | None = None
    ) -> tuple[Finished, CaptureFolder]:
        files = FILES if files is None else files
        folder = run.capture_folder(capture_id(number))
        lay(folder.worker, files)
        return Finished(circumstances(capture_id(number)), received(files), {"token": number}), folder

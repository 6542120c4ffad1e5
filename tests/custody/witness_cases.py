"""A workspace whose heads a witness cosigned, and what breaks it so that an audit of cosignatures finds it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from pipelines.custody import checkpoint
from pipelines.keys import history_of
from pipelines.opening import open_investigation
from pipelines.outside import Outside
from pipelines.services import Services, open_services
from pipelines.witnesses import request_for, take_cosigned
from preservation.checkpoints import origin
from preservation.cosignatures import Witness
from preservation.notes import ED25519, NoteSignature, VerifierKey
from preservation.witness_state import WitnessState

from .cases import said
from .small_logs import SmallLog, numbered

NAME = "witness.example/p"
NOW = 1_772_000_000


@dataclass(frozen=True)
class Witnessed:
    """A workspace, the state of its witness, and what the environment says of it."""

    root: Path
    folder: Path
    url: str = ""

    @property
    def state(self) -> WitnessState:
        return WitnessState(self.folder)

    @property
    def environment(self) -> dict[str, str]:
        stated = {
            "CASEFILE_CUSTODY__WITNESSES": json.dumps([{"key": self.state.witness.verifier_key, "url": self.url}])
        }
        if self.url:
            stated["CASEFILE_EGRESS__ALLOW"] = json.dumps([self.url.removeprefix("http://")])
        return stated

    @property
    def cosigned(self) -> Path:
        """The file with the newest cosigned head."""
        return max((self.root / "log/cosignatures").iterdir())


def log_key_of(services: Services) -> VerifierKey:
    epoch = history_of(services.engine, services.log.id).current
    assert epoch is not None
    return VerifierKey(origin(services.log.id), ED25519, epoch.key.raw)


def by_hand(case: Witnessed, now: int = NOW) -> None:
    """Sign a head and carry it to the witness and back."""
    with open_services(case.root, case.environment) as services:
        head, _is_new = checkpoint(services)
        line = case.state.cosign(request_for(services, NAME), lambda: now)
        assert isinstance(line, NoteSignature), line
        newest = case.state.newest(head.head.origin)
        assert newest is not None
        take_cosigned(services, newest.note.to_bytes())


def witnessed(folder: Path) -> Witnessed:
    """Two cosigned heads, of 4 events and of 8."""
    case = Witnessed(open_investigation(folder / "case", "Lake", "Ada", {}).root, folder / "witness")
    state = WitnessState.begin(case.folder, NAME, folder / "mark")
    with open_services(case.root, case.environment) as services:
        state.trust(log_key_of(services))
    by_hand(case)
    with open_services(case.root, case.environment) as services:
        said(services, 2)
    by_hand(case, NOW + 60)
    return case


def copy_of(case: Witnessed, folder: Path, url: str = "") -> Witnessed:
    """A copy of the workspace and of its witness, with a mark of its own."""
    root = Path(shutil.copytree(case.root, folder / "case", symlinks=True))
    state = Path(shutil.copytree(case.folder, folder / "witness")) / "state.json"
    state.write_bytes(state.read_bytes().replace(str(case.folder.parent).encode(), str(folder).encode()))
    (folder / "mark").write_text(f"{json.loads(state.read_bytes())['count']} {sha256(state.read_bytes())}\n")
    return Witnessed(root, folder / "witness", url)


def other_signature(case: Witnessed) -> None:
    note = case.cosigned.read_bytes()
    other = b"B" if note[-9:-8] == b"A" else b"A"
    case.cosigned.write_bytes(note[:-9] + other + note[-8:])


def written_anew(case: Witnessed) -> None:
    """As whoever has the log's key does, but for the cosigned heads, which stay."""
    from .attacks import edited, read_log, write_log

    kept = {path.name: path.read_bytes() for path in (case.root / "log/cosignatures").iterdir()}
    events = [one for one in read_log(case.root) if one.envelope.type != "head.witnessed"]
    events = [one for one in events if one.envelope.type != "head.attested"]
    write_log(case.root, edited(events, 5))
    with open_services(case.root, {}) as services:
        said(services, 6)
        checkpoint(services)
    put_back(case, kept)


def cut_back(case: Witnessed) -> None:
    from .attacks import cut, read_log, write_log

    kept = {path.name: path.read_bytes() for path in (case.root / "log/cosignatures").iterdir()}
    write_log(case.root, cut(read_log(case.root), 4))
    put_back(case, kept)


def put_back(case: Witnessed, kept: Mapping[str, bytes]) -> None:
    folder = case.root / "log/cosignatures"
    folder.mkdir(exist_ok=True)
    for name, content in kept.items():
        (folder / name).write_bytes(content)


def cosignature_gone(case: Witnessed) -> None:
    min((case.root / "log/cosignatures").iterdir()).unlink()


def nothing(case: Witnessed) -> None:
    """The workspace is sound; what whoever audits brings along is not of it."""


STRANGER = Witness("witness.example/other", SmallLog(numbered(1)).key.public)

COSIGNED: Mapping[str, tuple[Callable[[Witnessed], None], Outside]] = {
    "P090": (other_signature, Outside()),
    "P091": (written_anew, Outside()),
    "P092": (cut_back, Outside()),
    "P093": (cosignature_gone, Outside()),
    "P094": (nothing, Outside(witnesses=(STRANGER.verifier_key,))),
}
"""What breaks a workspace so that an audit says this code, and what is brought along."""
ASKED = frozenset({"P095", "P096"})
"""Codes that only a witness that is asked gives cause for; test_witnesses.py has their examples."""

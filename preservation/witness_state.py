"""The state of a witness: its key, the logs that it was told of, and of each the head that it cosigned last.

A witness that forgot what it signed could be led to sign another history. So its state is never made by the way: it is
begun once, a start without it is an error, and a count that is kept in a second place, the mark, shows a state that was
put back. Whatever was signed is on the disk, in both places, before anybody gets the signature.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from casefile.canonical import canonical_json
from casefile.digests import sha256
from casefile.errors import FolderInUse, UsageError, WitnessStateLost
from casefile.events.lock import holding
from preservation.checkpoints import SignedCheckpoint
from preservation.cosignatures import Witness, cosign, with_lines
from preservation.durable import Disk, is_there, storage_errors
from preservation.keys import PRIVATE_FILE, PRIVATE_FOLDER, SigningKey, create_pair
from preservation.notes import ED25519, Note, NoteMalformed, NoteSignature, VerifierKey
from preservation.witnessing import Refusal, Submission, Watched, judge

STATE, KEY, PUBLIC, LOCK, REFUSED = "state.json", "witness.key", "witness.pub", "lock", "refused"
KEPT_REFUSED = 200
"""Signed heads that contradict, kept as evidence: so many for all logs, so that nobody fills the disk with them."""
CLOCK_SET_BACK = 503


@dataclass(frozen=True, slots=True)
class State:
    """What a witness knows. `count` grows with every change; `mark` is the file in a second place that holds it too."""

    name: str
    mark: Path
    count: int
    logs: Mapping[str, Watched]
    last_s: int = 0

    def to_bytes(self) -> bytes:
        """The state as its file holds it."""
        logs = {
            origin: {
                "keys": [str(key) for key in one.keys],
                "newest": one.newest.note.to_bytes().decode("utf-8") if one.newest else "",
            }
            for origin, one in self.logs.items()
        }
        return canonical_json(
            {"name": self.name, "mark": str(self.mark), "count": self.count, "logs": logs, "last_s": self.last_s}
        )

    @classmethod
    def parse(cls, content: bytes) -> State:
        """The state in these bytes; raises ValueError, KeyError or TypeError for any other."""
        stated: Any = json.loads(content)
        logs = {
            origin: Watched(
                tuple(map(VerifierKey.parse, one["keys"])),
                SignedCheckpoint.parse(one["newest"].encode("utf-8")) if one["newest"] else None,
            )
            for origin, one in stated["logs"].items()
        }
        return cls(str(stated["name"]), Path(stated["mark"]), int(stated["count"]), logs, int(stated["last_s"]))


class WitnessState:
    """A witness's folder. Every call reads the state anew under its lock: several processes may serve one witness."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._folder = folder.absolute()
        self._disk = disk or Disk()

    @classmethod
    def begin(cls, folder: Path, name: str, mark: Path, disk: Disk | None = None) -> WitnessState:
        """A new witness with a key of its own; raises FolderInUse, UsageError. Its mark must not exist either."""
        witness = cls(folder, disk)
        if is_there(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise FolderInUse(str(folder))
        mark = mark.expanduser().absolute()
        if is_there(mark) or mark.is_relative_to(witness._folder):
            raise UsageError(f"the mark needs a file of its own outside the witness's folder, which {mark} is not")
        if not name.strip() or any(one.isspace() or one == "+" for one in name):
            raise UsageError("a witness's name is one word without a plus, such as witness.example/partner")
        create_pair(folder / KEY, folder / PUBLIC, witness._disk)
        witness._write(State(name, mark, 1, {}))
        return witness

    @property
    def witness(self) -> Witness:
        """Its name and public key; raises WitnessStateLost, KeyMissing."""
        return Witness(self.read().name, self._key().public)

    def read(self) -> State:
        """The state, once it agrees with its mark; raises WitnessStateLost where it is gone or was put back."""
        content = self._content(self._folder / STATE, "its state is not there")
        try:
            state = State.parse(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WitnessStateLost(str(self._folder / STATE), f"its state cannot be read: {error}") from error
        marked = self._content(state.mark, "the mark of its state is not there")
        if marked == _mark(state, content):
            return state
        count = marked.split(b" ")[0]
        if count.isdigit() and int(count) == state.count - 1:
            # The state was written and the process died: nobody got what it had signed.
            self._disk.replace(state.mark, _mark(state, content), PRIVATE_FILE)
            return state
        shown = count.decode("ascii", "replace")
        raise WitnessStateLost(str(self._folder / STATE), f"its state is number {state.count}, its mark says {shown}")

    def trust(self, key: VerifierKey) -> None:
        """Watch the log whose key this is, or let a further key of it count; raises UsageError for another type."""
        if key.kind != ED25519:
            raise UsageError("a log's key is one of type 1 (Ed25519); `casefile keys card` prints it")
        with holding(self._folder / LOCK):
            state = self.read()
            watched = state.logs.get(key.name, Watched(()))
            if key not in watched.keys:
                self._change(state, key.name, replace(watched, keys=(*watched.keys, key)), state.last_s)

    def cosign(self, content: bytes, now_s: Callable[[], int]) -> NoteSignature | Refusal:
        """The cosignature of a submission, or why there is none. It is durable before it is returned."""
        try:
            asked = Submission.parse(content)
        except NoteMalformed as error:
            return Refusal(400, str(error))
        with holding(self._folder / LOCK):
            state = self.read()
            watched = state.logs.get(asked.checkpoint.head.origin)
            refusal = judge(asked, watched)
            if refusal is not None:
                if refusal.is_contradiction:
                    self._keep_refused(asked.checkpoint)
                return refusal
            time_s = now_s()
            if time_s < state.last_s:
                return Refusal(CLOCK_SET_BACK, "the witness's clock was set back")
            line = cosign(asked.checkpoint, state.name, self._key(), time_s)
            newest = SignedCheckpoint(asked.checkpoint.head, _own(asked.checkpoint, watched, line))
            self._change(state, newest.head.origin, Watched(watched.keys if watched else (), newest), time_s)
            return line

    def newest(self, origin: str) -> SignedCheckpoint | None:
        """The head of that log that was cosigned last, with the log's signature and the cosignature."""
        watched = self.read().logs.get(origin)
        return watched.newest if watched else None

    def refused(self) -> list[Path]:
        """Signed heads that contradict what was cosigned; with the newest head each proves it."""
        folder = self._folder / REFUSED
        return sorted(folder.iterdir()) if is_there(folder) else []

    def _change(self, state: State, origin: str, watched: Watched, time_s: int) -> None:
        logs = {**state.logs, origin: watched}
        self._write(State(state.name, state.mark, state.count + 1, logs, time_s))

    def _write(self, state: State) -> None:
        content = state.to_bytes()
        self._disk.replace(self._folder / STATE, content, PRIVATE_FILE)
        if not is_there(state.mark.parent):
            self._disk.make_directories(state.mark.parent)
        self._disk.replace(state.mark, _mark(state, content), PRIVATE_FILE)

    def _keep_refused(self, head: SignedCheckpoint) -> None:
        folder = self._folder / REFUSED
        content = head.note.to_bytes()
        path = folder / f"{head.head.size:016d}-{sha256(content).partition(':')[2][:16]}"
        if len(self.refused()) < KEPT_REFUSED and not is_there(path):
            self._disk.make_directories(folder)
            self._disk.restrict(folder, PRIVATE_FOLDER)
            self._disk.replace(path, content, PRIVATE_FILE)

    def _key(self) -> SigningKey:
        return SigningKey.read(self._folder / KEY)

    def _content(self, path: Path, problem: str) -> bytes:
        with storage_errors("read", path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise WitnessStateLost(str(path), problem) from error


def _own(head: SignedCheckpoint, watched: Watched | None, line: NoteSignature) -> Note:
    """The head with the signatures of its log's keys and ours, and of nobody else: those were not verified."""
    known = [one for key in (watched.keys if watched else ()) for one in head.note.by(key.name, key.raw, key.kind)]
    return with_lines(Note(head.note.text, tuple(known)), line)


def _mark(state: State, content: bytes) -> bytes:
    return f"{state.count} {sha256(content)}\n".encode("ascii")

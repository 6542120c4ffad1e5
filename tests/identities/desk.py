"""An investigation at work with an identity, in the test's own process, and what lies about afterwards."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefile.records.engine import reading
from casefile.records.identities import IdentityRecord, find_identity
from casefile.records.queries import AttemptRecord, capture_facts, list_attempts
from pipelines.identities import NewIdentity, add_identity
from pipelines.opening import open_investigation
from pipelines.requests import CollectRequest, run_collect
from pipelines.results import Result
from pipelines.services import Services, open_services

from .members import CANARY_TEXT, HANDLE, SESSION, TOKEN, Members

AGENT = "Mozilla/5.0 (Identity; one for all) Reader/7"
NAME = "reader"


def jar_text(*further: str, host: str = "127.0.0.1", session: str = SESSION) -> str:
    """A cookies.txt with the session and a token."""
    lines = ["# Netscape HTTP Cookie File", "", f"#HttpOnly_{host}\tFALSE\t/\tFALSE\t0\tsid\t{session}"]
    lines.append(f"{host}\tFALSE\t/\tFALSE\t4102444800\tcsrf\t{TOKEN}")
    return "\n".join([*lines, *further, ""])


@dataclass
class Desk:
    """One workspace at a time below `folder`, on a machine with one file of uses."""

    folder: Path
    members: Members
    root: Path = Path()
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        port = self.members.site.address.rpartition(":")[2]
        return {
            "CASEFILE_EGRESS__ALLOW": json.dumps([self.members.site.address, f"localhost:{port}"]),
            "CASEFILE_RESERVE__BYTES": "0",
            "CASEFILE_RESERVE__INODES": "0",
            "CASEFILE_IDENTITY__USES_FILE": str(self.folder / "home" / "uses.json"),
            **self.settings,
        }

    def open(self, name: str) -> Desk:
        """Begin an investigation, and work on it from now on."""
        self.root = self.folder / name
        open_investigation(self.root, "A case", "Ana", self.environment)
        return self

    @contextmanager
    def services(self) -> Iterator[Services]:
        with open_services(self.root, self.environment) as services:
            yield services

    def jar(self, text: str = "", name: str = "jar.txt") -> Path:
        path = self.folder / name
        path.write_text(text or jar_text(), "utf-8")
        return path

    def add(self, jar: Path | None = None, **fields: Any) -> IdentityRecord:
        """Register the identity, with a canary unless it is said otherwise."""
        given: dict[str, Any] = {
            "name": NAME,
            "platform": "members",
            "hosts": ("127.0.0.1",),
            "jar": jar or self.jar(),
            "handle": HANDLE,
            "user_agent": AGENT,
            "accept_language": "uk,en;q=0.5",
            "time_zone": "Europe/Kyiv",
            "viewport": "1366x768",
            "canary": self.members.url("/me"),
            "canary_text": CANARY_TEXT,
            **fields,
        }
        with self.services() as services:
            return add_identity(services, NewIdentity(**given), self.notes.append).identity

    def collect(self, *locators: str, identity: str = NAME, **request: Any) -> list[Result]:
        """Collect under the identity; the results in order."""
        asked = CollectRequest(locators=locators, identity=identity, **request)
        with self.services() as services:
            return run_collect(services, asked, lambda _result: None, self.notes.append)

    def identity(self, name: str = NAME) -> IdentityRecord:
        with self.services() as services, reading(services.engine) as rows:
            return find_identity(rows, name)

    def attempts(self) -> list[AttemptRecord]:
        with self.services() as services, reading(services.engine) as rows:
            return list_attempts(rows)

    def facts(self, result: Result) -> Mapping[str, Any]:
        """The record of a result's capture."""
        with self.services() as services, reading(services.engine) as rows:
            return capture_facts(rows, result.capture)

    def places_of(self, words: Sequence[str], *, beside: Sequence[str] = ("keys/identities", "jar")) -> list[str]:
        """The files below the folder that hold one of these words, packed ones unpacked, but for those that may."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            place = path.relative_to(self.folder).as_posix()
            if not path.is_file() or any(one in place for one in beside):
                continue
            content = unpacked(path.read_bytes())
            if any(word.encode() in content for word in words) or any(word in place for word in words):
                found.append(place)
        return found


def unpacked(content: bytes) -> bytes:
    """What is packed, with what is in it behind it: in gzip, and in the members of a zip as a WACZ is one."""
    if content.startswith(b"\x1f\x8b"):
        return content + gzip.decompress(content)
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            return content + b"".join(unpacked(members.read(name)) for name in members.namelist())
    return content

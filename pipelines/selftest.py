"""Trying Casefile on known answers, on this machine: each trial says what it knows and where it knows it from."""

from __future__ import annotations

import hashlib
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.clock import FrozenClock, parse_rfc3339
from casefile.digests import digest_file
from casefile.errors import CasefileError
from casefile.events.envelope import EventOutcome, commitment, leaf_hash
from casefile.events.port import draft
from casefile.events.tree import CompactRange
from casefile.events.types import ToolTested
from casefile.vocabulary import ContainmentLevel
from containment.limits import Limits
from containment.worker import run_worker
from pipelines.audit import audit_workspace
from pipelines.opening import open_investigation
from pipelines.reindex import reindex_workspace
from pipelines.services import Services

SHA256_ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA512_ABC_BEGINS = "sha512:ddaf35a193617abacc417349ae204131"
"""FIPS 180-4, the examples for the message "abc"."""
LIMITS = Limits(wall_s=30, cpu_s=30, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)

Trial = Callable[[Path, ContainmentLevel], bool]


@dataclass(frozen=True, slots=True)
class Tried:
    """The trials that gave the known answer, and those that did not; `event` is the one that says so."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    event: str = ""

    @property
    def ok(self) -> bool:
        """Whether every trial gave the known answer."""
        return not self.failed


def run_selftest(services: Services, level: ContainmentLevel) -> Tried:
    """Run every trial, record the result in the log and return it."""
    passed: list[str] = []
    failed: list[str] = []
    for name, trial in TRIALS.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                good = trial(Path(folder), level)
            except CasefileError as error:
                name, good = f"{name}: {error}", False
        (passed if good else failed).append(name)
    tried = Tried(tuple(passed), tuple(failed))
    (event,) = services.append(
        draft(
            "tool.tested",
            body=ToolTested(passed=tried.passed, failed=tried.failed),
            outcome=EventOutcome(status="passed" if tried.ok else "failed"),
        )
    )
    return replace(tried, event=event)


def _digests(folder: Path, _level: ContainmentLevel) -> bool:
    path = folder / "abc"
    path.write_bytes(b"abc")
    found = digest_file(path)
    return found.sha256 == SHA256_ABC and found.sha512.startswith(SHA512_ABC_BEGINS) and found.size == 3


def _canonical(_folder: Path, _level: ContainmentLevel) -> bool:
    # RFC 8785 section 3.2.3 orders keys by UTF-16 code units: the emoji's surrogates sort before U+FB33.
    value = {"\ufb33": "Hebrew", "\U0001f600": "Emoji", "1": "One"}
    return canonical_json(value) == '{"1":"One","\U0001f600":"Emoji","\ufb33":"Hebrew"}'.encode()


def _tree(_folder: Path, _level: ContainmentLevel) -> bool:
    # RFC 9162 section 2.1.1, worked out by hand for two leaves.
    one, two = leaf_hash(b"1"), leaf_hash(b"2")
    root = hashlib.sha256(b"\x01" + hashlib.sha256(b"\x001").digest() + hashlib.sha256(b"\x002").digest()).digest()
    return CompactRange().extend([one, two]).root() == root


def _commitment(_folder: Path, _level: ContainmentLevel) -> bool:
    return commitment(b"\x00" * 32, b"abc") == "sha256:" + hashlib.sha256(b"\x00" * 32 + b"abc").hexdigest()


def _containment(folder: Path, level: ContainmentLevel) -> bool:
    """A worker without network asks a listener of this process for a connection, and gets none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        request = {"port": listener.getsockname()[1]}
        result = run_worker("containment.trial", request, None, folder / "out", limits=LIMITS, egress=None, level=level)
    # At the weak level nothing is enforced, and each capture says so.
    return result.answer.get("connected") is (level is ContainmentLevel.WEAK)


def _audit_sees_a_change(folder: Path, _level: ContainmentLevel) -> bool:
    """A new workspace is sound; after one byte of its journal is changed, it is not."""
    root = folder / "workspace"
    clock = FrozenClock(parse_rfc3339("2026-01-01T00:00:00Z"))
    open_investigation(root, "Selftest", "Selftest", {}, clock)
    sound = audit_workspace(root, {}).ok
    (root / "casefile.db").unlink()
    reindex_workspace(root, {})
    rebuilt = audit_workspace(root, {}).ok
    journal = root / "log" / "journal" / "0000"
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(bytes(content))
    return sound and rebuilt and not audit_workspace(root, {}).ok


TRIALS: Mapping[str, Trial] = {
    "digests of known bytes (FIPS 180-4)": _digests,
    "canonical JSON (RFC 8785)": _canonical,
    "tree head of two leaves (RFC 9162)": _tree,
    "salted commitment": _commitment,
    "a worker without network reaches nothing": _containment,
    "an audit sees one changed bit, a rebuild changes nothing": _audit_sees_a_change,
}

"""Packages of others: checked, kept whole and as they came, and cited by an event. Their log is never mixed with ours.

What is in one is not an item here: it stays what it was there, provable by its own log.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from casefile.errors import FolderInUse, IntegrityError, StorageFailed, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_packages import PackageReceived, PackageSender
from casefile.ids import is_uuid
from casefile.model import readable
from casefile.records.acts import list_acts
from casefile.records.engine import Engine, reading
from casefile.workspace import Workspace
from disclosure.check_package import (
    ARCHIVE,
    SIGNATURE,
    UNFORESEEN,
    Archive,
    Folder,
    Refused,
    Report,
    check,
    is_encrypted,
    is_of_volumes,
    verdict,
)
from disclosure.contents import Earlier
from disclosure.encryption import decryption_line
from pipelines.services import Services
from preservation.durable import READ_ONLY_DIRECTORY, READ_ONLY_FILE, Disk, is_there, storage_errors
from preservation.problems import Problem, problem
from preservation.vault import locked

SIGNED = re.compile(r"casefile package\npackage (\S+)\nlog (\S+)\nhead (\d{1,16}) ")


class PackageUnsound(IntegrityError):
    """A package that was brought is not one that holds; nothing of this workspace is."""

    def advice(self) -> str:
        return "Keep it as it came, and ask whoever made it for another copy. This workspace is not concerned."


@dataclass(frozen=True, slots=True)
class Received:
    """A package that was taken in: what it says of itself, where it is kept, and how its check ended."""

    package: str
    log: str
    size: int
    signature: str
    path: Path
    verdict: str


def receive(services: Services, source: Path, sender: str, words: str = "", *, log_key: str = "") -> Received:
    """Take in a package from elsewhere, which is checked before and after it is copied.

    A run that died before it recorded the package is finished by the next one. Raises UsageError without a sender
    and for what is encrypted or several volumes, PackageUnsound for a package that fails, FolderInUse for one that is
    here.
    """
    if not sender.strip():
        raise UsageError("a package comes from somebody; name them with --from")
    _require_one(source)
    report = _checked(source, log_key)
    signature, found = signed_by(source)
    target = services.workspace.received / (found[1] + (ARCHIVE if source.is_file() else ""))
    other = target.with_name(found[1] + ("" if source.is_file() else ARCHIVE))
    disk = Disk(services.reached)
    if is_there(other):
        raise FolderInUse(str(other))
    if not is_there(target):
        _take_in(source, target, log_key, disk)
    elif _is_recorded(services, found[1]) or signed_by(target)[0] != signature:
        raise FolderInUse(str(target))
    else:
        _checked(target, log_key, IntegrityError)
        disk.sync_directory(target.parent)
    body = PackageReceived(
        package=found[1],
        log=found[2],
        size=int(found[3]),
        signature=signature,
        files=report.counts["files"],
        bytes=report.counts["bytes"],
        verdict=verdict(report)[1],
    )
    personal = PackageSender(sender=readable(sender.strip()), words=readable(words))
    services.append(
        draft(
            "package.received",
            Subject(kind="package", id=body.package),
            body=body,
            personal=personal,
            outcome=EventOutcome(status="received"),
        )
    )
    return Received(body.package, body.log, body.size, signature, target, body.verdict)


def _take_in(source: Path, target: Path, log_key: str, disk: Disk) -> None:
    """Copy a package to its place, where it is whole or not at all."""
    disk.make_directories(target.parent)
    # One at a time: what lies there unfinished is then of a run that died.
    with locked(target.parent, alone=True):
        for left in target.parent.glob(f".{target.name}.????????.part"):
            _discard(left)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            _copy(source, part, disk)
            _checked(part, log_key, IntegrityError)
            disk.rename_exclusive(part, target)
            disk.sync_directory(target.parent)
        finally:
            _discard(part)


def _is_recorded(services: Services, package: str) -> bool:
    with reading(services.engine) as connection:
        acts = list_acts(connection, "package.received")
    return any(json.loads(act.body)["package"] == package for act in acts if act.body)


def earlier_package(services: Services, path: Path, recipient: str) -> Earlier:
    """A package of this investigation that another one for the same recipient is to add to.

    Raises UsageError for one that was not released here, or for somebody else, who would be told of it, and for what is
    encrypted or several volumes; PackageUnsound for one that does not hold.
    """
    if not path.exists():
        raise UsageError(f"there is no package at {path}")
    _require_one(path)
    _checked(path, "")
    signature, found = signed_by(path)
    with reading(services.engine) as connection:
        released = [json.loads(act.body)["signature"] for act in list_acts(connection, "package.released") if act.body]
    if signature not in released:
        raise UsageError(f"this investigation released no package whose signature has the digest {signature}")
    described = json.loads(document(path, "data/package.json"))
    if described["recipient"] != recipient:
        raise UsageError(f"{path} was made for somebody else than {recipient}, who has nothing of it")
    # Of a volume only what lies in that very volume: the others are not what is cited.
    place = described["volumes"]["ids"].index(found[1]) + 1 if "volumes" in described else 0
    whole = {
        one["id"]: one["inventory"]
        for one in described["captures"]
        if not one.get("withheld") and "earlier" not in one and one.get("volume", 0) == place
    }
    return Earlier(found[1], signature, whole)


def holding(workspace: Workspace, digests: Collection[str]) -> tuple[str, ...]:
    """Where packages that were received hold any of these bytes, by path: they stay as they came. One that cannot be
    read may hold them.
    """
    found: list[str] = []
    for package in sorted(workspace.received.iterdir()) if workspace.received.is_dir() else ():
        where = package.relative_to(workspace.root)
        try:
            listed = document(package, "manifest-sha256.txt").decode("utf-8", "replace")
        except IntegrityError:
            found.append(f"{where} (cannot be read)")
            continue
        lines = (line.partition("  ") for line in listed.splitlines())
        found += [f"{where}/{path}" for digest, _gap, path in lines if f"sha256:{digest}" in digests]
    return tuple(found)


def received_problems(workspace: Workspace, engine: Engine) -> Iterator[Problem]:
    """What an audit finds of the packages that the log says were received: each has to be there and hold."""
    with reading(engine) as connection:
        bodies = [json.loads(act.body) for act in list_acts(connection, "package.received") if act.body]
    for body in bodies:
        folder = workspace.received / body["package"]
        place = folder if folder.is_dir() else folder.with_name(f"{folder.name}{ARCHIVE}")
        where = str(place.relative_to(workspace.root))
        if not place.exists():
            yield problem("P065", where, reason="it is not there")
            continue
        failures = check(str(place)).failures
        if failures:
            yield problem("P065", where, reason=f"{failures[0].code} {failures[0].path}: {failures[0].what}")
        elif signed_by(place)[0] != body["signature"]:
            yield problem("P065", where, reason="it is another one than was received")


def _require_one(path: Path) -> None:
    """Raise UsageError for what has to be decrypted or named volume by volume first."""
    if is_encrypted(str(path)):
        raise UsageError(f"{path} is encrypted, and only who has the key opens it: {decryption_line(path.name)}")
    if is_of_volumes(str(path)):
        raise UsageError(f"{path} is a folder of volumes; name each volume by itself")


def _checked(path: Path, log_key: str, error: type[IntegrityError] = PackageUnsound) -> Report:
    report = check(str(path), log_key)
    if report.failures:
        first = report.failures[0]
        raise error(f"the package does not hold: {first.code} {first.path} {first.what}")
    return report


def signed_by(path: Path) -> tuple[str, re.Match[str]]:
    """The digest of a checked package's signature, and what it is over."""
    note = document(path, SIGNATURE)
    found = SIGNED.match(note.decode("utf-8"))
    if found is None or not is_uuid(found[1]) or found[1] != found[1].lower():
        raise PackageUnsound("the package does not say which one it is")
    return sha256(note), found


def document(path: Path, name: str) -> bytes:
    """A document of a package, in a folder or a .zip. Raises IntegrityError where there is none that can be read."""
    source: Archive | Folder | None = None
    try:
        source = Folder(str(path)) if path.is_dir() else Archive(str(path))
        source.sizes()
        with source.open(name) as stream:
            return stream.read()
    except (Refused, *UNFORESEEN) as error:
        raise IntegrityError(f"{path} has no {name} that can be read: {error}") from error
    finally:
        if source is not None:
            source.close()


def _copy(source: Path, target: Path, disk: Disk) -> None:
    """The package as it is, closed to writing and on the disk."""
    if source.is_file():
        _copy_file(source, target)
        disk.sync_file(target)
        return
    paths = [target / path for path in Folder(str(source)).sizes()]
    for path in paths:
        _copy_file(source / path.relative_to(target), path)
    disk.sync_files(paths)
    for folder in sorted({above for path in paths for above in path.parents if above.is_relative_to(target)})[::-1]:
        disk.sync_directory(folder)
        # A folder that its owner may not write cannot be renamed.
        if folder != target:
            disk.restrict(folder, READ_ONLY_DIRECTORY)


def _copy_file(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target, follow_symlinks=False)
    except OSError as error:
        raise StorageFailed("copy", str(target), error.strerror or str(error)) from error
    target.chmod(READ_ONLY_FILE)


def _discard(part: Path) -> None:
    """Remove what did not become a package; nothing where it did."""
    if part.is_dir():
        for folder in [part, *(path for path in part.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        shutil.rmtree(part)
    with storage_errors("unlink", part):
        part.unlink(missing_ok=True)

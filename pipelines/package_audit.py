"""Auditing a package: what its own checker says of it, as an audit of a workspace says things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casefile.errors import UsageError, WorkspaceUnusable
from casefile.settings import FILE_NAME
from disclosure.check_package import ARCHIVE, CODES, VOLUMES, Report, check, is_encrypted, verdict
from disclosure.encryption import ENDING, decryption_line
from pipelines.audit import AuditReport
from preservation.problems import KINDS, Kind, Problem

MARKS = ("bagit.txt", "manifest-sha512.txt", "check_package.py", VOLUMES)
NOT_SEEN = (
    "A check of a package cannot tell whether what was collected is true, or who really used a name.",
    "Nor can it tell that nothing else was ever collected than the totals of its log say.",
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is checked together with a package: the one that it adds to, its other volumes, keys of witnesses."""

    since: Path | None = None
    volumes: tuple[Path, ...] = ()
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageAudit:
    """The report, and the checker's last line, which says whether the keys are known from outside."""

    report: AuditReport
    verdict: str
    unchecked: tuple[tuple[str, str], ...]


def is_package(path: Path) -> bool:
    """Whether that is a package and no workspace, also one that has lost some of its files."""
    return path.suffix in (ARCHIVE, ENDING) or (
        not (path / FILE_NAME).exists() and any((path / name).exists() for name in MARKS)
    )


def audit_package(path: Path, log_key: str = "", root_key: str = "", beside: Beside | None = None) -> PackageAudit:
    """Check a package at `path`, with the fingerprints that somebody deposited outside where they are given.

    Raises WorkspaceUnusable when there is nothing, UsageError for what is encrypted and for a key that is no witness's.
    """
    if not path.exists():
        raise WorkspaceUnusable(str(path), "there is nothing here")
    if is_encrypted(str(path)):
        raise UsageError(f"{path} is encrypted, and nothing of it can be checked before: {decryption_line(path.name)}")
    given = beside or Beside()
    since = str(given.since) if given.since is not None else ""
    volumes = [str(one) for one in given.volumes]
    try:
        report = check(str(path), log_key, root_key, since=since, volumes=volumes, witnesses=given.witnesses)
    except ValueError as error:
        raise UsageError(f"--witness needs the verifier key from a witness's card: {error}") from error
    problems = tuple(Problem(one.code, one.what, one.path) for one in report.failures)
    unchecked = tuple((one.what, one.command) for one in report.lines if one.verdict == "NOT CHECKED")
    limits = (_keys(report), *(f"NOT CHECKED: {what}" for what, _command in unchecked), *NOT_SEEN)
    return PackageAudit(AuditReport(problems, report.counts, limits), verdict(report)[1], unchecked)


def kinds_of_findings() -> dict[str, Kind]:
    """Every code that an audit can name, of workspaces and of packages."""
    return {**KINDS, **{code: Kind(text, rule) for code, (text, rule) in CODES.items()}}


def _keys(report: Report) -> str:
    if not report.opened:
        return "Nothing but the list of the volumes was read, which nobody has signed."
    if report.trusted:
        return "The key is the one whose fingerprint was given; whether that was deposited in time, no check can tell."
    return "No fingerprint was given from outside: the keys of the package are self-asserted."

"""`casefile audit`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casefile.errors import UsageError
from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:
    from pipelines.audit import AuditReport

INTEGRITY = 5
SHOWN_OF_A_KIND = 20
"""So that one lost file is not buried under a thousand changed permissions."""


def audit(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="The workspace or the package to audit, when it is not the current workspace.")
    ] = None,
    sample: Annotated[int, typer.Option(min=0, help="Read the bytes of only so many objects, chosen at random.")] = 0,
    head: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A signed head held outside; the log must begin with it."),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A witness's key, from its card; again for more."),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the witnesses of the settings what they hold.")] = False,
    root: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="The root key's fingerprint, from the card that was deposited.")
    ] = "",
    evidence: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where two heads that contradict each other go, to prove it to others."),
    ] = None,
    log_key: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="Of a package: the fingerprint of the log's key, from outside.")
    ] = "",
    root_key: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="Of a package: the fingerprint of the root key, from outside.")
    ] = "",
    since: Annotated[
        Path | None, typer.Option(metavar="PACKAGE", help="Of a package: the earlier one that it adds to.")
    ] = None,
    volume: Annotated[
        list[Path] | None,
        typer.Option(metavar="PACKAGE", help="Of a package: another of its volumes; again for more."),
    ] = None,
) -> int:
    """Check every byte of the vault, every record of the log and every row of the database against each other.

    Of a package: every byte, proof and signature, as the check_package.py in it does.
    """
    from pipelines.audit import audit_workspace
    from pipelines.outside import Outside
    from pipelines.package_audit import Beside, audit_package, is_package

    invocation: Invocation = context.obj
    of_workspace = {"--sample": sample, "--head": head, "--ask": ask, "--root": root, "--evidence": evidence}
    of_package = {"--log-key": log_key, "--root-key": root_key, "--since": since, "--volume": volume}
    if path is not None and is_package(path):
        _require_unused(of_workspace, "a workspace", "a package")
        checked = audit_package(path, log_key, root_key, Beside(since, tuple(volume or ()), tuple(witness or ())))
        return _tell(checked.report, invocation.json, "Keep the package as it is.", checked.verdict)
    _require_unused(of_package, "a package", "a workspace")
    outside = Outside(head, tuple(witness or ()), ask, root)
    report = audit_workspace(path or invocation.workspace, invocation.environment, sample, outside)
    contradiction = report.outside.contradiction if report.outside else None
    if evidence is not None and contradiction is not None:
        from preservation.durable import Disk

        Disk().replace(evidence.absolute(), contradiction.to_bytes())
    return _tell(report, invocation.json, "Keep the workspace as it is.")


def _require_unused(options: Mapping[str, object], kind: str, given: str) -> None:
    """Nothing that was asked for is passed over: a check that did not take place would be taken for one that passed."""
    if used := [name for name, value in options.items() if value]:
        raise UsageError(f"{', '.join(used)}: only for the audit of {kind}, and this is {given}")


def _tell(report: AuditReport, as_json: bool, kept: str, verdict: str = "") -> int:
    from pipelines.audit import report_json

    if as_json:
        output.document(report_json(report) | ({"verdict": verdict} if verdict else {}))
    else:
        _say(report, kept)
        if verdict:
            output.line(verdict)
    return 0 if report.ok else INTEGRITY


def _say(report: AuditReport, kept: str) -> None:
    told = Counter[str]()
    for found in report.problems:
        told[found.code] += 1
        if told[found.code] <= SHOWN_OF_A_KIND:
            named = f" {found.item}" if found.item else ""
            output.line(f"{found.code} {found.path}{named}: {found.text}")
    for code, number in told.items():
        if number > SHOWN_OF_A_KIND:
            output.line(f"{code}: {number - SHOWN_OF_A_KIND} more; --json names them all")
    counted = ", ".join(f"{count} {what}" for what, count in report.checked.items())
    output.line(f"Checked {counted or 'as far as the first problem'}.")
    output.line("Nothing was found." if report.ok else f"{output.counted(len(report.problems), 'problem')}. {kept}")
    for limit in report.not_seen:
        output.line(limit)

"""The event of an examination. Pure: what was found goes into the body, what a file says of itself is erasable."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft, made_with
from casefile.events.types import ItemClaims, ItemExamined
from casefile.ids import ToolId
from casefile.model import readable
from verification.interface import CheckResult, FileExamination, Finding

MAX_RAW_CHARACTERS = 65_536
"""Of what ExifTool printed; the findings say when it was longer, and the file in the vault is the original."""


def examined(item: str, found: FileExamination, raw: bytes | None, tools: Sequence[ToolId]) -> Draft:
    """One item was examined: `raw` is what the metadata reader printed, `tools` are the register ids of the batch's."""
    body = ItemExamined(
        findings=tuple(_without_claims(finding) for finding in found.findings),
        fingerprints=tuple(fingerprint.plain() for fingerprint in found.fingerprints),
    )
    claims = tuple(
        {"check": finding.check, "claims": plain["claims"], "conflicts": plain["conflicts"]}
        for finding in found.findings
        if finding.claims or finding.conflicts
        for plain in (finding.plain(),)
    )
    text = readable(raw.decode("utf-8", "replace"), MAX_RAW_CHARACTERS) if raw is not None else None
    event = draft(
        "item.examined",
        Subject(kind="item", id=item),
        body=body,
        personal=ItemClaims(claims=claims, raw=text),
        outcome=EventOutcome(status=outcome_of(found)),
    )
    return made_with(event, tools)


def outcome_of(found: FileExamination) -> str:
    """`inconclusive` when a check could not be run to its end, else `examined`."""
    stopped = any(finding.result is CheckResult.INCONCLUSIVE for finding in found.findings)
    return "inconclusive" if stopped else "examined"


def _without_claims(finding: Finding) -> dict[str, object]:
    plain = finding.plain()
    return {name: value for name, value in plain.items() if name not in ("claims", "conflicts")}

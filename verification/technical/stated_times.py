"""All times stated about one file side by side: by itself, by its page, by its platform's identifier. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from verification.interface import CheckName, CheckResult, Claim, ClaimField, Finding, Specimen, result_of
from verification.technical.claims import TIME_FIELDS, conflicts_of
from verification.technical.platform_times import platform_times
from verification.technical.times import iso_time

VERSION = "1"


def stated_times(specimen: Specimen, findings: Iterable[Finding]) -> Finding:
    """The finding: every time claimed in the other findings, by the page and by the locator, and their conflicts."""
    claims = [claim for finding in findings for claim in finding.claims if claim.field in TIME_FIELDS]
    claims += page_time(specimen.claimed_time)
    claims += platform_times(specimen.locator)
    conflicts = conflicts_of(claims)
    return Finding(
        check=CheckName.TIMES,
        version=VERSION,
        result=result_of((), conflicts) if claims else CheckResult.NOT_APPLICABLE,
        input=f"sha256:{specimen.file}",
        claims=tuple(claims),
        conflicts=conflicts,
    )


def page_time(written: str) -> tuple[Claim, ...]:
    """What the page says about when it was posted; text that is no time is kept as text and compared with nothing."""
    if not written:
        return ()
    told = iso_time(written)
    return (
        Claim(
            field=ClaimField.POSTED if told else "claimed_time",
            value=told or written,
            origin="page:claimed-time",
            as_written=written if told and told != written else "",
        ),
    )

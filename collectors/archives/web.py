"""WARC and WACZ of others: every record with its address, its time and its digests, recomputed."""

from __future__ import annotations

from pathlib import Path

from casefile.archives import ArchiveClaim, ArchiveKind, Bearing, ClaimField, EntryKind
from collectors.archives.telling import Telling, claim
from collectors.wacz.reading import read_wacz
from collectors.wacz.records import FIELDS_TYPE, Claimed, NotAWarc, WarcRecord, read_warc

MOST_BYTES = 64 << 30
"""What may come out of one WARC."""
TOLD = ("response", "revisit", "resource", "conversion")
KINDS = {"response": EntryKind.RECORD, "revisit": EntryKind.RECORD}
OF_WARCINFO = {
    "software": ClaimField.TOOL,
    "operator": ClaimField.AUTHOR,
    "ispartof": ClaimField.TITLE,
    "casefile-fidelity": ClaimField.FIDELITY,
}


def read_a_warc(path: Path) -> Telling:
    """The WARC at `path`."""
    telling = Telling(ArchiveKind.WARC)
    with path.open("rb") as file:
        try:
            for record in read_warc(file, most_bytes=MOST_BYTES):
                tell_record(telling, record, "")
        except NotAWarc as error:
            telling.problem("record-damaged", error.problem, f"byte {error.offset}")
    return telling


def read_a_wacz(path: Path) -> Telling:
    """The WACZ at `path`, with everything about it that does not hold."""
    telling = Telling(ArchiveKind.WACZ)
    found = read_wacz(path, visit=lambda name, record: tell_record(telling, record, f"archive/{name} "))
    told = found.package
    telling.say(
        claim(ClaimField.TOOL, told.get("software"), "datapackage.json software"),
        claim(ClaimField.CAPTURED, told.get("created"), "datapackage.json created"),
        claim(ClaimField.TITLE, told.get("title"), "datapackage.json title"),
        claim(ClaimField.LOCATOR, told.get("mainPageUrl"), "datapackage.json mainPageUrl"),
    )
    for number, page in enumerate(found.pages, start=1):
        origin = "pages/pages.jsonl"
        telling.entry(
            EntryKind.PAGE,
            f"{origin} page {number}",
            claim(ClaimField.LOCATOR, page.locator, f"{origin} url"),
            claim(ClaimField.CAPTURED, page.time, f"{origin} ts"),
            claim(ClaimField.TITLE, page.title, f"{origin} title"),
            claim(ClaimField.TEXT, page.text, f"{origin} text"),
        )
    for problem in found.problems:
        telling.problem(problem.code, problem.text, problem.member)
    return telling


def tell_record(telling: Telling, record: WarcRecord, place: str) -> None:
    """One record of a WARC: those that hold what was collected are entries, `warcinfo` speaks for the archive."""
    if record.kind == "warcinfo" and record.media_type == FIELDS_TYPE:
        telling.say(*_of_warcinfo(record))
    if record.kind not in TOLD:
        return
    telling.entry(
        KINDS.get(record.kind, EntryKind.RESOURCE),
        f"{place}byte {record.offset}",
        claim(ClaimField.LOCATOR, record.locator, "WARC-Target-URI"),
        claim(ClaimField.CAPTURED, record.date, "WARC-Date"),
        claim(ClaimField.STATUS, record.status, "HTTP status line"),
        claim(ClaimField.MEDIA_TYPE, record.media_type, "Content-Type"),
        claim(ClaimField.PEER, record.headers.get("warc-ip-address"), "WARC-IP-Address"),
        _digest(record.block_digest, "WARC-Block-Digest"),
        _digest(record.payload_digest, "WARC-Payload-Digest"),
    )


def _digest(claimed: Claimed | None, origin: str) -> ArchiveClaim | None:
    if claimed is None:
        return None
    bears = {True: Bearing.MATCHES, False: Bearing.DIFFERS, None: None}[claimed.holds]
    return claim(ClaimField.DIGEST, claimed.text, origin, bears)


def _of_warcinfo(record: WarcRecord) -> list[ArchiveClaim | None]:
    told = []
    for line in record.body_start.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        wanted = OF_WARCINFO.get(name.strip().lower())
        if wanted is not None:
            told.append(claim(wanted, value, f"warcinfo {name.strip().lower()}"))
    return told

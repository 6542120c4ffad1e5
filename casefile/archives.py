"""What an archive made by other tools says, as claims of whoever made it: never observations of ours.

Each claim keeps where it stands. `bears` says whether bytes that are here bear it out; it is absent where nothing here
could tell.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from casefile.model import Text, Value


class ArchiveKind(StrEnum):
    """What made it, or in which form; `unknown` where it could not be read so far."""

    WARC = "warc"
    WACZ = "wacz"
    MHTML = "mhtml"
    HAR = "har"
    SINGLEFILE = "singlefile"
    TELEGRAM = "telegram"
    HUNCHLY = "hunchly"
    ATLOS = "atlos"
    AUTO_ARCHIVER = "auto-archiver"
    UNKNOWN = "unknown"


class EntryKind(StrEnum):
    """What an entry of an archive is."""

    RECORD = "record"
    PAGE = "page"
    RESOURCE = "resource"
    POST = "post"
    FILE = "file"
    INCIDENT = "incident"
    NOTE = "note"
    ROW = "row"


class ClaimField(StrEnum):
    """What a claim is about."""

    LOCATOR = "locator"
    CAPTURED = "captured"
    POSTED = "posted"
    EDITED = "edited"
    TITLE = "title"
    AUTHOR = "author"
    TEXT = "text"
    TOOL = "tool"
    FIDELITY = "fidelity"
    MEDIA_TYPE = "media-type"
    STATUS = "status"
    DIGEST = "digest"
    BYTES = "bytes"
    FILE = "file"
    PEER = "peer"
    IDENTIFIER = "identifier"
    REPLY_TO = "reply-to"
    FORWARDED_FROM = "forwarded-from"
    PLACE = "place"


class Bearing(StrEnum):
    """How bytes that are here stand to a claim about them."""

    MATCHES = "matches"
    DIFFERS = "differs"
    ABSENT = "absent"


class ArchiveClaim(Value):
    """One value claimed by a third party, and where it stands."""

    field: ClaimField
    value: Text
    origin: Text
    bears: Bearing | None = None


class ArchiveEntry(Value):
    """A record, page, message or file of an archive, at `where` in it."""

    kind: EntryKind
    where: Text
    claims: tuple[ArchiveClaim, ...] = ()


class ArchiveProblem(Value):
    """Something of an archive that does not hold or could not be read; `code` is stable."""

    code: Text
    text: Text
    where: Text = ""


class ArchiveSummary(Value):
    """How much an archive holds: all of its entries, how many of them are listed, and what their claims came to."""

    entries: int = Field(ge=0)
    listed: int = Field(ge=0)
    matches: int = Field(default=0, ge=0)
    differs: int = Field(default=0, ge=0)
    absent: int = Field(default=0, ge=0)
    problems: int = Field(default=0, ge=0)


class ArchiveContent(Value):
    """An archive as it was read: what it says of itself, of its entries, and what does not hold."""

    kind: ArchiveKind
    summary: ArchiveSummary
    claims: tuple[ArchiveClaim, ...] = ()
    entries: tuple[ArchiveEntry, ...] = ()
    problems: tuple[ArchiveProblem, ...] = ()

"""The values that pass between rooms: frozen, validated when made, written as canonical JSON.

A worker answers with a `Received`; nothing in it is believed until the parent has hashed the files and checked the
paths. Sealing turns it into a `CaptureRecord`, which is both `capture.json` in the vault and the body of the event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from casefile.canonical import Json, canonical_json
from casefile.clock import ClockReading
from casefile.digests import Digest, sha256
from casefile.naming import plainly_named
from casefile.vocabulary import (
    Access,
    Acquisition,
    Cause,
    ContainmentLevel,
    Content,
    Fidelity,
    FileKind,
    Outcome,
    Purpose,
    Role,
)  # fmt: skip

SAFE_PATH = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}(?:/[a-z0-9][a-z0-9._-]{0,63}){0,3}", re.ASCII)
"""Names that we make. A collected name is never one of them."""

SafePath = Annotated[str, StringConstraints(pattern=f"^{SAFE_PATH.pattern}$")]
Text = Annotated[str, StringConstraints(max_length=65_536)]
"""Text that came from outside; lone surrogates are replaced before it gets here."""


class Value(BaseModel):
    """A frozen value that refuses unknown fields; `plain` is what canonical JSON is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    def plain(self) -> dict[str, Json]:
        """Only strings, integers, booleans, lists and objects; absent values are left out."""
        plain: dict[str, Json] = _without_null(self.model_dump(mode="json"))
        return plain

    def canonical(self) -> bytes:
        """The bytes that are hashed and stored."""
        return canonical_json(self.plain())


def _without_null(value: Any) -> Any:
    """A dumped value, which is of plain types only, without the keys whose value is null."""
    if type(value) is dict:
        return {key: one if type(one) is str else _without_null(one) for key, one in value.items() if one is not None}
    if type(value) is list:
        return [_without_null(one) for one in value]
    return value


class ClockRecord(Value):
    """The clock as it is written in an envelope and in a capture."""

    boot: str
    monotonic_ns: str
    source: str
    offset_ms: int | None = None

    @classmethod
    def of(cls, reading: ClockReading) -> Self:
        return cls(
            boot=reading.boot,
            monotonic_ns=str(reading.monotonic_ns),
            source=reading.source,
            offset_ms=reading.offset_ms,
        )


class ToolUse(Value):
    """A program or library that had part in a capture or a check, as it was at that moment."""

    name: str
    version: str
    path: str = ""
    sha256: str = ""


MOST_TOOLS = 100
NamedTool = Annotated[ToolUse, AfterValidator(plainly_named)]
"""A tool as a worker names it."""


class SentRequest(Value):
    """A request that was no plain GET or HEAD: its method, its target, and the digest and length of its body."""

    method: str
    target: Text
    sha256: str
    bytes: int = Field(ge=0)


class Alteration(Value):
    """A request that the instrument refused or changed: `what` of it, `where` (host:port), why, and how often.

    `by` says who did it and tells so: the broker, or the method of itself.
    """

    by: Literal["broker", "method"]
    kind: Literal["refused", "withheld", "replaced"]
    what: Text
    where: Text
    why: Text
    count: int = Field(default=1, ge=1)


class Contact(Value):
    """One connection that left, or was refused, at the egress broker. Times are RFC 3339, UTC.

    `upstream` is the proxy that it went through: then the proxy looked the name up and chose the address, and neither
    is known here. `failed` is the cause, in one word, where no connection came about.
    `recording` is there in recording mode: `whole`, or what of the connection was not kept and why.
    `methods` says how many requests of each method passed, or that the inside of the tunnel was not visible; `requests`
    are those that were no plain GET or HEAD; `changed` names headers that were not passed on as they came.
    """

    host: Text
    port: int
    resolved: tuple[str, ...] = ()
    address: str = ""
    started_at: str
    ended_at: str
    bytes_sent: int = Field(default=0, ge=0)
    bytes_received: int = Field(default=0, ge=0)
    refused: str = ""
    allowance: str = ""
    upstream: str | None = None
    failed: str | None = None
    recording: Text | None = None
    methods: Text | None = None
    requests: tuple[SentRequest, ...] | None = None
    changed: tuple[str, ...] | None = None


class Exchange(Value):
    """One request and its response. Lengths are in bytes; `length` says how far the end is known to be the end.

    `sent_sha256` and `sent_bytes` are of the body of the request, where it had one. `certificate` is the SHA-256 of the
    certificate that the site showed and that was verified, where the worker saw it.
    """

    method: str
    locator: Text
    status: int = 0
    redirect_to: Text = ""
    peer: str = ""
    declared_media_type: Text = ""
    content_encoding: Text = ""
    wire_bytes: int = 0
    decoded_bytes: int = 0
    length: Literal["verified", "unverified", "short", "over"] = "unverified"
    started_at: str
    ended_at: str
    error: Text = ""
    sent_sha256: str | None = None
    sent_bytes: int | None = None
    certificate: str | None = None


class ReceivedFile(Value):
    """A file in a worker's output folder, by the path that the worker gave it."""

    path: SafePath
    kind: FileKind
    fidelity: Fidelity
    media_type: Text = ""
    derived_from: tuple[str, ...] = ()
    command: tuple[Text, ...] = ()


class ReceivedItem(Value):
    """One thing that people will assess: its content files, where it came from, and what it calls itself.

    `files` are paths of content files. `wire_sha256` and `wire_bytes` describe the body as sent when that is not
    the body as decoded.
    """

    locator: Text
    role: Role
    files: tuple[SafePath, ...]
    name: Text = ""
    media_type: Text = ""
    declared_media_type: Text = ""
    title: Text = ""
    author: Text = ""
    claimed_time: Text = ""
    text: Text = ""
    content: Content = Content.PRESENT
    content_reason: Text = ""
    wire_sha256: str = ""
    wire_bytes: int = 0


class Wanted(Value):
    """A body that is to be taken out of the record of what passed, into a content file of that path.

    It is of the answer to a GET of `locator` with this status, the `nth` (from 0) of those in the order in which they
    came.
    """

    path: SafePath
    locator: Text
    status: int
    nth: int = Field(default=0, ge=0)


class Received(Value):
    """What a capture worker answers. `cause` is absent only when all went well.

    `suggests` names another method that may bring what this one left behind, such as the video that a page shows.
    Files that are `wanted` are not among `files` yet: their bytes passed the egress broker, and its record has them.
    """

    outcome: Outcome
    cause: Cause | None = None
    detail: Text = ""
    advice: Text = ""
    retry_after_s: int = 0
    suggests: Text = ""
    files: tuple[ReceivedFile, ...] = ()
    items: tuple[ReceivedItem, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    tools: tuple[NamedTool, ...] = Field(default=(), max_length=MOST_TOOLS)
    alterations: tuple[Alteration, ...] = ()
    wanted: tuple[Wanted, ...] = ()

    @model_validator(mode="after")
    def _items_name_content_files(self) -> Self:
        content = {file.path for file in self.files if file.kind is FileKind.CONTENT}
        content |= {one.path for one in self.wanted}
        for item in self.items:
            if not item.files or not set(item.files) <= content:
                raise ValueError("an item names a file that is not a content file of this capture")
        paths = [file.path for file in self.files] + [one.path for one in self.wanted]
        if len(set(paths)) != len(paths):
            raise ValueError("two files have one path")
        if self.items and self.outcome not in (Outcome.CAPTURED, Outcome.PARTIAL):
            raise ValueError(f"{self.outcome} cannot have items")
        if not self.items and self.outcome in (Outcome.CAPTURED, Outcome.PARTIAL):
            raise ValueError(f"{self.outcome} without an item")
        return self


class SealedFile(Value):
    """A file in the vault: its path under `content/` of its object, both digests, length in bytes."""

    path: SafePath
    kind: FileKind
    fidelity: Fidelity
    media_type: str = ""
    sha256: str
    sha512: str
    bytes: int
    derived_from: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class SealedItem(Value):
    """An item as it was captured; its id follows from the capture's id and its position."""

    position: int
    locator: str
    role: Role
    files: tuple[str, ...]
    name: str = ""
    media_type: str = ""
    declared_media_type: str = ""
    title: str = ""
    author: str = ""
    claimed_time: str = ""
    text: str = ""
    content: Content
    content_reason: str = ""
    sha256: str
    bytes: int
    wire_sha256: str = ""
    wire_bytes: int = 0


class SelftestCited(Value):
    """The last selftest before a capture: its event, how it ended (`none`: there was none) and its age in seconds."""

    event: str = ""
    status: str = "none"
    age_s: int = Field(default=0, ge=0)


class Environment(Value):
    """What a collecting process ran on. Names of machines and people are left out.

    `code` is the commit of a checkout, ending in `-dirty` when files differ from it; empty where Casefile is installed
    without one. `lock` is the digest of the list of pinned packages beside the code, empty where there is none.
    `resolver` has the addresses that names are looked up at, or `private` for one that only a local network has. A
    contact that went through an upstream proxy was looked up there instead.
    """

    system: str
    python: str
    casefile: str
    code: str = ""
    lock: str = ""
    resolver: tuple[str, ...] = ()
    selftest: SelftestCited = SelftestCited()


class Visitor(Value):
    """What the sites of a capture saw of whoever asked: one and the same for every request, whichever tool made it.

    `identity` is the id of a virtual identity, `cookies` how many of its jar were handed to the worker. `time_zone` and
    `viewport` are the identity's; methods without a browser show neither. `withheld` says what of the requests this
    capture's own record of them does not hold as it was sent.
    """

    user_agent: Text
    accept_language: Text
    access: Access = Access.PUBLIC
    identity: str | None = None
    time_zone: Text | None = None
    viewport: Text | None = None
    cookies: int = Field(default=0, ge=0)
    withheld: tuple[Text, ...] | None = None


class TokenCited(Value):
    """The newest time stamp that was here when a capture's record was made: the record is not older than it.

    `token` is the sha256 of the authority's response, `time` what that says, `event` the one that names it.
    """

    event: str
    token: str
    time: str
    authority: Text


class Circumstances(Value):
    """Who captured what, how, under which containment: known to the parent, and never said by the worker, but for
    those `alterations` that are marked as the method's own."""

    capture: str
    lead: str
    locator: str
    attempt: int = Field(ge=1)
    method: str
    method_version: str
    purpose: Purpose
    acquisition: Acquisition
    collector: str
    source: str | None = None
    handed_over_how: str = ""
    run: str
    started_at: str
    started_clock: ClockRecord
    ended_at: str
    ended_clock: ClockRecord
    containment: ContainmentLevel
    egress_enforced: bool
    contacts: tuple[Contact, ...] = ()
    allowances: tuple[str, ...] = ()
    environment: Environment | None = None
    visitor: Visitor | None = None
    alterations: tuple[Alteration, ...] | None = None
    not_before: TokenCited | None = None


class CaptureRecord(Value):
    """Everything about one capture: `capture.json` in its vault object and the body of `capture.sealed`."""

    schema_version: Literal[1] = 1
    circumstances: Circumstances
    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    advice: str = ""
    exchanges: tuple[Exchange, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    files: tuple[SealedFile, ...] = ()
    items: tuple[SealedItem, ...] = ()


def manifest_digest(files: Sequence[SealedFile]) -> Digest:
    """The identity of an item of several files: sha256 of the canonical list of their paths, digests and lengths."""
    return sha256(canonical_json([{"bytes": f.bytes, "path": f.path, "sha256": f.sha256} for f in files]))


def readable(text: str, limit: int = 4096) -> str:
    """Text from outside as it may be stored: lone surrogates replaced, at most `limit` characters."""
    return text.encode("utf-8", "replace").decode("utf-8")[:limit]

"""Controlled words. Values are what is stored and printed; they never change once published."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How one attempt to capture one locator ended."""

    CAPTURED = "captured"
    PARTIAL = "partial"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"


class Cause(StrEnum):
    """Why an outcome is not plainly good. Each belongs to the outcomes named in its group."""

    # refused
    BLOCKED_BY_POLICY = "blocked-by-policy"
    UNSUPPORTED = "unsupported"
    # failed: no item
    DNS = "dns"
    TLS = "tls"
    CONNECTION_REFUSED = "connection-refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    TOOL_FAILED = "tool-failed"
    TOOL_MISSING = "tool-missing"
    EXTRACTOR_STALE = "extractor-stale"
    LOGIN_NEEDED = "login-needed"
    REGION = "region"
    REMOVED_NOTICE = "removed-notice"
    INTERRUPTED = "interrupted"
    SESSION_EXPIRED = "session-expired"
    CHALLENGE = "challenge"
    SUPERSEDED = "superseded"
    # partial: item kept
    TRUNCATED = "truncated"
    ENCODING_DAMAGED = "encoding-damaged"
    TOO_LARGE = "too-large"
    PARTS_MISSING = "parts-missing"
    # captured with content absent
    HTTP_STATUS = "http-status"
    NOT_THE_CONTENT = "not-the-content"


class Content(StrEnum):
    """Whether what was asked for is in what was received. HTTP 200 is not content."""

    PRESENT = "present"
    ABSENT = "absent"
    DOUBTFUL = "doubtful"


class Acquisition(StrEnum):
    """Observed by our own instrument, or handed over by somebody."""

    OBSERVED = "observed"
    HANDED_OVER = "handed-over"


class Fidelity(StrEnum):
    """`wire`: bytes as they were sent. `reconstructed`: built from decoded parts. `received`: handed over."""

    WIRE = "wire"
    RECONSTRUCTED = "reconstructed"
    RECEIVED = "received"


class FileKind(StrEnum):
    """What a file in a capture is: collected content, a record of the collecting, or made from the content."""

    CONTENT = "content"
    RECORD = "record"
    DERIVATIVE = "derivative"


class Role(StrEnum):
    """What an item is to the people who assess it."""

    PAGE = "page"
    POST = "post"
    VIDEO = "video"
    AUDIO = "audio"
    PICTURE = "picture"
    DOCUMENT = "document"
    SUBTITLE = "subtitle"
    THUMBNAIL = "thumbnail"
    ARCHIVE = "archive"
    OTHER = "other"


class Purpose(StrEnum):
    """What the material is collected for (Berkeley Protocol, paragraph 153)."""

    WORK = "work"
    DECISION = "decision"
    COURT = "court"


class Access(StrEnum):
    """What a visitor needs to see a page (Berkeley Protocol, paragraphs 63 and 65): nothing, an account that anybody
    may open, an account that anybody may pay for, or somebody's permission.
    """

    PUBLIC = "public"
    REGISTRATION = "registration"
    PAID = "paid"
    RESTRICTED = "restricted"


class GateMode(StrEnum):
    """Whether a gate records, warns or refuses."""

    RECORD = "record"
    WARN = "warn"
    ENFORCE = "enforce"


class ContainmentLevel(StrEnum):
    """`full`: bubblewrap and a broker that is the only way out. `weak`: neither is enforced."""

    FULL = "full"
    WEAK = "weak"


class Pathway(StrEnum):
    """How a lead was found (Berkeley Protocol, paragraph 142d)."""

    BY_HAND = "by-hand"
    LIST = "list"
    MONITOR = "monitor"
    HANDED_OVER = "handed-over"
    INQUIRY = "inquiry"
    REFERRAL = "referral"


class PersonKind(StrEnum):
    """An investigator acts; a source is who material comes from; a service is a machine of ours."""

    INVESTIGATOR = "investigator"
    SOURCE = "source"
    SERVICE = "service"


class Tier(StrEnum):
    """How far a near-duplicate edge has been confirmed."""

    CANDIDATE = "candidate"
    AUTO = "auto"
    VERIFIED = "verified"
    ACCEPTED = "accepted"


class Judgement(StrEnum):
    """What a person decided about a near-duplicate edge."""

    SAME = "same"
    DIFFERENT = "different"


class Strand(StrEnum):
    """The three strands of verification (Berkeley Protocol, paragraph 176)."""

    SOURCE = "source"
    TECHNICAL = "technical"
    CONTENT = "content"


class StepResult(StrEnum):
    """What one verification step says about the claim."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    NOT_DONE = "not_done"

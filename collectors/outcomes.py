"""What each cause means: the outcomes it belongs to, whether trying again can help, and what to do.

The table is the single place where outcome, cause and advice meet, so that a sheet, a screen and an exit code
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from casefile.vocabulary import Cause, Outcome

LONGEST_RETRY_AFTER_S = 86_400
"""A server may ask for ten years; a day is the longest that is believed."""

RETRYABLE_STATUS = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
"""RFC 9110 section 15 and RFC 6585: statuses that describe the moment and not the resource."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What follows from a cause, whatever the locator was."""

    outcomes: frozenset[Outcome]
    retryable: bool
    advice: str


def _meaning(*outcomes: Outcome, retryable: bool, advice: str) -> Meaning:
    return Meaning(frozenset(outcomes), retryable, advice)


MEANINGS: Mapping[Cause, Meaning] = {
    Cause.BLOCKED_BY_POLICY: _meaning(
        Outcome.REFUSED,
        retryable=False,
        advice="The address is not public, or its port, scheme or method is not allowed. A machine of your own is "
        "allowed by host and port in egress.allow, a page's POST in egress.methods (under an identity also in "
        "identity.methods); each use is recorded.",
    ),
    Cause.UNSUPPORTED: _meaning(
        Outcome.REFUSED,
        retryable=False,
        advice="Write the locator with http:// or https://, or name a method that takes it with --method.",
    ),
    Cause.DNS: _meaning(
        Outcome.FAILED,
        retryable=True,
        advice="The name could not be looked up. Check its spelling and this machine's connection, then try again.",
    ),
    Cause.TLS: _meaning(
        Outcome.FAILED,
        retryable=False,
        advice="The server's certificate could not be verified, so nothing was taken from it. Check the address and "
        "this machine's date; material behind such a certificate has to be collected by hand and handed over.",
    ),
    Cause.CONNECTION_REFUSED: _meaning(
        Outcome.FAILED, retryable=True, advice="Nothing accepts connections at that address now. Try again later."
    ),
    Cause.RESET: _meaning(
        Outcome.FAILED,
        retryable=True,
        advice="The connection was closed before an answer came. Try again; if it stays so, the site may not "
        "accept this machine's address.",
    ),
    Cause.TIMEOUT: _meaning(
        Outcome.FAILED,
        Outcome.PARTIAL,
        retryable=True,
        advice="The server was too slow. Try again, or raise capture.deadline_s and capture.connect_timeout_s.",
    ),
    Cause.MALFORMED: _meaning(
        Outcome.FAILED,
        retryable=False,
        advice="The answer breaks the rules of HTTP or leads in a circle. Open the address in a browser and, if there "
        "is something to see, collect it by hand.",
    ),
    Cause.TOOL_FAILED: _meaning(
        Outcome.FAILED, retryable=True, advice="A program of the capture failed. The detail says which; see `doctor`."
    ),
    Cause.TOOL_MISSING: _meaning(
        Outcome.FAILED, retryable=True, advice="Run `casefile doctor` to see what is missing and how to install it."
    ),
    Cause.EXTRACTOR_STALE: _meaning(
        Outcome.FAILED,
        retryable=True,
        advice="The site has changed since this yt-dlp was released. Update yt-dlp between two collections.",
    ),
    Cause.LOGIN_NEEDED: _meaning(
        Outcome.FAILED,
        retryable=False,
        advice="The site shows this to logged-in visitors only. Collect it under a virtual identity (`--identity`), or "
        "by hand.",
    ),
    Cause.REGION: _meaning(
        Outcome.FAILED, retryable=False, advice="The site shows this in other countries only. Collect it from there."
    ),
    Cause.REMOVED_NOTICE: _meaning(
        Outcome.FAILED,
        retryable=False,
        advice="The site says that this is not available. That is its statement at this moment, not proof of removal; "
        "look for copies and archives.",
    ),
    Cause.INTERRUPTED: _meaning(
        Outcome.FAILED, retryable=True, advice="The capture was interrupted. Run the same command again to resume."
    ),
    Cause.SESSION_EXPIRED: _meaning(
        Outcome.FAILED,
        Outcome.CAPTURED,
        retryable=False,
        advice="The site does not take the identity for logged in any more, so its platform is paused and nothing more "
        "is asked for. Log in again by hand, export the jar anew, `casefile identity resume NAME --jar FILE`, and run "
        "the same command again.",
    ),
    Cause.CHALLENGE: _meaning(
        Outcome.FAILED,
        Outcome.CAPTURED,
        retryable=False,
        advice="The site wants proof that a person is there, so its platform is paused and nothing more is asked for. "
        "Answer it by hand in the browser of that identity, wait, `casefile identity resume NAME` (with a new --jar), "
        "and run the same command again.",
    ),
    Cause.SUPERSEDED: _meaning(
        Outcome.FAILED, retryable=False, advice="Another worker took this capture over; its record is the one to use."
    ),
    Cause.TRUNCATED: _meaning(
        Outcome.PARTIAL,
        retryable=True,
        advice="The transfer stopped early; what came is kept. Collect it again for the whole.",
    ),
    Cause.ENCODING_DAMAGED: _meaning(
        Outcome.PARTIAL,
        retryable=True,
        advice="The compressed body is damaged; the bytes as sent are kept. Collect it again.",
    ),
    Cause.TOO_LARGE: _meaning(
        Outcome.PARTIAL,
        retryable=False,
        advice="The limit was reached; what came until then is kept. Raise capture.max_bytes or "
        "capture.max_decoded_bytes for the whole.",
    ),
    Cause.PARTS_MISSING: _meaning(
        Outcome.PARTIAL, retryable=True, advice="Some parts could not be taken; the detail names them. Try again."
    ),
    Cause.HTTP_STATUS: _meaning(
        Outcome.CAPTURED,
        retryable=False,
        advice="The server answered with an error; its answer is kept as what was observed. It is not proof that the "
        "content was removed.",
    ),
    Cause.NOT_THE_CONTENT: _meaning(
        Outcome.CAPTURED,
        retryable=False,
        advice="What came does not look like what was asked for. Look at it; a browser (`--method browser`) or a login "
        "may be needed.",
    ),
}


def outcomes_of(cause: Cause) -> frozenset[Outcome]:
    """The outcomes that a cause can explain (DESIGN, "Outcomes and causes")."""
    return MEANINGS[cause].outcomes


def retryable(cause: Cause, status: int = 0) -> bool:
    """Whether the same request may succeed later without anybody changing anything."""
    if cause is Cause.HTTP_STATUS:
        return status in RETRYABLE_STATUS
    return MEANINGS[cause].retryable


def advice(cause: Cause, status: int = 0) -> str:
    """What the person who asked can do about it, in a sentence or two."""
    if cause is Cause.HTTP_STATUS and status in RETRYABLE_STATUS:
        return "The server cannot answer at the moment; its answer is kept. Try again later."
    if cause is Cause.HTTP_STATUS and status in (401, 403):
        return "The server does not show this to us; its answer is kept. A login or another network may be needed."
    return MEANINGS[cause].advice


def retry_after_s(value: str, now: datetime) -> int:
    """The seconds that a Retry-After header asks for (RFC 9110 section 10.2.3): 0 when unreadable, a day at most."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return LONGEST_RETRY_AFTER_S if len(value) > 6 else min(int(value), LONGEST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, min(int((moment - now).total_seconds()), LONGEST_RETRY_AFTER_S))

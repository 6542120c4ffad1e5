"""Why a capture by yt-dlp did not bring what was asked for: from exception types and raise helpers, never from words.

yt-dlp says what it knows by the type that it raises, by `expected` (the site's fault, not its own) and by the helper
that an extractor calls; `extraction.mark_helpers` turns the helpers into types. What carries no type is `tool-failed`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, NoSupportingHandlers, SSLError, UnsupportedRequest
from yt_dlp.utils import (
    DownloadError,
    ExtractorError,
    GeoRestrictedError,
    UnsupportedError,
    UserNotLive,
    YoutubeDLError,
)

from casefile.model import readable
from casefile.vocabulary import Cause
from collectors.outcomes import advice as general_advice
from collectors.ytdlp.faults import LimitReached, LoginNeeded, NoFormats, Protected, WireFault
from collectors.ytdlp.recording import Transfer

EXTRACTOR_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What an extractor lets through when a site no longer is what it was written for."""

RAISED = (YoutubeDLError, *EXTRACTOR_FAULTS)
"""Everything that a call into yt-dlp may raise and that has a cause."""

DETAIL_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause with what was said and what can be done. `status` is that of the answer that decided, if one did."""

    cause: Cause
    detail: str
    advice: str
    status: int = 0


def explain(
    error: BaseException, *, transfers: Sequence[Transfer] = (), script_runtime_missing: bool = False
) -> Explanation:
    """The cause of a failed extraction.

    `transfers` are the requests that it made: when yt-dlp swallowed a failed request and then found nothing, the
    request is the reason. `script_runtime_missing` says that the extractor wanted to run JavaScript and could not.
    Raises the error again when it is Casefile's own.
    """
    if is_ours(error):
        raise error
    raised = tuple(chain_of(error))
    said = _said(raised)
    for judge in (_by_limit, _by_helper, _by_network):
        if found := judge(raised):
            return _with_advice(found, said, raised)
    if script_runtime_missing:
        return _with_advice(Cause.TOOL_MISSING, said, raised, SCRIPT_RUNTIME_ADVICE)
    if _unexplained(raised) and (swallowed := _by_transfer(transfers, said)):
        return swallowed
    return _with_advice(_by_type(raised), said, raised)


def is_ours(error: BaseException) -> bool:
    """Whether a plain Python error comes from Casefile's own code: a fault to be seen, not a site that changed."""
    if isinstance(error, YoutubeDLError):
        return False
    trace, name = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return name.startswith("collectors.")


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it, nearest first, each once."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = one.exc_info[1] if isinstance(one, DownloadError) and one.exc_info else None
        for following in (one.__cause__, getattr(one, "cause", None), wrapped, one.__context__):
            if isinstance(following, BaseException):
                waiting.append(following)


def _by_limit(raised: Sequence[BaseException]) -> Cause | None:
    return next((one.why for one in raised if isinstance(one, LimitReached)), None)


def _by_helper(raised: Sequence[BaseException]) -> Cause | None:
    for one in raised:
        if isinstance(one, LoginNeeded):
            return Cause.LOGIN_NEEDED
        if isinstance(one, GeoRestrictedError):
            return Cause.REGION
        if isinstance(one, Protected):
            return Cause.UNSUPPORTED
        if isinstance(one, NoFormats) and one.expected and one.cause is None:
            return Cause.REMOVED_NOTICE
    return None


def _by_network(raised: Sequence[BaseException]) -> Cause | None:
    for one in raised:
        if isinstance(one, WireFault):
            return one.why
        if isinstance(one, SSLError):
            return Cause.TLS
        if isinstance(one, HTTPError):
            return Cause.MALFORMED if one.redirect_loop else Cause.HTTP_STATUS
        if isinstance(one, IncompleteRead):
            return Cause.TRUNCATED
        if isinstance(one, UnsupportedRequest | NoSupportingHandlers):
            return Cause.BLOCKED_BY_POLICY
    return None


def _by_transfer(transfers: Sequence[Transfer], said: str) -> Explanation | None:
    for one in reversed(transfers):
        if one.cause is not None:
            return Explanation(one.cause, _cut(f"{one.error}; {said}"), general_advice(one.cause))
        if one.status >= 400:
            detail = _cut(f"HTTP status {one.status} for a part; {said}")
            return Explanation(Cause.HTTP_STATUS, detail, general_advice(Cause.HTTP_STATUS, one.status), one.status)
    return None


def _by_type(raised: Sequence[BaseException]) -> Cause:
    for one in raised:
        if isinstance(one, UnsupportedError):
            return Cause.UNSUPPORTED
        if isinstance(one, UserNotLive):
            return Cause.TOOL_FAILED
        if isinstance(one, ExtractorError):
            return Cause.TOOL_FAILED if one.expected else Cause.EXTRACTOR_STALE
    return Cause.EXTRACTOR_STALE if isinstance(raised[0], EXTRACTOR_FAULTS) else Cause.TOOL_FAILED


def _unexplained(raised: Sequence[BaseException]) -> bool:
    """Whether nothing was found, or found to be wrong, without a word of the site's own."""
    errors = [one for one in raised if isinstance(one, ExtractorError)]
    return all(isinstance(one, UnsupportedError) or not one.expected for one in errors)


def _said(raised: Sequence[BaseException]) -> str:
    for one in raised:
        if isinstance(one, ExtractorError):
            return _cut(one.orig_msg)
    return _cut(f"{type(raised[0]).__name__}: {raised[0]}")


def _cut(text: str) -> str:
    return readable(" ".join(text.split()), DETAIL_CHARACTERS)


def _with_advice(cause: Cause, said: str, raised: Sequence[BaseException], advice: str = "") -> Explanation:
    status = next((one.status for one in raised if isinstance(one, HTTPError)), 0) if cause is Cause.HTTP_STATUS else 0
    special = advice or _special_advice(cause, raised)
    return Explanation(cause, said, special or general_advice(cause, status), status)


def _special_advice(cause: Cause, raised: Sequence[BaseException]) -> str:
    if any(isinstance(one, Protected) for one in raised):
        return "The video is encrypted for licensed players. Record what a person sees, by hand, and hand it over."
    if cause is Cause.TOOL_FAILED and any(isinstance(one, WireFault) for one in raised):
        return WAY_OUT_ADVICE
    if any(isinstance(one, UserNotLive) for one in raised):
        return "Nothing is broadcast there now. Watch it with `casefile monitor add`, or collect a single video."
    return ADVICE.get(cause, "")


SCRIPT_RUNTIME_ADVICE = (
    "This site needs a JavaScript runtime, and none that yt-dlp uses is installed. Install deno 2 or newer, see that "
    "`casefile doctor` finds it, and collect again."
)

WAY_OUT_ADVICE = "The way out failed, not the site. `casefile doctor --ask-upstream` says whether the proxy answers."

ADVICE = {
    Cause.UNSUPPORTED: "No video was found there. Collect the page itself with `--method http`; when a browser shows a "
    "video, save it by hand and `casefile import` it.",
    Cause.EXTRACTOR_STALE: "The site is not what this yt-dlp expects. Upgrade yt-dlp (`./dev upgrade-extractors`) and "
    "collect again; if it is the newest already, collect the page with `--method http` and the video by hand, and tell "
    "yt-dlp's maintainers without naming the item.",
    Cause.LOGIN_NEEDED: "The site shows this to members only. Collect it under a virtual identity (`--identity`); "
    "where there is none, ask whoever may use a registered account to collect it by hand and hand it over.",
    Cause.REGION: "The site shows this in other countries only. Collect it from a vantage point there; Casefile never "
    "pretends to be elsewhere.",
    Cause.REMOVED_NOTICE: "The site says that there is nothing to play; that is its statement now and no proof of "
    "removal. Keep the page with `--method http`, and look for copies and archives.",
    Cause.TOOL_FAILED: "yt-dlp gave up for a reason that it does not type; its words are in the detail. Look at the "
    "page, and try `--method http`.",
}

"""What Chromium's names for failures mean (net/base/net_error_list.h). Pure."""

from __future__ import annotations

from casefile.vocabulary import Cause

BROKER = "the broker let no connection come about"
CAUSES: tuple[tuple[str, Cause], ...] = (
    ("ERR_NAME_", Cause.DNS),
    ("ERR_ICANN_NAME_COLLISION", Cause.DNS),
    ("ERR_CERT_", Cause.TLS),
    ("ERR_SSL_", Cause.TLS),
    ("ERR_BAD_SSL_CLIENT_AUTH_CERT", Cause.TLS),
    ("ERR_ECH_", Cause.TLS),
    ("ERR_TUNNEL_CONNECTION_FAILED", Cause.RESET),
    ("ERR_PROXY_CONNECTION_FAILED", Cause.TOOL_FAILED),
    ("ERR_CONNECTION_REFUSED", Cause.CONNECTION_REFUSED),
    ("ERR_ADDRESS_", Cause.CONNECTION_REFUSED),
    ("ERR_CONNECTION_TIMED_OUT", Cause.TIMEOUT),
    ("ERR_TIMED_OUT", Cause.TIMEOUT),
    ("ERR_CONNECTION_", Cause.RESET),
    ("ERR_EMPTY_RESPONSE", Cause.RESET),
    ("ERR_SOCKET_NOT_CONNECTED", Cause.RESET),
    ("ERR_HTTP2_", Cause.RESET),
    ("ERR_UNSAFE_REDIRECT", Cause.BLOCKED_BY_POLICY),
    ("ERR_DISALLOWED_URL_SCHEME", Cause.BLOCKED_BY_POLICY),
    ("ERR_UNKNOWN_URL_SCHEME", Cause.BLOCKED_BY_POLICY),
    ("ERR_UNSAFE_PORT", Cause.BLOCKED_BY_POLICY),
    ("ERR_BLOCKED_BY_", Cause.BLOCKED_BY_POLICY),
    ("ERR_ACCESS_DENIED", Cause.BLOCKED_BY_POLICY),
    ("ERR_NETWORK_ACCESS_DENIED", Cause.BLOCKED_BY_POLICY),
    ("ERR_CONTENT_LENGTH_MISMATCH", Cause.TRUNCATED),
    ("ERR_INCOMPLETE_CHUNKED_ENCODING", Cause.TRUNCATED),
    ("ERR_CONTENT_DECODING_", Cause.ENCODING_DAMAGED),
    ("ERR_TOO_MANY_REDIRECTS", Cause.MALFORMED),
    ("ERR_INVALID_", Cause.MALFORMED),
    ("ERR_RESPONSE_HEADERS_", Cause.MALFORMED),
    ("ERR_UNEXPECTED", Cause.MALFORMED),
)


def cause_of(said: str) -> Cause:
    """The cause behind `net::ERR_…`; a name that is not known is a tool that failed."""
    name = said.rpartition("::")[2]
    return next((cause for beginning, cause in CAUSES if name.startswith(beginning)), Cause.TOOL_FAILED)

"""yt-dlp's way to the network: every request and redirect is recorded, every body is in its file before it is read.

It replaces all request handlers of yt-dlp, so that nothing of an extraction passes beside the record. Schemes other
than http and https have no handler and are refused by yt-dlp itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import ssl
import urllib.parse
import urllib.request
from typing import Any, BinaryIO, cast

from yt_dlp.networking._helper import get_redirect_method
from yt_dlp.networking.common import Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, RequestError, SSLError
from yt_dlp.utils.networking import normalize_url

from casefile.vocabulary import Cause
from collectors.interface import CaptureRequest
from collectors.ytdlp.body import Body, decode
from collectors.ytdlp.faults import LimitReached, WireFault
from collectors.ytdlp.recording import Recorder, Transfer, note_response
from collectors.ytdlp.tunnel import Connection, has_one_framing

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_ERROR_PAGE_BYTES = 8 << 20
MAX_REDIRECT_BODY_BYTES = 1 << 20
VISITOR = ("User-Agent", "Accept-Language")
BODILESS = frozenset({204, 304})
READING = frozenset({"GET", "HEAD"})


class ArrivingResponse(Response):  # type: ignore[misc]  # yt-dlp publishes no types
    """A response as yt-dlp reads it. `transfer` is its entry; the body comes from the wire or from its file."""

    def __init__(self, body: Body | BinaryIO, transfer: Transfer, headers: Any) -> None:
        super().__init__(
            fp=io.BytesIO(), url=transfer.locator, headers=headers, status=transfer.status, reason=transfer.reason
        )
        self.transfer = transfer
        self.body = body

    def readable(self) -> bool:
        return True

    def read(self, amt: int | None = None) -> bytes:
        if isinstance(self.body, Body):
            try:
                return self.body.read(amt)
            except WireFault as fault:
                if fault.why is Cause.TRUNCATED:
                    raise IncompleteRead(partial=self.transfer.wire_bytes, cause=fault) from fault
                raise
        return self.body.read(-1 if amt is None else amt)

    def drain(self) -> None:
        """Receive the rest into the file without handing it on. Raises what `Body.drain` raises."""
        if isinstance(self.body, Body):
            self.body.drain()

    def close(self) -> None:
        self.body.close()
        super().close()

    @property
    def untouched(self) -> bool:
        """Whether the whole body is still on its way."""
        return isinstance(self.body, Body) and self.body.open and not self.transfer.wire_bytes


class RecordingRH(RequestHandler):  # type: ignore[misc]
    """The only request handler. It goes through the egress broker of `asked`; without one there is no way out."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None

    def __init__(self, *, recorder: Recorder, asked: CaptureRequest, **rest: Any) -> None:
        super().__init__(**rest)
        self._asked = asked
        broker = asked.proxy
        self._recorder = recorder
        self._altered = recorder.altered
        self._broker = broker
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[tuple[str, str, int], Connection] = {}
        self._live: set[Connection] = set()
        self._waiting: dict[str, ArrivingResponse] = {}

    def take_untouched(self, request: Request) -> ArrivingResponse | None:
        """The response to an earlier GET of the same URL whose body nobody has read: it is not asked for twice."""
        if request.method != "GET" or "Range" in request.headers:
            return None
        response = self._waiting.pop(request.url, None)
        return response if response is not None and response.untouched else None

    def interrupt(self) -> None:
        """Wake whatever is waiting for the network: called from another thread when the deadline has passed."""
        for connection in tuple(self._live):
            connection.interrupt()

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for known in ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing"):
            extensions.pop(known, None)

    def _send(self, request: Request) -> ArrivingResponse:
        method, url, payload = request.method, request.url, request.data
        where = _place_of(url)
        if method not in self._asked.methods:
            self._altered.note("refused", f"method {method}", where, "the policy lets no such request out")
            raise WireFault(Cause.BLOCKED_BY_POLICY, f"{where}: method {method}")
        headers = self._as_one_visitor(self._passive(dict(self._get_headers(request)), method, where))
        jar = self._get_cookiejar(request)
        followed = 0
        while True:
            response = self._exchange(method, url, payload, headers, jar)
            target = response.headers.get("Location")
            if response.status not in REDIRECTS or not target:
                break
            if followed == self._recorder.limits.max_redirects:
                self._altered.note("refused", "redirect", _place_of(url), f"more than {followed} redirects")
                raise HTTPError(self._settled(response, MAX_REDIRECT_BODY_BYTES), redirect_loop=True)
            followed += 1
            url = self._follow(response, url, target)
            for name in [one for one in headers if one.title() in ("Cookie", "Authorization")]:
                del headers[name]
                self._altered.note("withheld", f"header {name}", _place_of(url), "it was meant for another address")
            following = get_redirect_method(method, response.status)
            if following != method:
                method, payload = following, None
                headers = _without(headers, "Content-Type", "Content-Length")
        if not 200 <= response.status < 300:
            raise HTTPError(self._as_far_as_it_came(response))
        if response.transfer.headers_by_name.get("content-encoding", "identity").lower() not in ("", "identity"):
            return self._settled(response, None)
        if method == "GET" and isinstance(response.body, Body) and response.body.open:
            self._waiting[url] = response
        return response

    def _as_one_visitor(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers under the capture's one user agent and language, whatever an extractor would seem to be."""
        ours = {name: self.headers[name] for name in VISITOR if name in self.headers}
        return {**_without(headers, *ours), **ours}

    def _passive(self, headers: dict[str, str], method: str, where: str) -> dict[str, str]:
        """The headers without what says from which page we come; what is withheld or will be replaced is listed.

        A site's scripts cannot POST without their origin, so it is left there.
        """
        kept: dict[str, str] = {}
        for name, value in headers.items():
            lower = name.lower()
            telling = lower == "referer" or lower.startswith("sec-") or (lower == "origin" and method in READING)
            if telling:
                self._altered.note("withheld", f"header {name}", where, "no request says where it comes from")
            elif lower == "user-agent" and value != self._asked.user_agent:
                self._altered.note("replaced", "header User-Agent", where, "a capture has one user agent")
            elif lower == "accept-encoding" and value != "identity":
                self._altered.note("replaced", "header Accept-Encoding", where, "what is sent is kept as it is read")
            elif lower != "accept-encoding":
                kept[name] = value
        return {**kept, "Accept-Encoding": "identity"}

    def _follow(self, response: ArrivingResponse, url: str, target: str) -> str:
        self._settled(response, MAX_REDIRECT_BODY_BYTES)
        following = normalize_url(
            urllib.parse.urljoin(url, target.encode("latin-1", "replace").decode("utf-8", "replace"))
        )
        response.transfer.redirect_to = following
        if urllib.parse.urlsplit(following).scheme.lower() not in self._SUPPORTED_URL_SCHEMES:
            refused = "a redirect to a scheme other than http and https"
            self._altered.note("refused", "redirect", _place_of(url), refused)
            raise WireFault(Cause.BLOCKED_BY_POLICY, refused)
        return str(following)

    def _as_far_as_it_came(self, response: ArrivingResponse) -> ArrivingResponse:
        """An error's page. Its status was told with its head, whatever becomes of the rest."""
        with contextlib.suppress(WireFault):
            return self._settled(response, MAX_ERROR_PAGE_BYTES)
        return self._settled(response, None)

    def _settled(self, response: ArrivingResponse, most: int | None) -> ArrivingResponse:
        """The same response with its body in the file, decoded if it was encoded, to be read from there."""
        if isinstance(response.body, Body):
            response.body.drain(most)
        transfer = response.transfer
        if not transfer.path:
            response.body = io.BytesIO()
        elif transfer.headers_by_name.get("content-encoding", "identity").lower() not in ("", "identity"):
            response.body = decode(transfer, self._recorder).open("rb")
        else:
            response.body = (self._recorder.out / transfer.path).open("rb")
        return response

    def _exchange(self, method: str, url: str, payload: Any, headers: dict[str, str], jar: Any) -> ArrivingResponse:
        parts = urllib.parse.urlsplit(url)
        asked = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310  # only the jar sees it
        jar.add_cookie_header(asked)
        sent = {**headers, **({"Cookie": cookie} if (cookie := asked.get_header("Cookie")) else {})}
        transfer = self._recorder.begin(method, url, sent.items())
        if payload is not None:
            payload = payload if isinstance(payload, bytes) else b"".join(iter(payload))
            transfer.sent_sha256 = f"sha256:{hashlib.sha256(payload).hexdigest()}"
            transfer.sent_bytes = len(payload)
        try:
            connection, raw = self._ask(parts, method, payload, sent)
        except (RequestError, LimitReached) as error:
            self._note_failure(transfer, error)
            raise
        transfer.peer, transfer.tls = connection.peer, connection.tls
        note_response(transfer, raw.status, raw.reason, raw.headers.items())
        if not has_one_framing(raw):
            self._drop(connection)
            fault = WireFault(Cause.MALFORMED, "the answer says its length in more than one way")
            self._note_failure(transfer, fault)
            raise fault
        jar.extract_cookies(raw, asked)
        key = (parts.scheme, parts.hostname or "", _port_of(parts))

        def ended(reusable: bool) -> None:
            if (waiting := self._waiting.get(url)) is not None and waiting.transfer is transfer:
                del self._waiting[url]
            if reusable and key not in self._idle:
                self._idle[key] = connection
            else:
                self._drop(connection)

        body = Body(raw, transfer, self._recorder, ended)
        if method == "HEAD" or raw.status in BODILESS or raw.length == 0:
            body.drain()
        return ArrivingResponse(body, transfer, raw.headers)

    def _ask(
        self, parts: urllib.parse.SplitResult, method: str, payload: Any, headers: dict[str, str]
    ) -> tuple[Connection, http.client.HTTPResponse]:
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        key = (parts.scheme, parts.hostname or "", _port_of(parts))
        idle = self._idle.pop(key, None)
        if idle is not None and method in ("GET", "HEAD"):
            try:
                return idle, _converse(idle, method, path, None, headers)
            except WireFault as fault:
                self._drop(idle)
                if fault.why is not Cause.RESET:
                    raise
        connection = Connection(
            parts.hostname or "",
            _port_of(parts),
            broker=self._broker,
            tls=self._tls_context() if parts.scheme == "https" else None,
            timeout_s=min(self._recorder.left_s(), float(self._recorder.limits.connect_timeout_s)),
        )
        self._live.add(connection)
        try:
            return connection, _converse(connection, method, path, payload, headers)
        except RequestError:
            self._drop(connection)
            raise

    def _drop(self, connection: Connection) -> None:
        self._live.discard(connection)
        connection.close()

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = cast(ssl.SSLContext, self._make_sslcontext())
        return self._tls

    def _note_failure(self, transfer: Transfer, error: Exception) -> None:
        transfer.ended_at = self._recorder.stamp()
        transfer.cause = getattr(error, "why", Cause.TLS if isinstance(error, SSLError) else Cause.MALFORMED)
        transfer.error = f"{transfer.cause}: {getattr(error, 'detail', error)}"

    def close(self) -> None:
        """Leave what is unread, and every connection."""
        for response in tuple(self._waiting.values()):
            response.close()
        for connection in tuple(self._live):
            self._drop(connection)
        self._idle.clear()


def _without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.title() not in names}


def _place_of(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.hostname or ''}:{_port_of(parts)}"


def _port_of(parts: urllib.parse.SplitResult) -> int:
    try:
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise RequestError(cause=error) from error


def _converse(
    connection: Connection, method: str, path: str, payload: Any, headers: dict[str, str]
) -> http.client.HTTPResponse:
    try:
        connection.request(method, path, payload, headers)
        return connection.getresponse()
    except TimeoutError as error:
        raise WireFault(Cause.TIMEOUT, "no answer for too long") from error
    except ssl.SSLError as error:
        raise SSLError(cause=error) from error
    except (http.client.RemoteDisconnected, ConnectionError) as error:
        raise WireFault(Cause.RESET, type(error).__name__) from error
    except http.client.HTTPException as error:
        raise WireFault(Cause.MALFORMED, type(error).__name__) from error
    except OSError as error:
        raise WireFault(Cause.RESET, type(error).__name__) from error
    except (ValueError, UnicodeError) as error:
        raise RequestError(cause=error) from error

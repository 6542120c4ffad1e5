"""One visit to one page: the single navigation, and what the page tries meanwhile, answered without a person.

Nothing is typed, clicked or posted by us. Dialogs are dismissed, windows that open are closed, downloads are refused,
service workers are passed by, and once the first picture is to be taken the page may not lead away any more.
"""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from casefile.vocabulary import Cause
from collectors.browser.causes import BROKER, cause_of
from collectors.browser.hints import languages, metadata_of
from collectors.browser.injected import Script
from collectors.browser.protocol import CallFailed, OutOfTime, Protocol
from collectors.browser.traffic import Request, Traffic
from collectors.interface import CaptureRequest

NAVIGATION_S = 60.0
LOAD_S = 30.0
SETTLE_S = 6.0
"""For what a page loads by scripts once it is there."""
QUIET_S = 0.5
"""Without any request under way a page counts as still."""
ANSWER_S = 6.0
"""A page that says nothing for so long is busy with a script that does not end."""
BUSY_S = 30.0
"""For one that has much to lay out, once nothing runs in it any more."""
EVALUATE_S = 15.0
BUFFER_BYTES = 8 << 20
"""Of the page's own markup, to be compared with what became of it; all bytes are in the broker's record."""
DIALOGS_LIMIT = 20
"""Dismissed; then scripts are stopped, or the page would ask for ever."""
WORLD = "casefile"


class NotShown(Exception):
    """The page was not shown: a cause, and why. No picture of it is evidence of anything."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture (PNG) and the text of a page of ours."""

    picture: bytes
    text: str


@dataclass(slots=True)
class Visit:
    """A page in a context of its own. Made by `open_visit`.

    `reference` is another page in that context, which shows something of ours and is gone before the first picture.
    `address` is what a browser would show above the page, and `loaded` is of that page, not of one before it.
    """

    protocol: Protocol
    session: str
    frame: str
    traffic: Traffic
    most_redirects: int
    reference: str = ""
    address: str = ""
    loaded: bool = False
    crashed: bool = False
    held: bool = False
    notes: Counter[str] = field(default_factory=Counter)
    download: str = ""
    _beside: str = ""

    def call(self, method: str, *, wait_s: float = 30.0, **parameters: Any) -> Mapping[str, Any]:
        """A call to the page; what runs in it is ended when it does not answer. Raises CallFailed, OutOfTime."""
        if self.crashed:
            raise CallFailed(f"{method}: the page has crashed")
        return self.protocol.ask(method, self.session, wait_s, self.stop_scripts, **parameters)

    def navigate(self, locator: str) -> None:
        """Ask for the page, once. Raises NotShown, OutOfTime, BrowserGone."""
        try:
            said = self.protocol.call("Page.navigate", self.session, wait_s=NAVIGATION_S, url=locator)
        except OutOfTime as error:
            raise NotShown(Cause.TIMEOUT, "no answer came") from error
        except CallFailed as error:
            raise NotShown(Cause.TOOL_FAILED, str(error)) from error
        if too_many := self._too_many_redirects():
            raise NotShown(Cause.MALFORMED, too_many)
        if said.get("isDownload") or self.download:
            raise NotShown(Cause.UNSUPPORTED, "what is there is a file to download, and no page")
        if said.get("errorText"):
            raise not_shown(str(said["errorText"]), self.document())

    def settle(self) -> bool:
        """Wait until the page is there and still; whether it became so within the bounds."""
        self.load()
        return self.rest(SETTLE_S) and self.loaded

    def load(self) -> None:
        """Wait until the page is there, within its bounds."""
        until = time.monotonic() + LOAD_S
        while not self._has_ended_loading() and time.monotonic() < until:
            try:
                self.protocol.wait(self._has_ended_loading, ANSWER_S, "load")
            except OutOfTime:
                self._frame_tree()

    def _has_ended_loading(self) -> bool:
        document = self.document()
        return self.loaded or self.crashed or bool(document is not None and document.failed)

    def rest(self, most_s: float, quiet_s: float = QUIET_S) -> bool:
        """Wait until nothing has been under way for a while; whether that came about."""
        until = time.monotonic() + most_s
        while (now := time.monotonic()) < until and not self.crashed:
            still_s = now - self.traffic.moved_at
            if not self.traffic.waiting and still_s >= quiet_s:
                return True
            wait_s = quiet_s - still_s if not self.traffic.waiting else quiet_s
            self.protocol.pause(min(max(wait_s, 0.01), until - now))
        return False

    def hold(self) -> None:
        """From here on the page stays: where it would lead away to is refused and noted."""
        self.held = True
        patterns = [{"urlPattern": "*", "resourceType": "Document", "requestStage": "Request"}]
        self.call("Fetch.enable", patterns=patterns)

    def shown(self) -> str:
        """The loader of what the page shows now. Raises NotShown for the browser's own error page."""
        frame = self._frame_tree().get("frame", {})
        self.frame = str(frame.get("id", self.frame))
        if frame.get("unreachableUrl") or str(frame.get("url", "")).startswith("chrome-error:"):
            failed = [one for one in self.traffic.documents(self.frame) if one.failed]
            raise not_shown(failed[-1].failed if failed else "net::ERR_FAILED", failed[-1] if failed else None)
        loader = str(frame.get("loaderId", ""))
        document = self.document(loader)
        if document is not None:
            _judge_broker(document)
        return loader

    def _frame_tree(self) -> Mapping[str, Any]:
        """What the page is made of; a script that will not end is ended for it."""
        return dict(self.call("Page.getFrameTree", wait_s=ANSWER_S).get("frameTree", {}))

    def stop_scripts(self) -> float:
        """End what runs in the page, and let nothing begin any more; how long an answer may take after that."""
        self.notes["scripts stopped"] += 1
        self.protocol.post("Emulation.setScriptExecutionDisabled", self.session, value=True)
        self.protocol.post("Runtime.terminateExecution", self.session)
        return BUSY_S

    def document(self, loader: str = "") -> Request | None:
        """The request whose answer the page shows: of that loader, or the last there was."""
        found = [one for one in self.traffic.documents(self.frame) if not loader or one.loader == loader]
        return found[-1] if found else None

    def frames(self) -> Iterator[tuple[str, str]]:
        """The frames in the page, each by its id and its address. Raises CallFailed, OutOfTime."""
        waiting = list(self._frame_tree().get("childFrames", ()))
        while waiting:
            one = waiting.pop(0)
            waiting += one.get("childFrames", ())
            yield str(one["frame"].get("id", "")), str(one["frame"].get("url", ""))

    def run(self, script: Script, wait_s: float = EVALUATE_S, frame: str = "") -> Any:
        """What a script of ours finds in the page, or in a frame of it, in a world that no script there can reach.

        A frame that does not answer is left, and the scripts of the page go on. Raises CallFailed, OutOfTime.
        """
        call = partial(self.protocol.call, session=self.session) if frame else self.call
        world = call("Page.createIsolatedWorld", wait_s=wait_s, frameId=frame or self.frame, worldName=WORLD)
        said = call(
            "Runtime.evaluate",
            # The browser ends our script at its own bound, and says so in time.
            wait_s=wait_s + 1,
            expression=script.source,
            contextId=world.get("executionContextId"),
            returnByValue=True,
            timeout=wait_s * 1000,
        )
        if "exceptionDetails" in said:
            raise CallFailed(f"{script.name}: {str(said['exceptionDetails'].get('text', ''))[:200]}")
        return said.get("result", {}).get("value")

    def show(self, markup: str, size: tuple[int, int]) -> Drawn:
        """What the page beside this one shows of markup of ours; it ends with that. Raises CallFailed, OutOfTime."""
        width, height = size
        call = partial(self.protocol.call, session=self._beside)
        call("Page.setDocumentContent", frameId=self.reference, html=markup)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        picture = str(call("Page.captureScreenshot", format="png", clip=clip).get("data", ""))
        said = call("Runtime.evaluate", expression="document.body.innerText", returnByValue=True)
        self.protocol.post("Target.closeTarget", targetId=self.reference)
        return Drawn(base64.b64decode(picture, validate=True), str(said.get("result", {}).get("value", "")))

    def listen(self) -> None:
        """Hear what the page does."""
        traffic, protocol = self.traffic, self.protocol
        protocol.on("Network.requestWillBeSent", self._heard_request)
        protocol.on("Network.responseReceived", traffic.answered)
        protocol.on("Network.loadingFinished", traffic.ended)
        protocol.on("Network.loadingFailed", traffic.failed)
        protocol.on("Network.webSocketCreated", traffic.websocket)
        protocol.on("Page.frameNavigated", self._heard_navigation)
        protocol.on("Page.navigatedWithinDocument", self._heard_moved)
        protocol.on("Page.loadEventFired", self._heard_load)
        protocol.on("Page.javascriptDialogOpening", self._heard_dialog)
        protocol.on("Browser.downloadWillBegin", self._heard_download)
        protocol.on("Target.attachedToTarget", self._heard_target)
        protocol.on("Target.targetCrashed", self._heard_crash)
        protocol.on("Inspector.targetCrashed", self._heard_crash)
        protocol.on("Fetch.requestPaused", self._heard_leaving)

    def _heard_request(self, said: Mapping[str, Any], session: str) -> None:
        self.traffic.sent(said, session)
        leads = said.get("type") == "Document" and said.get("frameId") == self.frame
        if leads and (too_many := self._too_many_redirects()):
            self.notes[f"{too_many}, not followed further"] += 1
            self.protocol.post("Page.stopLoading", self.session)

    def _too_many_redirects(self) -> str:
        """Whether the last navigation was sent on too often; those before it count for themselves."""
        last = self.document()
        chain = [one for one in self.traffic.documents(self.frame) if last is not None and one.key == last.key]
        redirects = sum(1 for one in chain if one.redirect_to)
        return f"more than {self.most_redirects} redirects" if redirects > self.most_redirects else ""

    def _heard_navigation(self, said: Mapping[str, Any], session: str) -> None:
        frame = said.get("frame") or {}
        if session == self.session and not frame.get("parentId"):
            self.address = str(frame.get("unreachableUrl") or frame.get("url", ""))
            # What comes back out of the browser's memory was loaded before, and says so no second time.
            self.loaded = said.get("type") == "BackForwardCacheRestore"

    def _heard_moved(self, said: Mapping[str, Any], session: str) -> None:
        if said.get("frameId") == self.frame:
            self.address = str(said.get("url", ""))

    def _heard_load(self, said: Mapping[str, Any], session: str) -> None:
        self.loaded = True

    def _heard_dialog(self, said: Mapping[str, Any], session: str) -> None:
        kind = str(said.get("type", ""))
        self.notes[f"dialog {kind if kind in ('alert', 'confirm', 'prompt', 'beforeunload') else 'other'}"] += 1
        if sum(count for note, count in self.notes.items() if note.startswith("dialog")) % DIALOGS_LIMIT == 0:
            self.stop_scripts()
        # A page that would ask whether to leave may be left; everything else is answered with no.
        self.protocol.post("Page.handleJavaScriptDialog", session or self.session, accept=kind == "beforeunload")

    def _heard_download(self, said: Mapping[str, Any], session: str) -> None:
        self.notes["download"] += 1
        self.download = self.download or str(said.get("url", ""))

    def _heard_target(self, said: Mapping[str, Any], session: str) -> None:
        target = said.get("targetInfo") or {}
        kind, child = str(target.get("type", "")), str(said.get("sessionId", ""))
        if target.get("targetId") == self.frame:
            self.session = child
        elif target.get("targetId") == self.reference:
            self._beside = child
        elif kind in ("page", "tab", "webview"):
            self.notes["window"] += 1
            self.protocol.post("Target.closeTarget", targetId=target.get("targetId"))
        elif kind == "service_worker":
            self.notes["service worker"] += 1  # stays where it was stopped: before its first line
        else:
            if kind != "browser_ui":  # what the browser draws around pages is nothing of theirs
                self.protocol.post("Network.enable", child)
            self.protocol.post("Runtime.runIfWaitingForDebugger", child)

    def _heard_crash(self, said: Mapping[str, Any], session: str) -> None:
        self.crashed = True

    def _heard_leaving(self, said: Mapping[str, Any], session: str) -> None:
        number = said.get("requestId")
        if said.get("frameId") == self.frame:
            self.notes["leaving"] += 1
            self.protocol.post("Fetch.failRequest", self.session, requestId=number, errorReason="Aborted")
        else:
            self.protocol.post("Fetch.continueRequest", self.session, requestId=number)


def open_visit(protocol: Protocol, asked: CaptureRequest, window: tuple[int, int]) -> Visit:
    """A page that shows nothing yet, seen by sites as `asked` says. Raises CallFailed, OutOfTime, BrowserGone."""
    context = str(protocol.call("Target.createBrowserContext").get("browserContextId"))
    protocol.call("Browser.setDownloadBehavior", behavior="deny", browserContextId=context, eventsEnabled=True)
    width, height = window
    empty: dict[str, Any] = {"url": "about:blank", "browserContextId": context, "newWindow": True}
    reference, target = (
        str(protocol.call("Target.createTarget", width=width, height=height, **empty).get("targetId"))
        for _page in range(2)
    )
    visit = Visit(protocol, "", target, Traffic(), asked.limits.max_redirects, reference)
    visit.listen()
    # Whatever opens is stopped before its first line, and then closed or let go on.
    watched: dict[str, Any] = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
    protocol.call("Target.setAutoAttach", **watched)
    protocol.wait(lambda: bool(visit.session and visit._beside), 30.0, "the page")
    visit.call("Page.enable")
    visit.call("Network.enable", maxTotalBufferSize=BUFFER_BYTES, maxResourceBufferSize=BUFFER_BYTES, maxPostDataSize=0)
    visit.call("Network.setBypassServiceWorker", bypass=True)
    visit.call("Target.setAutoAttach", **watched)
    seen: dict[str, Any] = {"userAgent": asked.user_agent, "acceptLanguage": languages(asked.accept_language)}
    if hints := metadata_of(asked.user_agent):
        seen["userAgentMetadata"] = hints
    visit.call("Emulation.setUserAgentOverride", **seen)
    visit.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    if asked.cookies:
        cookies = [_cookie(one) for one in asked.cookies]
        protocol.call("Storage.setCookies", cookies=cookies, browserContextId=context)
    return visit


def _judge_broker(document: Request) -> None:
    """Raises NotShown where the broker answered in a site's place, which it does in plain HTTP and without a body."""
    refused, failed = document.header("casefile-refused"), document.header("casefile-cause")
    if document.header("content-length").strip() != "0":
        return
    if refused:
        raise NotShown(Cause.BLOCKED_BY_POLICY, refused)
    if failed:
        raise NotShown(next((one for one in Cause if one == failed), Cause.RESET), f"{BROKER}: {failed}")


def _cookie(one: Any) -> dict[str, Any]:
    """A cookie of the jar as the browser takes it; one that stands for a single host is given that host's address."""
    scheme = "https" if one.secure else "http"
    where = {"domain": f".{one.domain}"} if one.subdomains else {"url": f"{scheme}://{one.domain}/"}
    told = {"name": one.name, "value": one.value, "path": one.path, "secure": one.secure, **where}
    return {**told, **({"expires": one.expires_s} if one.expires_s else {})}


def not_shown(said: str, request: Request | None) -> NotShown:
    """The browser's own words as a cause; where the broker answered instead of a site, its words."""
    if request is not None:
        _judge_broker(request)
        if request.status >= 400:
            return NotShown(Cause.HTTP_STATUS, f"status {request.status}, and nothing to show")
    if "ERR_TUNNEL_CONNECTION_FAILED" in said:
        return NotShown(Cause.RESET, BROKER)
    where = f" ({request.locator[:200]})" if request is not None else ""
    return NotShown(cause_of(said), f"{said.removeprefix('net::')}{where}")

"""A page that a person drives from outside: what they see of it, what they do, and what is kept of that.

What is typed into a field for a secret is neither sent to the page nor kept: an account is used by its own jar.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from casefile.clock import rfc3339
from collectors.browser.injected import FOCUS, script
from collectors.browser.protocol import BrowserGone, CallFailed, OutOfTime
from collectors.browser.visit import Visit
from collectors.locators import Locator, parse_locator
from containment.channel import Channel, ChannelClosed, Message

BY_PERSON, OUT_OF_TIME, LEFT = "a person", "time was up", "nobody was there any more"
CRASHED, GONE = "the page crashed", "the browser ended"
TURN_S = 0.03
"""Between two looks at what the person did."""
TELL_S = 0.5
STALE_S, UNSEEN_S = 0.7, 5.0
"""After what the person did, and in any case: so long without a picture, and one is asked for. Of a page that does not
move none comes by itself."""
PICTURE_S = 2.0
FOCUS_S = 2.0
"""For a frame to say where the focus is; what does not say so is taken for a secret."""
EVENTS_LIMIT = 20_000
"""Kept of one visit; of those beyond only the number."""
TEXT_CHARACTERS = 2_000
"""Of one text; the page at which a person sits knows this number."""
NO_SECRETS = (
    "Nothing is typed into fields for passwords and codes. `casefile collect --identity NAME` uses an account; "
    "browsing by hand takes none."
)
QUALITY = 70
KEYS: Mapping[str, tuple[int, str]] = {
    "Backspace": (8, ""),
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "PageUp": (33, ""),
    "PageDown": (34, ""),
    "End": (35, ""),
    "Home": (36, ""),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Delete": (46, ""),
}
"""Windows' number of a key, by which pages know it, and what it writes."""
MOUSE = {"down": "mousePressed", "up": "mouseReleased", "move": "mouseMoved"}


@dataclass(frozen=True, slots=True)
class Driven:
    """What a person did: how it ended, each event in its order, and how many more there were."""

    ended_by: str
    events: tuple[Mapping[str, Any], ...]
    beyond: int
    pictures: int

    def plain(self) -> dict[str, Any]:
        """As it stands in the record."""
        events = {"events": len(self.events), "events_unlisted": self.beyond, "pictures_shown": self.pictures}
        return {"by": "a person", "ended_by": self.ended_by, **events}


@dataclass(slots=True)
class Driving:
    """A visit in the hands of a person, for `most_s` seconds at most. `size` is that of the window.

    `keep` is given each event as it happens, so that what was done is not lost with the browser.
    """

    visit: Visit
    channel: Channel
    size: tuple[int, int]
    most_s: float
    keep: Callable[[Mapping[str, Any]], object] = lambda event: None
    _events: list[dict[str, Any]] = field(default_factory=list)
    _beyond: int = 0
    _pictures: int = 0
    _address: str = ""
    _told: dict[str, Any] = field(default_factory=dict)
    _said: str = ""
    _pressed: int = 0
    _pictured_at: float = 0.0
    _moved_at: float = 0.0

    def until_finished(self) -> Driven:
        """Show the page and do what the person does, until they say that it is to be taken, or nothing is there."""
        try:
            ended_by = self._shown()
        except ChannelClosed:
            ended_by = LEFT
        except BrowserGone:
            ended_by = GONE
        finally:
            # What is still under way belongs to nobody: it may neither fail for that nor lead the page on.
            self._listen_no_more()
            self.channel.close()
        with contextlib.suppress(BrowserGone):
            self._post("Page.stopScreencast")
        return Driven(ended_by, tuple(self._events), self._beyond, self._pictures)

    def _shown(self) -> str:
        width, height = self.size
        self._listen()
        # One call only: a page that is busy answers nothing, and its person sees that.
        self._post("Page.startScreencast", format="jpeg", quality=QUALITY, maxWidth=width, maxHeight=height)
        self._post("Emulation.setFocusEmulationEnabled", enabled=True)
        return self._serve()

    def _serve(self) -> str:
        until, tell_at = time.monotonic() + self.most_s, 0.0
        while (now := time.monotonic()) < until and not self.visit.crashed:
            if now >= tell_at:
                tell_at = now + TELL_S
                self._tell()
            self._look(now)
            self.visit.protocol.pause(TURN_S)
            while (message := self.channel.receive(0.0)) is not None:
                if message.get("kind") == "finish":
                    self._note("finish")
                    return BY_PERSON
                self._moved_at = time.monotonic()
                self._do(message)
        return CRASHED if self.visit.crashed else OUT_OF_TIME

    def _look(self, now: float) -> None:
        """Ask for a picture where none came by itself."""
        moved_at = max(self._moved_at, self.visit.traffic.moved_at)
        overdue = self._pictured_at < moved_at and now - moved_at > STALE_S
        if not overdue and now - self._pictured_at < UNSEEN_S:
            return
        self._pictured_at = now
        with contextlib.suppress(CallFailed, OutOfTime):
            said = self.visit.protocol.call(
                "Page.captureScreenshot", self.visit.session, wait_s=PICTURE_S, format="jpeg", quality=QUALITY
            )
            self._show(said)

    def _show(self, said: Mapping[str, Any]) -> None:
        self._pictures += 1
        self._pictured_at = time.monotonic()
        self.channel.send({"picture": str(said.get("data", ""))})

    def _do(self, message: Message) -> None:
        match message:
            case {"kind": "down" | "up" | "move" as kind, "x": int(x), "y": int(y)}:
                self._mouse(kind, x, y)
            case {"kind": "wheel", "x": int(x), "y": int(y), "by": int(by)}:
                self._note("wheel", x=x, y=y, by=by)
                self._post("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)
            case {"kind": "text", "text": str(text)}:
                self._type(text[:TEXT_CHARACTERS], cut=len(text[TEXT_CHARACTERS:]))
            case {"kind": "key", "key": str(key)} if key in KEYS:
                self._key(key, shift=message.get("shift") is True)
            case {"kind": "go", "address": str(address)}:
                self._go(address)
            case {"kind": "back"}:
                self._back()
            case _:
                return

    def _mouse(self, kind: str, x: int, y: int) -> None:
        if kind != "move":
            self._pressed = int(kind == "down")
        # A pointer that wanders does nothing that is not seen in what follows; one that drags does.
        if kind != "move" or self._pressed:
            self._note(kind, x=x, y=y)
        button = {"button": "left" if kind != "move" or self._pressed else "none", "buttons": self._pressed}
        count = {} if kind == "move" else {"clickCount": 1}
        self._post("Input.dispatchMouseEvent", type=MOUSE[kind], x=x, y=y, **button, **count)

    def _type(self, text: str, cut: int) -> None:
        if not self._is_open():
            self._note("text", withheld="a field for a secret, or one that cannot be seen")
            self._said = NO_SECRETS
            return
        if cut:
            self._said = f"The last {cut} characters were left out: {TEXT_CHARACTERS} are taken at a time."
        self._note("text", text=text, **({"cut": cut} if cut else {}))
        self._post("Input.insertText", text=text)

    def _is_open(self) -> bool:
        """Whether what is typed goes into a field that is seen to be for no secret."""
        used = script(FOCUS)
        try:
            found = {str(self.visit.run(used, FOCUS_S, self.visit.frame))}
            if "frame" in found:
                found |= {str(self.visit.run(used, FOCUS_S, key)) for key, _address in self.visit.frames()}
        except (CallFailed, OutOfTime):
            return False
        return found - {"frame", "nothing"} == {"open"}

    def _key(self, key: str, *, shift: bool) -> None:
        self._note("key", key=key, **({"shift": True} if shift else {}))
        number, text = KEYS[key]
        told: dict[str, Any] = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": number,
            "modifiers": 8 if shift else 0,
        }
        self._post("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **told, **_written(text))
        self._post("Input.dispatchKeyEvent", type="keyUp", **told)

    def _go(self, address: str, why: str = "") -> None:
        place = parse_locator(address)
        if not isinstance(place, Locator):
            self._said = f"Not gone to: {place.reason}"
            return
        self._note("go", address=place.text, **({"because": why} if why else {}))
        self._post("Page.navigate", url=place.text)

    def _back(self) -> None:
        self._note("back")
        try:
            said = self.visit.protocol.call("Page.getNavigationHistory", self.visit.session, wait_s=FOCUS_S)
            entries, at = said.get("entries", []), int(said.get("currentIndex", 0))
            # The first is the empty page that there was before any.
            if at > 1:
                self._post("Page.navigateToHistoryEntry", entryId=entries[at - 1].get("id"))
        except (CallFailed, OutOfTime):
            self._said = "The page does not answer."

    def _listen(self) -> None:
        protocol = self.visit.protocol
        protocol.on("Page.screencastFrame", self._heard_picture)
        protocol.on("Page.windowOpen", self._heard_window)

    def _listen_no_more(self) -> None:
        protocol = self.visit.protocol
        protocol.on("Page.screencastFrame", self._take_picture)
        protocol.on("Page.windowOpen", lambda said, session: None)

    def _heard_picture(self, said: Mapping[str, Any], session: str) -> None:
        self._take_picture(said, session)
        self._show(said)

    def _take_picture(self, said: Mapping[str, Any], session: str) -> None:
        self.visit.protocol.post("Page.screencastFrameAck", session, sessionId=said.get("sessionId"))

    def _heard_window(self, said: Mapping[str, Any], session: str) -> None:
        if said.get("userGesture") is True:
            self._go(str(said.get("url", "")), "a window was to open there; it is shown in this one")

    def _tell(self) -> None:
        """What stands beside the picture, where it changed."""
        if self.visit.address != self._address:
            self._address, self._said = self.visit.address, ""
        told = {
            "address": self._address[:2_000],
            "waiting": len(self.visit.traffic.waiting),
            "requests": len(self.visit.traffic.requests) + self.visit.traffic.beyond,
            "said": self._said or "; ".join(f"{count} x {what}" for what, count in self.visit.notes.items()),
        }
        if told != self._told:
            self._told = told
            self.channel.send({"state": told})

    def _note(self, kind: str, **told: Any) -> None:
        if len(self._events) < EVENTS_LIMIT:
            self._events.append({"at": rfc3339(datetime.now(UTC)), "kind": kind, **told})
            self.keep(self._events[-1])
        else:
            self._beyond += 1

    def _post(self, method: str, **parameters: Any) -> None:
        self.visit.protocol.post(method, self.visit.session, **parameters)


def _written(text: str) -> dict[str, str]:
    return {"text": text} if text else {}

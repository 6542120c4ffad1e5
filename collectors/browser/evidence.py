"""The evidence of one visit, in the order of the Berkeley Protocol (paragraph 155): the picture first.

Each step notes when it began and ended, what it wrote, with which call or script, and the digest of both, so that the
order can be shown later. A step that fails leaves its reason in the list, and the next one is taken.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casefile.clock import rfc3339
from casefile.digests import sha256
from casefile.model import ReceivedFile
from casefile.vocabulary import Fidelity, FileKind
from collectors.browser.difference import difference
from collectors.browser.injected import CONSENT, FACTS, FRAME, SCROLL, TOP, reference, script
from collectors.browser.pictures import PictureUnusable, colours, frame, join, size_of
from collectors.browser.protocol import CallFailed, OutOfTime
from collectors.browser.visit import Visit

RAW = "files/0001"
SHOT, FRAMED, LATER = "page/screenshot.png", "page/screenshot-framed.jpg", "page/screenshot-scrolled.png"
AFTER_CONSENT = "page/screenshot-consent.png"
DOM, PDF, TEXT, MHTML = "page/dom.html", "page/page.pdf", "page/text.txt", "page/page.mhtml"
DIFFERENCE = "page/sent-and-rendered.txt"
REFERENCE_SIZE = (300, 140)
REFERENCE_POINTS = ((50, 50), (150, 50), (250, 50))
REFERENCE_COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
REFERENCE_TEXT = "Known text: 0123456789 مرحبا မင်္ဂလာပါ"
STRIP_HEIGHT = 5_000
"""Of one picture: beyond some 16,000 pixels Chromium repeats what it has drawn."""
MOST_HEIGHT, MOST_WIDTH = 40_000, 2_000
PICTURE_S, DOM_S, PDF_S = 40.0, 20.0, 15.0
MOST_PRINTED = 50_000
"""Elements of a page that is printed: a hundred thousand hold Chromium up for longer than everything else together."""
MOST_SCROLLS = 24
SCROLL_PAUSE_S = 0.12
SCROLL_QUIET_S = 0.2
SCROLL_S = 8.0
MOST_FRAMES, FRAME_S, FRAMES_S = 50, 3.0, 6.0
"""Frames whose text is read; seconds for one of them, and for all."""
URL_CHARACTERS = 2_000
RENDERED_CHARACTERS = 1 << 20
FAILURES = (CallFailed, OutOfTime, PictureUnusable, binascii.Error)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is taken besides, where somebody asked for it."""

    mhtml: bool = False
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a step makes: its path, its media type, the call that makes it, and what it is made of."""

    path: str
    media_type: str
    command: tuple[str, ...]
    of: str = RAW


@dataclass(slots=True)
class Step:
    """One step as it is written down."""

    name: str
    began_at: str
    began_ns: int
    facts: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {"step": self.name, "began_at": self.began_at, "began_ns": str(self.began_ns), **self.facts}


@dataclass(slots=True)
class Evidence:
    """What has been taken so far, below `out`. `cut` is what of the page the pictures do not show."""

    visit: Visit
    out: Path
    locator: str
    wishes: Wishes = Wishes()
    keep: Callable[[str], str] = lambda text: text
    steps: list[Step] = field(default_factory=list)
    files: list[ReceivedFile] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    cut: str = ""
    loader: str = ""
    shown_at: str = ""
    framing: Future[bytes] | None = None

    @property
    def title(self) -> str:
        """What the page calls itself."""
        return str(self.facts.get("title", ""))

    @property
    def rendered(self) -> str:
        """The beginning of the document as its scripts left it; empty where it was not taken."""
        if not (self.out / DOM).is_file():
            return ""
        with (self.out / DOM).open(encoding="utf-8", errors="replace") as stream:
            return stream.read(RENDERED_CHARACTERS)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """One step; what fails in it is noted as missing. Raises BrowserGone and NotShown alone."""
        one = Step(name, _now(), time.monotonic_ns())
        self.steps.append(one)
        try:
            yield one
        except FAILURES as error:
            said = f"{error} took too long" if isinstance(error, OutOfTime) else str(error)
            one.facts["failed"] = said[:300]
            self.missing.append(name)
        finally:
            one.facts["ended_at"] = _now()
            one.facts["ended_ns"] = str(time.monotonic_ns())

    def take(self) -> None:
        """All of it. Raises NotShown when what is shown is no page, and BrowserGone."""
        self.loader = self.visit.shown()
        self.picture(SHOT, "full-page picture")
        self.loader = self.visit.shown()
        self.visit.hold()
        self.dom()
        self.compare()
        self.read_facts()
        with ThreadPoolExecutor(1) as beside:
            if (self.out / SHOT).is_file():
                # Drawn while the browser does the rest.
                self.framing = beside.submit(self._framing)
            self.pdf()
            if self.wishes.mhtml:
                self.mhtml()
            self.scroll()
            if self.wishes.consent:
                self.consent()
            self.framed()

    def picture(self, path: str, name: str) -> None:
        """A picture of the whole page, from its top."""
        with self.step(name) as step:
            size = self.visit.call("Page.getLayoutMetrics", wait_s=PICTURE_S).get("cssContentSize", {})
            width, height = max(int(size.get("width", 0)), 1), max(int(size.get("height", 0)), 1)
            shown, wide = min(height, MOST_HEIGHT), min(width, MOST_WIDTH)
            if (wide, shown) != (width, height):
                self.cut = f"the page is of {width} x {height} pixels; the picture shows the first {wide} x {shown}"
            strips = []
            for top in range(0, shown, STRIP_HEIGHT):
                clip = {"x": 0, "y": top, "width": wide, "height": min(STRIP_HEIGHT, shown - top), "scale": 1}
                strips.append(self._shot(captureBeyondViewport=True, clip=clip))
            picture = join(strips)
            step.facts |= {"page_height": height, "strips": [sha256(one) for one in strips], "size": size_of(picture)}
            call = ("Page.captureScreenshot", f"captureBeyondViewport, strips of {wide} x {STRIP_HEIGHT}")
            self.write(step, Made(path, "image/png", call), picture)
            self.shown_at = self.shown_at or step.began_at

    def dom(self) -> None:
        """The document as it stands after its scripts, shadow trees included."""
        with self.step("rendered document") as step:
            root = self.visit.call("DOM.getDocument", wait_s=DOM_S, depth=0).get("root", {})
            said = self.visit.call("DOM.getOuterHTML", wait_s=DOM_S, nodeId=root.get("nodeId"), includeShadowDOM=True)
            html = self.keep(str(said.get("outerHTML", ""))).encode("utf-8", "replace")
            self.write(step, Made(DOM, "text/html", ("DOM.getOuterHTML", "includeShadowDOM")), html)

    def compare(self) -> None:
        """What of the markup that was sent is not what stands there."""
        document = self.visit.document(self.loader)
        if document is None or not (self.out / DOM).is_file():
            return
        with self.step("sent against rendered") as step:
            said = self.visit.call("Network.getResponseBody", wait_s=DOM_S, requestId=document.key)
            if said.get("base64Encoded"):
                return
            rendered = (self.out / DOM).read_text("utf-8", errors="replace")
            found = difference(self.keep(str(said.get("body", ""))), rendered)
            step.facts |= {"lines": found.count("\n")}
            self.write(
                step, Made(DIFFERENCE, "text/plain", ("casefile difference/1", DOM)), found.encode("utf-8", "replace")
            )

    def read_facts(self) -> None:
        """What the page says of itself, and the text that a visitor reads."""
        with self.step("text and claims") as step:
            used = script(FACTS)
            step.facts["script"] = {"name": used.name, "sha256": used.digest}
            found = self.visit.run(used)
            found = found if isinstance(found, dict) else {}
            self.facts = json.loads(self.keep(json.dumps(found)))
            try:
                self.facts["framed"] = json.loads(self.keep(json.dumps(self._framed(step))))
            finally:
                # Whatever became of the frames, what the page itself says is there.
                text = whole_text(self.facts).encode("utf-8", "replace")
                self.write(step, Made(TEXT, "text/plain", ("Runtime.evaluate", used.name)), text)

    def _framed(self, step: Step) -> list[dict[str, str]]:
        """What stands in each frame of the page; of those that cannot be read the number."""
        used, read, unread = script(FRAME), [], 0
        frames = list(self.visit.frames())
        until = time.monotonic() + FRAMES_S
        for key, address in frames[:MOST_FRAMES]:
            try:
                text = self.visit.run(used, FRAME_S, key) if time.monotonic() < until else None
            except (CallFailed, OutOfTime):
                text = None  # it went away, as frames do, or says nothing
            unread += text is None
            if text:
                read.append({"address": address[:URL_CHARACTERS], "text": str(text)})
        if frames:
            unread += max(len(frames) - MOST_FRAMES, 0)
            step.facts |= {"scripts": [{"name": used.name, "sha256": used.digest}]}
            step.facts |= {"frames": len(frames), "frames_unread": unread}
        return read

    def pdf(self) -> None:
        """The page as it prints."""
        with self.step("PDF") as step:
            elements = int(self.facts.get("counts", {}).get("elements", 0))
            if elements > MOST_PRINTED:
                raise CallFailed(f"not printed: of {elements} elements, where at most {MOST_PRINTED} are")
            said = self.visit.call("Page.printToPDF", wait_s=PDF_S, printBackground=True, preferCSSPageSize=True)
            content = base64.b64decode(str(said.get("data", "")), validate=True)
            self.write(step, Made(PDF, "application/pdf", ("Page.printToPDF", "printBackground")), content)

    def mhtml(self) -> None:
        """The page in one file, as the browser would save it."""
        with self.step("MHTML") as step:
            said = self.visit.call("Page.captureSnapshot", wait_s=DOM_S, format="mhtml")
            content = self.keep(str(said.get("data", ""))).encode("utf-8", "replace")
            self.write(step, Made(MHTML, "multipart/related", ("Page.captureSnapshot", "mhtml")), content)

    def consent(self) -> None:
        """Answer a request for consent by one click, and take another picture if there was one to answer."""
        answered = "none"
        with self.step("consent") as step:
            used = script(CONSENT)
            step.facts["script"] = {"name": used.name, "sha256": used.digest}
            said = self.visit.run(used)
            answered = str(said.get("answer", "none"))
            step.facts |= {"answer": answered, "clicked": str(said.get("clicked", ""))}
        if answered != "none":
            self.visit.rest(2.0)
            self.picture(AFTER_CONSENT, "picture after consent")

    def calibrate(self) -> None:
        """A page of known content, shown by the same browser in the same run: that it draws and reads as it should."""
        with self.step("reference page") as step:
            source = reference()
            step.facts["source_sha256"] = sha256(source.encode("utf-8"))
            shown = self.visit.show(source, REFERENCE_SIZE)
            step.facts |= {
                "picture_sha256": sha256(shown.picture),
                "colours_as_known": colours(shown.picture, REFERENCE_POINTS) == REFERENCE_COLOURS,
                "text_as_known": REFERENCE_TEXT in shown.text,
            }

    def scroll(self) -> None:
        """Go down the page as a reader does, for what is only loaded then; another picture where that changed it."""
        before = len(self.visit.traffic.requests)
        height = changed = 0
        with self.step("scrolling") as step:
            down, top = script(SCROLL), script(TOP)
            step.facts["scripts"] = [{"name": one.name, "sha256": one.digest} for one in (down, top)]
            until = time.monotonic() + SCROLL_S
            rounds = 0
            while rounds < MOST_SCROLLS and time.monotonic() < until:
                rounds += 1
                said = self.visit.run(down)
                height, first = int(said.get("height", 0)), height
                changed += bool(first and first != height)
                asked = len(self.visit.traffic.requests)
                self.visit.protocol.pause(SCROLL_PAUSE_S)
                if len(self.visit.traffic.requests) > asked:
                    self.visit.rest(1.0, SCROLL_QUIET_S)
                at_the_end = said.get("top", 0) + said.get("window", 0) >= height - 1 or height > MOST_HEIGHT
                if at_the_end and len(self.visit.traffic.requests) == asked:
                    break
            ended = rounds < MOST_SCROLLS and height <= MOST_HEIGHT and time.monotonic() < until
            step.facts |= {"rounds": rounds, "height": height, "reached_the_end": ended}
            self.visit.run(top)
            changed += len(self.visit.traffic.requests) - before
        if changed:
            self.visit.rest(2.0)
            self.picture(LATER, "picture after scrolling")

    def framed(self) -> None:
        """The first picture with date, time and address beside it; the picture itself stays as it was taken."""
        if self.framing is None:
            return
        with self.step("framed picture") as step:
            command = ("casefile frame/1", *self._beside_picture())
            self.write(step, Made(FRAMED, "image/jpeg", command, SHOT), self.framing.result())

    def _framing(self) -> bytes:
        return frame((self.out / SHOT).read_bytes(), self._beside_picture())

    def _beside_picture(self) -> tuple[str, str, str]:
        return (
            f"{self.shown_at[:19].replace('T', '  ')} UTC (clock of the collecting machine)",
            str(self.facts.get("address") or self.locator),
            f"picture {sha256((self.out / SHOT).read_bytes())}",
        )

    def write(self, step: Step, made: Made, content: bytes) -> None:
        """A file of the capture, with its digest noted before anything else happens."""
        step.facts |= {"file": made.path, "sha256": sha256(content), "bytes": len(content)}
        place = self.out / made.path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        self.files.append(
            ReceivedFile(
                path=made.path,
                kind=FileKind.DERIVATIVE,
                fidelity=Fidelity.RECONSTRUCTED,
                media_type=made.media_type,
                derived_from=(made.of,),
                command=tuple(one[:2000] for one in made.command),
            )
        )

    def _shot(self, **parameters: Any) -> bytes:
        said = self.visit.call(
            "Page.captureScreenshot", wait_s=PICTURE_S, format="png", optimizeForSpeed=True, **parameters
        )
        return base64.b64decode(str(said.get("data", "")), validate=True)


def whole_text(facts: Mapping[str, Any]) -> str:
    """What a visitor reads in a page, and under the address of each of its frames what stands there."""
    framed = (f"[frame {one['address']}]\n{one['text']}" for one in facts.get("framed", ()))
    return "\n\n".join((str(facts.get("text", "")), *framed))


def _now() -> str:
    return rfc3339(datetime.now(UTC))

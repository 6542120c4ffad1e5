"""Capturing pages by the method `browser` as the sequences do: contained, recorded, and completed from the record."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sites.hostile import HostileSite
from warcio.archiveiterator import ArchiveIterator

from casefile.model import Contact, Received, ReceivedItem
from casefile.vocabulary import ContainmentLevel
from collectors.browser.spec import SPEC
from collectors.interface import CaptureRequest
from containment.limits import Limits
from containment.sandbox import available
from containment.tools import find_program
from containment.worker import EgressPolicy, RecordingPolicy, Worker, open_worker
from pipelines.recorded import explained, with_peers, with_record
from pipelines.recording import MODULE, Wishes, add_record, pages_in

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
BOUNDS: dict[str, int] = {
    "max_bytes": 64 << 20,
    "max_decoded_bytes": 64 << 20,
    "deadline_s": 120,
    "connect_timeout_s": 5,
    "minimum_rate_bytes_s": 0,
    "minimum_rate_window_s": 30,
    "max_redirects": 5,
}
LIMITS = Limits(180, 180, 2 << 30, 256 << 20, 512 << 20, SPEC.processes)


@dataclass(frozen=True, slots=True)
class Shown:
    """A capture: what it answered, and its folder."""

    received: Received
    out: Path
    contacts: tuple[Contact, ...]

    @property
    def page(self) -> ReceivedItem:
        return self.received.items[0]

    @property
    def ending(self) -> tuple[str, str | None]:
        return self.received.outcome.value, self.received.cause.value if self.received.cause else None

    @property
    def record(self) -> Any:
        return json.loads(self.text("record/browser.json"))

    def bytes(self, path: str) -> bytes:
        return (self.out / path).read_bytes()

    def text(self, path: str) -> str:
        return self.bytes(path).decode("utf-8")

    def content(self, item: ReceivedItem) -> bytes:
        (path,) = item.files
        return self.bytes(path)

    def item_at(self, ending: str) -> ReceivedItem:
        (found,) = [one for one in self.received.items if one.locator.endswith(ending)]
        return found

    def steps(self) -> list[str]:
        return [one["step"] for one in self.record["steps"]]

    def responses(self) -> dict[str, bytes]:
        """The blocks of the responses in the record of what passed, by locator."""
        with zipfile.ZipFile(self.out / "record/wire.wacz") as wacz, wacz.open("archive/wire.warc.gz") as stream:
            return {
                record.rec_headers.get_header("WARC-Target-URI"): record.raw_stream.read()
                for record in ArchiveIterator(stream, no_record_parse=True)
                if record.rec_type == "response"
            }


@dataclass
class Shows:
    """Captures of one sandbox."""

    site: HostileSite
    worker: Worker
    out: Path
    count: int = 0
    taken: dict[str, Shown] = field(default_factory=dict)

    def once(self, path: str) -> Shown:
        """A capture of a path of the site that tests share."""
        if path not in self.taken:
            self.taken[path] = self.capture(self.site.url(path))
        return self.taken[path]

    def capture(self, locator: str, **asked: Any) -> Shown:
        self.count += 1
        target = self.out / f"shown-{self.count}"
        bounds = {**BOUNDS, **asked.pop("limits", {})}
        told = {"user_agent": USER_AGENT, "accept_language": "ar,en;q=0.5", **asked}
        request = CaptureRequest(locator=locator, limits=bounds, methods=("GET", "HEAD", "POST"), **told)
        result = self.worker.call_into(request.plain(), target, LIMITS)
        received = Received.model_validate(result.answer)
        if result.recording is not None:
            wishes = Wishes(received.wanted, 64 << 20, request.cookies, pages_in(received))
            recorded = add_record(result.recording, target, self._make, wishes)
            received = with_record(received, recorded)
        received = with_peers(explained(received, result.contacts), result.contacts)
        return Shown(received, target, result.contacts)

    def _make(self, request: Any, out: Path, limits: Limits) -> Any:
        with open_worker(MODULE, inputs=out.parent, out=self.out, egress=None, level=ContainmentLevel.FULL) as worker:
            return worker.call_into(request, out, limits).answer


@contextmanager
def shows(site: HostileSite, out: Path, tls: tuple[str, ...] = ()) -> Iterator[Shows]:
    """A sandbox that may reach the site. Skips where there is no Chromium or no containment."""
    if find_program("chromium") is None or not available().full:
        pytest.skip("no Chromium, or no full containment")
    allowed = (site.address, *(site.tls_address(kind) for kind in tls))
    recording = RecordingPolicy(256 << 20, roots=(site.certificates.root,))
    policy = EgressPolicy(allowed, recording=recording, methods=("GET", "HEAD", "POST"), own_calls=SPEC.own_calls)
    with open_worker(SPEC.module, inputs=None, out=out, egress=policy, level=ContainmentLevel.FULL) as worker:
        yield Shows(site, worker, out)

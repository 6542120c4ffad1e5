"""The worker of the method `ytdlp`: one locator to the original streams behind it and everything said about them.

The evidence is what came over the wire, one file for each response. yt-dlp finds and chooses; it writes nothing.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casefile.canonical import Json
from casefile.model import Received, ReceivedFile, ReceivedItem, ToolUse
from casefile.vocabulary import Cause, Content, Outcome, Role
from collectors.interface import CaptureRequest
from collectors.named_media import GALLERY_METHOD, is_image_post
from collectors.outcomes import advice as general_advice
from collectors.outcomes import outcomes_of
from collectors.withheld import secrets_of, withhold, withhold_all
from collectors.ytdlp import answer
from collectors.ytdlp.causes import RAISED, Explanation, chain_of, explain
from collectors.ytdlp.claims import title_of
from collectors.ytdlp.extraction import Extraction, entries_of
from collectors.ytdlp.faults import LimitReached
from collectors.ytdlp.recording import Recorder, Transfer, exchange_of
from collectors.ytdlp.streams import Stream, formats_of, receive
from collectors.ytdlp.thinking import bounded_thinking
from collectors.ytdlp.viewing import make_viewing_copy

WORK = "joined"
"""Segments put together for ffmpeg, decrypted where the playlist gives the key; removed when the copy is made."""
MAX_SUBTITLES = 40
MAX_THUMBNAIL_TRIES = 3
GRACE_S = 30.0
"""For the copy for viewing of what came before the deadline cut the rest off."""


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Capture `request` (CaptureRequest) below `out`; the answer is a Received. Nothing is read from `inputs`."""
    asked = CaptureRequest.model_validate(request)
    if not asked.proxy:
        return Received(
            outcome=Outcome.FAILED,
            cause=Cause.TOOL_FAILED,
            detail="there is no egress broker to go through",
            advice=general_advice(Cause.TOOL_FAILED),
        ).plain()
    return capture(asked, out).plain()


def capture(asked: CaptureRequest, out: Path) -> Received:
    """Find, receive, describe. Whatever the site or the network does ends in a Received with a cause."""
    recorder = Recorder(out, asked.limits, secrets=secrets_of(asked.cookies) if asked.cookies else None)
    extraction = Extraction(asked, recorder)
    deadline = threading.Timer(asked.limits.deadline_s, extraction.expire)
    deadline.daemon = True
    deadline.start()
    try:
        taking = _Taking(asked, out, extraction)
        taking.run()
        received = taking.result()
        # Of a post without a video the pictures are left.
        pictures = not received.items and is_image_post(asked.locator)
        return received.model_copy(update={"suggests": GALLERY_METHOD}) if pictures else received
    finally:
        deadline.cancel()
        extraction.close()
        shutil.rmtree(out / WORK, ignore_errors=True)


class _Taking:
    """One capture while it is being made."""

    def __init__(self, asked: CaptureRequest, out: Path, extraction: Extraction) -> None:
        self.asked = asked
        self.out = out
        self.extraction = extraction
        self.recorder = extraction.recorder
        self.failed: Explanation | None = None
        self.faults: list[Explanation] = []
        self.missing: list[str] = []
        self.videos: list[tuple[Mapping[str, Any], list[Stream]]] = []
        self.sides: list[tuple[int, list[Transfer], Role, str]] = []
        self.taken: set[tuple[str, ...]] = set()
        self.stopped = False
        (out / WORK).mkdir()
        (out / answer.RECORD).mkdir()

    def run(self) -> None:
        try:
            with bounded_thinking():
                found = self.extraction.extract_info(self.asked.locator, download=False, process=False)
                entries, more = entries_of(found or {})
        except RAISED as error:
            self.failed = self._explain(error)
            return
        if more:
            self.missing.append(f"the first {len(entries)} videos of the list were taken; monitor it for the others")
        if not entries:
            self.failed = Explanation(Cause.UNSUPPORTED, "an empty list", general_advice(Cause.UNSUPPORTED))
        for entry in entries:
            if not self.stopped:
                self._take_entry(entry)

    def _take_entry(self, entry: dict[str, Any]) -> None:
        try:
            with bounded_thinking():
                info = self.extraction.process_ie_result(entry, download=False)
        except RAISED as error:
            self.stopped = any(isinstance(one, LimitReached) for one in chain_of(error))
            if self._was_redirected_to(entry) or (self.stopped and not self.videos):
                self.failed = self._explain(error)
            else:
                self.faults.append(self._explain(error))
            return
        for video in _videos(info):
            if not self.stopped:
                self._take_video(video)

    def _was_redirected_to(self, entry: Mapping[str, Any]) -> bool:
        """Whether the entry is only where the locator led by HTTP: what it lacks, the locator lacks."""
        followed = {one.redirect_to for one in self.recorder.transfers}
        return not self.videos and entry.get("_type") == "url" and entry.get("url") in followed

    def _take_video(self, info: dict[str, Any]) -> None:
        formats = formats_of(info)
        named = tuple(str(chosen.get("url")) for chosen in formats)
        if named in self.taken:  # a page may show one video twice
            return
        self.taken.add(named)
        streams: list[Stream] = []
        for position, chosen in enumerate(formats):
            work = self.out / WORK / f"{len(self.videos):04d}-{position}"
            work.mkdir()
            streams.append(stream := receive(self.extraction, chosen, work))
            self.missing.extend(stream.missing)
            if stream.fault is not None:
                self.faults.append(stream.fault)
            if stream.stopped:
                self.stopped = True
                break
        self.videos.append((info, streams))
        self._write_info(info)
        if not self.stopped:
            self._take_sides(info)

    def _take_sides(self, info: Mapping[str, Any]) -> None:
        position = len(self.videos) - 1
        wanted = list((info.get("requested_subtitles") or {}).items())
        for language, subtitle in wanted[:MAX_SUBTITLES]:
            work = self.out / WORK / f"{position:04d}-subtitle-{len(self.sides):04d}"
            work.mkdir()
            if not self._take_side({**subtitle, "id": info.get("id")}, work, Role.SUBTITLE, str(language)):
                self.missing.append("a subtitle")
        for thumbnail in list(reversed(info.get("thumbnails") or []))[:MAX_THUMBNAIL_TRIES]:
            if self._take_side(thumbnail, self.out / WORK, Role.THUMBNAIL, ""):
                return
        if info.get("thumbnails"):
            self.missing.append("the thumbnail")

    def _take_side(self, chosen: Mapping[str, Any], work: Path, role: Role, name: str) -> bool:
        if self.stopped or not chosen.get("url"):
            return False
        stream = receive(self.extraction, chosen, work)
        self.stopped = stream.stopped
        if stream.transfers:
            self.sides.append((len(self.videos) - 1, list(stream.transfers), role, name))
        return bool(stream.transfers) and stream.whole

    def _write_info(self, info: dict[str, Any]) -> None:
        plain = self.extraction.sanitize_info(info)
        if self.recorder.secrets is not None:
            plain = withhold_all(_without_cookies(plain), self.recorder.secrets)
        path = self.out / answer.RECORD / f"info-{len(self.videos):04d}.json"
        path.write_text(json.dumps(plain, sort_keys=True, indent=1, default=str), "utf-8")

    def _explain(self, error: BaseException) -> Explanation:
        return explain(
            error,
            transfers=self.recorder.transfers,
            script_runtime_missing=self.extraction.lacks_script_runtime(),
        )

    def result(self) -> Received:
        self.extraction.transport.close()
        types: dict[str, str] = {}
        status = self._answer_in_its_place() or self._empty_answer()
        files = answer.received_files(self.recorder, types)
        part = None
        if self.failed is not None and status is None:
            part = self._part_of_an_answer(types)
            if part is None:
                return answer.failure(self.failed, self.recorder)
            self.faults.append(self.failed)
        items, tools = self._items(files, types, status or part)
        self.faults.extend(answer.damage(self.recorder, items))
        if refusal := self._refusal(items):
            return answer.failure(refusal, self.recorder)
        if not items:
            reason = next(iter(self.faults), None) or Explanation(Cause.TOOL_FAILED, "nothing came", "")
            return answer.failure(reason, self.recorder)
        if status is not None and status.status >= 400 and self.failed is not None:
            ended: dict[str, Any] = {
                "outcome": Outcome.CAPTURED,
                "cause": Cause.HTTP_STATUS,
                "detail": self.failed.detail,
                "advice": self.failed.advice,
                "retry_after_s": answer.retry_after(status),
            }
        else:
            ended = answer.ending(self.faults, self.missing, items)
        files += self._records()
        return Received(
            **ended,
            files=tuple(files),
            items=tuple(items),
            exchanges=tuple(map(exchange_of, self.recorder.transfers)),
            tools=tuple(tools),
            alterations=self.recorder.altered.told(),
        )

    def _items(
        self, files: list[ReceivedFile], types: dict[str, str], instead: Transfer | None
    ) -> tuple[list[ReceivedItem], list[ToolUse]]:
        items: list[ReceivedItem] = []
        tools = [answer.tool_use()]
        page = instead or self._page(types)
        if page is not None:
            title = title_of(self.videos[0][0]) if len(self.videos) == 1 else ""
            reason = answer.why_absent(page)
            content = Content.ABSENT if reason else Content.PRESENT
            items.append(answer.page_item(page, types, title=title, content=content, reason=reason))
        for position, (info, streams) in enumerate(self.videos):
            viewing_type = self._make_copy(streams, files, tools)
            if item := answer.stream_item(streams, info, types, viewing_type):
                items.append(item)
            for at, transfers, role, name in self.sides:
                if at == position:
                    items.append(answer.side_item(transfers, role, name, types))
        return items, tools

    def _make_copy(self, streams: list[Stream], files: list[ReceivedFile], tools: list[ToolUse]) -> str:
        """A copy for viewing where the evidence is in pieces; its media type, empty when there is none."""
        came = [stream for stream in streams if stream.transfers]
        if not came or (len(came) == 1 and not came[0].joined):
            return ""
        inputs = [self._joined(stream) for stream in came]
        parts = dict.fromkeys(one.content_path for stream in came for one in stream.transfers)
        try:
            left_s = self.recorder.left_s()
        except LimitReached:
            left_s = GRACE_S
        made = make_viewing_copy(self.out, [one for one in inputs if one], tuple(parts), left_s=left_s)
        if made.file is None:
            self.extraction.messages.warning(made.problem)
            return ""
        files.append(made.file)
        if made.tool is not None and made.tool not in tools:
            tools.append(made.tool)
        return made.file.media_type

    def _joined(self, stream: Stream) -> Path | None:
        if not stream.joined:
            return self.out / stream.transfers[-1].content_path
        first, *others = stream.joined
        with first.open("ab") as whole:
            for part in others:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, whole)
        return first

    def _first_answer(self) -> Transfer | None:
        """What the locator itself answered, after its redirects."""
        return next((one for one in self.recorder.transfers if one.status and not one.redirect_to), None)

    def _page(self, types: dict[str, str]) -> Transfer | None:
        """The page that was asked for; none when the locator leads to a medium or an extractor asked elsewhere."""
        first = self._first_answer()
        if first is None or not first.path or first.status >= 400 or types[first.content_path] not in answer.PAGES:
            return None
        return first

    def _part_of_an_answer(self, types: dict[str, str]) -> Transfer | None:
        """What came of the locator's answer before it broke off: kept, whatever it is."""
        first = self._first_answer()
        if self.failed is None or first is None or not first.path:
            return None
        if Outcome.PARTIAL in outcomes_of(self.failed.cause):
            return first
        return self._page(types) if self.failed.cause is Cause.HTTP_STATUS else None

    def _answer_in_its_place(self) -> Transfer | None:
        """The error answer that explains why nothing was found: to the locator, or to what stands behind it."""
        if self.failed is None or self.failed.cause is not Cause.HTTP_STATUS:
            return None
        first = self._first_answer()
        errors = [one for one in self.recorder.transfers if one.status >= 400]
        if first is None or not errors:
            return None
        if first.status < 400 and first.media_type in answer.PAGES:
            return None
        found = first if first.status >= 400 else errors[-1]
        if not found.path:
            self.recorder.open_body(found).close()
        return found

    def _empty_answer(self) -> Transfer | None:
        """A whole answer without a byte in it, when nothing else came either: that there is nothing is what came."""
        first = self._first_answer()
        if (
            first is None
            or not first.succeeded
            or any(one.path for one in self.recorder.transfers if not one.redirect_to)
        ):
            return None
        self.recorder.open_body(first).close()
        return first

    def _refusal(self, items: list[ReceivedItem]) -> Explanation | None:
        """Why no medium came, when policy is why: then the attempt is refused, whatever stands around it."""
        if any(one.role in (Role.VIDEO, Role.AUDIO) and one.content is not Content.ABSENT for one in items):
            return None
        return next((one for one in self.faults if one.cause is Cause.BLOCKED_BY_POLICY), None)

    def _records(self) -> list[ReceivedFile]:
        folder = self.out / answer.RECORD
        self.recorder.write_log(folder / "exchanges.jsonl")
        self.recorder.write_certificates(folder / "certificates.pem")
        said = withhold("\n".join(self.extraction.messages.lines), self.recorder.secrets or ())
        (folder / "messages.txt").write_text(said, "utf-8")
        types = {
            ".json": "application/json",
            ".jsonl": "application/jsonl",
            ".pem": "application/pem-certificate-chain",
            ".txt": "text/plain",
        }
        return [
            answer.record_file(f"{answer.RECORD}/{path.name}", types[path.suffix])
            for path in sorted(folder.iterdir())
            if path.stat().st_size
        ]


def _without_cookies(info: Any) -> Any:
    """What yt-dlp knows of a video without the cookies that it would hand to a program that fetches by itself."""
    if isinstance(info, dict):
        return {key: _without_cookies(one) for key, one in info.items() if key != "cookies"}
    return [_without_cookies(one) for one in info] if isinstance(info, list) else info


def _videos(info: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The videos in a processed result, nested lists flattened."""
    if not info:
        return []
    if info.get("_type", "video") in ("playlist", "multi_video"):
        return [video for entry in info.get("entries") or () for video in _videos(entry)]
    return [dict(info)]

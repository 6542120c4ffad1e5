"""From what was received to the worker's answer: which files there are, what people will assess, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yt_dlp.version

from casefile.model import Received, ReceivedFile, ReceivedItem, ToolUse, readable
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role
from collectors.media_types import PREFIX_BYTES, role_of, sniff
from collectors.outcomes import advice as general_advice
from collectors.outcomes import outcomes_of, retry_after_s
from collectors.ytdlp.causes import Explanation
from collectors.ytdlp.claims import Info, author_of, claimed_time_of, name_of, text_of, title_of
from collectors.ytdlp.recording import Recorder, Transfer, exchange_of
from collectors.ytdlp.streams import Stream

PAGES = frozenset({"text/html", "application/xhtml+xml"})
PLAYLISTS = frozenset({"application/vnd.apple.mpegurl", "application/x-mpegurl", "application/dash+xml"})
EMPTY = "empty: the body has no bytes"
PAGE_FOR_A_PART = "a page came in the place of a part"
MAX_DETAIL_CHARACTERS = 4_096
RECORD = "record"


def tool_use() -> ToolUse:
    """yt-dlp as it is in this process."""
    return ToolUse(name="yt-dlp", version=yt_dlp.version.__version__, path=str(Path(yt_dlp.__file__).parent))


def received_files(recorder: Recorder, types: dict[str, str]) -> list[ReceivedFile]:
    """Every body that came, as content; `types` collects what the first bytes of each show."""
    files: list[ReceivedFile] = []
    for transfer in recorder.transfers:
        if not transfer.path:
            continue
        types[transfer.path] = sniff_file(recorder.out / transfer.path)
        files.append(_content(transfer.path, Fidelity.WIRE, types[transfer.path]))
        if transfer.decoded_path:
            path = transfer.decoded_path
            types[path] = sniff_file(recorder.out / path)
            files.append(_content(path, Fidelity.RECONSTRUCTED, types[path], (transfer.path,)))
    return files


def record_file(path: str, media_type: str) -> ReceivedFile:
    """A file about the collecting, written by us."""
    return ReceivedFile(path=path, kind=FileKind.RECORD, fidelity=Fidelity.RECONSTRUCTED, media_type=media_type)


def page_item(transfer: Transfer, types: dict[str, str], *, title: str, content: Content, reason: str) -> ReceivedItem:
    """The page, or the answer in its place, which may be something else."""
    media_type = types.get(transfer.content_path, "")
    return ReceivedItem(
        locator=readable(transfer.locator, 65_536),
        role=role_of(media_type),
        files=(transfer.content_path,),
        name=name_of(transfer.locator),
        media_type=media_type,
        declared_media_type=transfer.media_type,
        title=title,
        content=content,
        content_reason=reason,
        **_wire(transfer),
    )


def why_absent(transfer: Transfer) -> str:
    """Why an answer is not the page that was asked for; nothing where it may be."""
    if transfer.status >= 400:
        return f"HTTP status {transfer.status}"
    return "" if transfer.wire_bytes else EMPTY


def stream_item(streams: Sequence[Stream], info: Info, types: dict[str, str], viewing_type: str) -> ReceivedItem | None:
    """The video or sound: all its received parts in order. None when not a single byte of it came."""
    transfers = list({one.number: one for stream in streams for one in stream.transfers}.values())
    files = tuple(one.content_path for one in transfers)
    if not files:
        return None
    media_type = types[files[0]] if len(files) == 1 else viewing_type or types[files[-1]]
    content, reason = _judge(streams, transfers, types)
    return ReceivedItem(
        locator=readable(transfers[0].locator, 65_536),
        role=_role(streams, media_type),
        files=files,
        name=name_of(transfers[0].locator),
        media_type=media_type,
        declared_media_type=transfers[0].media_type,
        title=title_of(info),
        author=author_of(info),
        claimed_time=claimed_time_of(info),
        text=text_of(info),
        content=content,
        content_reason=reason,
        **(_wire(transfers[0]) if len(transfers) == 1 else {}),
    )


def side_item(transfers: Sequence[Transfer], role: Role, name: str, types: dict[str, str]) -> ReceivedItem:
    """A subtitle or a thumbnail."""
    files = tuple(one.content_path for one in transfers)
    return ReceivedItem(
        locator=readable(transfers[0].locator, 65_536),
        role=role,
        files=files,
        name=readable(name, 1_024),
        media_type=types[files[-1]],
        declared_media_type=transfers[-1].media_type,
        **(_wire(transfers[0]) if len(transfers) == 1 else {}),
    )


def failure(explanation: Explanation, recorder: Recorder) -> Received:
    """An attempt that brought nothing: the exchanges say what happened."""
    outcomes = outcomes_of(explanation.cause)
    refused = Outcome.REFUSED in outcomes
    cause = explanation.cause
    if not refused and Outcome.FAILED not in outcomes:
        cause = Cause.RESET if cause is Cause.TRUNCATED else Cause.TOOL_FAILED
    return Received(
        outcome=Outcome.REFUSED if refused else Outcome.FAILED,
        cause=cause,
        detail=readable(explanation.detail, MAX_DETAIL_CHARACTERS),
        advice=explanation.advice,
        exchanges=tuple(map(exchange_of, recorder.transfers)),
        alterations=recorder.altered.told(),
        tools=(tool_use(),),
    )


def ending(faults: Sequence[Explanation], missing: Sequence[str], contents: Iterable[ReceivedItem]) -> dict[str, Any]:
    """Outcome, cause, detail and advice of a capture that has items."""
    detail = readable("; ".join([*(one.detail for one in faults), *missing]), MAX_DETAIL_CHARACTERS)
    if faults or missing:
        cause = next((one.cause for one in faults if Outcome.PARTIAL in outcomes_of(one.cause)), Cause.PARTS_MISSING)
        advice = next((one.advice for one in faults if one.cause is not cause), general_advice(cause))
        named = ", ".join(dict.fromkeys(one.cause.value for one in faults if one.cause is not cause))
        return {
            "outcome": Outcome.PARTIAL,
            "cause": cause,
            "detail": f"{named}: {detail}" if named else detail,
            "advice": advice,
        }
    if any(one.content is Content.ABSENT or one.content_reason == PAGE_FOR_A_PART for one in contents):
        cause = Cause.NOT_THE_CONTENT
        return {"outcome": Outcome.CAPTURED, "cause": cause, "advice": general_advice(cause)}
    return {"outcome": Outcome.CAPTURED}


def damage(recorder: Recorder, items: Iterable[ReceivedItem]) -> list[Explanation]:
    """The items whose compressed body could not be undone to its end."""
    files = {path for item in items for path in item.files}
    cause = Cause.ENCODING_DAMAGED
    return [
        Explanation(cause, one.error, general_advice(cause))
        for one in recorder.transfers
        if one.damaged and one.content_path in files
    ]


def retry_after(transfer: Transfer) -> int:
    """Seconds that the server asks to wait, 0 when it does not say."""
    return retry_after_s(transfer.headers_by_name.get("retry-after", ""), datetime.now(UTC))


def sniff_file(path: Path) -> str:
    """The media type that the first bytes of a file tell of."""
    with path.open("rb") as file:
        return sniff(file.read(PREFIX_BYTES))


def _content(path: str, fidelity: Fidelity, media_type: str, derived_from: tuple[str, ...] = ()) -> ReceivedFile:
    return ReceivedFile(
        path=path, kind=FileKind.CONTENT, fidelity=fidelity, media_type=media_type, derived_from=derived_from
    )


def _wire(transfer: Transfer) -> dict[str, Any]:
    if not transfer.decoded_path:
        return {}
    return {"wire_sha256": transfer.wire_sha256, "wire_bytes": transfer.wire_bytes}


def _role(streams: Sequence[Stream], media_type: str) -> Role:
    silent = all(stream.format.get("vcodec") == "none" for stream in streams)
    return Role.AUDIO if silent or media_type.startswith("audio/") else Role.VIDEO


def _judge(streams: Sequence[Stream], transfers: Sequence[Transfer], types: dict[str, str]) -> tuple[Content, str]:
    shown = {types[one.content_path] for one in transfers}
    if shown <= PAGES:
        return Content.ABSENT, "a page came where media were named"
    if shown <= PLAYLISTS | PAGES:
        return Content.ABSENT, "only a list of media came, none of the media"
    if shown & PAGES:
        return Content.DOUBTFUL, PAGE_FOR_A_PART
    if len(transfers) == 1 and not any(one.startswith(("video/", "audio/")) for one in shown):
        known = shown != {"application/octet-stream"}
        return (Content.ABSENT if known else Content.DOUBTFUL), "what came is not recognisably video or sound"
    if any(stream.live and not stream.whole for stream in streams):
        return Content.PRESENT, "live, cut"
    return Content.PRESENT, ""

"""Bodies out of recorded traffic, into files of their own: framing and content codings taken off, bounded, judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from casefile.model import Wanted, readable
from casefile.vocabulary import Cause
from collectors.http.decoding import Decoder, DecodingFailed, decoder_for
from collectors.http.messages import Message, Stream, payload
from collectors.http.recorded_answer import Body
from collectors.media_types import PREFIX_BYTES, declared, sniff


@dataclass(frozen=True, slots=True)
class Answered:
    """A response to a GET, where it is, and when its first byte passed."""

    locator: str
    response: Message
    stream: Stream
    moment_us: int

    def header(self, name: str) -> str:
        return next((value for known, value in self.response.headers if known == name), "")


def take_bodies(answers: Sequence[Answered], wanted: Sequence[Wanted], out: Path, most_bytes: int) -> list[Body]:
    """Write the wanted bodies below `out`. One to which no answer was recorded is left out."""
    bodies = []
    ordered = sorted(answers, key=lambda one: one.moment_us)
    for one in wanted:
        locator = urldefrag(one.locator).url
        alike = [each for each in ordered if each.locator == locator and each.response.status == one.status]
        if alike:
            answer = alike[min(one.nth, len(alike) - 1)]
            bodies.append(_take(answer, out / one.path, one.path, most_bytes))
    return bodies


def _take(answer: Answered, place: Path, path: str, most_bytes: int) -> Body:
    place.parent.mkdir(parents=True, exist_ok=True)
    sent = _Sent(answer)
    decoder, cause, problem = _decoder_of(answer)
    if answer.response.cut:
        cause, problem = Cause.TRUNCATED, "the answer ended before its end"
    with place.open("xb") as file:
        try:
            for block in sent if decoder is None else _decoded(decoder, sent):
                file.write(block[: most_bytes - file.tell()])
                if file.tell() >= most_bytes:
                    cause, problem = Cause.TOO_LARGE, f"more than {most_bytes} bytes once decoded"
                    break
        except DecodingFailed as error:
            cause, problem = Cause.ENCODING_DAMAGED, readable(str(error), 300)
    for _ in sent:
        """The digest is of every byte sent, also of those behind a damage or a bound."""
    if decoder is not None and cause is None and sent.bytes and not decoder.finished:
        cause, problem = Cause.ENCODING_DAMAGED, "the compressed body ends before its own end"
    with place.open("rb") as file:
        media_type = sniff(file.read(PREFIX_BYTES))
    return Body(
        path=path,
        media_type=media_type,
        declared_media_type=readable(declared(answer.header("content-type")), 255),
        reconstructed=decoder is not None,
        wire_sha256="sha256:" + sent.digest.hexdigest(),
        wire_bytes=sent.bytes,
        cause=cause,
        problem=problem,
    )


class _Sent:
    """The payload of an answer as it was sent, block by block, once; counted and digested as it goes by."""

    def __init__(self, answer: Answered) -> None:
        self.digest = hashlib.sha256()
        self.bytes = 0
        self._blocks = payload(answer.stream, answer.response)

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.digest.update(block)
            self.bytes += len(block)
            yield block


def _decoder_of(answer: Answered) -> tuple[Decoder | None, Cause | None, str]:
    """What takes the codings off; one that cannot be read is left on, and that is said."""
    try:
        return decoder_for(answer.header("content-encoding")), None, ""
    except DecodingFailed as error:
        return None, Cause.ENCODING_DAMAGED, readable(str(error), 300)


def _decoded(decoder: Decoder, blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        yield from decoder.feed(block)

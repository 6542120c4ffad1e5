"""Derivatives of files in which places are written over: where these are, and the bytes as they then leave. Pure.

A derivative has the length of its source, and differs from it in the places alone: whoever is shown both can see that.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from casefile.digests import blocks
from casefile.events.types_packages import RedactedSpan
from disclosure.scanning import Scanner, stands_alone

MASK, AND = b"*", " and "


def spans_in(content: Iterable[bytes], scanner: Scanner) -> tuple[RedactedSpan, ...]:
    """Where in these bytes, in blocks of any size, anything stands that the scanner looks for; in order, apart."""
    found: set[tuple[int, int, str]] = set()
    tail, base = b"", 0
    for block in content if scanner.patterns else ():
        seen = tail + block.lower()
        found.update(_matches(seen, base, scanner, is_end=False))
        tail = seen[-scanner.longest :]
        base += len(seen) - len(tail)
    found.update(_matches(tail, base, scanner, is_end=True))
    return tuple(_apart(sorted(found)))


def every_span_in(
    source: BinaryIO, scanner: Scanner, known: Sequence[RedactedSpan] = ()
) -> tuple[tuple[RedactedSpan, ...], bool]:
    """The same of a file, with places that are `known`; and whether nothing is found when all are written over.

    Writing over makes edges, at which more stands alone than before. Where that does not end, a mask is looked for.
    """
    spans = tuple(known)
    while True:
        source.seek(0)
        more = spans_in(blocks(io.BufferedReader(Masked(source, spans))), scanner)
        both = joined((*spans, *more))
        if not more or both == spans:
            return spans, not more
        spans = both


def joined(spans: Iterable[RedactedSpan]) -> tuple[RedactedSpan, ...]:
    """These places in order, with those that overlap made one."""
    return tuple(_apart(sorted({(span.at, span.at + span.length, span.kind) for span in spans})))


def _matches(seen: bytes, base: int, scanner: Scanner, *, is_end: bool) -> Iterator[tuple[int, int, str]]:
    """Begin, end and kind of each match; `base` is where the first of these bytes is in the file."""
    for pattern in scanner.patterns:
        at = seen.find(pattern.folded)
        while at >= 0:
            end = at + len(pattern.folded)
            # At the edges of a block, what is before or after is not known: it was judged, or is with the next one.
            is_known = not (at == 0 and base) and (is_end or end < len(seen))
            if not pattern.whole or (is_known and stands_alone(seen, at, end)):
                yield base + at, base + end, pattern.kind
            at = seen.find(pattern.folded, at + 1)


def _apart(found: Sequence[tuple[int, int, str]]) -> Iterator[RedactedSpan]:
    """The matches with those that overlap made one."""
    begin, end, kinds = 0, 0, dict[str, None]()
    for at, stop, kind in found:
        if kinds and at < end:
            end = max(end, stop)
            kinds |= dict.fromkeys(kind.split(AND))
            continue
        if kinds:
            yield RedactedSpan(at=begin, length=end - begin, kind=AND.join(kinds))
        begin, end, kinds = at, stop, dict.fromkeys(kind.split(AND))
    if kinds:
        yield RedactedSpan(at=begin, length=end - begin, kind=AND.join(kinds))


class Masked(io.RawIOBase):
    """A file, read from its beginning, with these places written over. They are in order and apart."""

    def __init__(self, source: BinaryIO, spans: Sequence[RedactedSpan]) -> None:
        super().__init__()
        self._source, self._spans, self._at = source, spans, 0
        self._begins = [span.at for span in spans]

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As many of the next bytes as fit."""
        content = bytearray(self._source.read(len(buffer)))
        stop = self._at + len(content)
        for span in self._spans[max(bisect_right(self._begins, self._at) - 1, 0) :]:
            if span.at >= stop:
                break
            begin, end = max(span.at, self._at), min(span.at + span.length, stop)
            if begin < end:
                content[begin - self._at : end - self._at] = MASK * (end - begin)
        buffer[: len(content)] = content
        self._at = stop
        return len(content)

"""What the worker that reads archives is asked, and what it answers. Light."""

from __future__ import annotations

import re

from casefile.archives import ArchiveContent
from casefile.model import SafePath, Text, Value

MODULE = "collectors.archives.reading"
VERSION = "1"
"""Of the readers: raised when they read more, or otherwise, out of the same bytes."""
PREFIX_BYTES = 8_192
TEXTS = re.compile(
    rb"(?i)content-type:\s*multipart/related|page saved with singlefile|archive status|"
    rb"\A(?:\xef\xbb\xbf)?\s*[{\[]|\A(?:\xef\xbb\xbf)?\"?(?:slug|status|link|url)\"?[,;\t]"
)
"""How texts begin that may be one: MHTML, SingleFile's comment, JSON, the columns of a sheet."""
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"WARC/1.")


class Beside(Value):
    """A file that was handed over together with an archive: its path there, as text, and what it was found to be."""

    path: Text
    sha256: str
    bytes: int


class ArchiveAsked(Value):
    """An archive among the worker's inputs, its own path in what was handed over, and what lay beside it."""

    file: SafePath
    path: Text
    beside: tuple[Beside, ...] = ()


class ArchiveAnswer(Value):
    """What was read; nothing where it is no archive of a kind that is known."""

    content: ArchiveContent | None = None


def may_be_archive(prefix: bytes) -> bool:
    """Whether the first bytes of a file are worth a reader's look. Pure; says nothing of what it is."""
    return prefix.startswith(PACKED) or TEXTS.search(prefix) is not None

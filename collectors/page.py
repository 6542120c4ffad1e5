"""What an HTML page says about itself: title, visible text, claims, and the signs by which its kind is judged.

At most a megabyte is read; nothing that a page names is fetched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectors.markup import EndTag, StartTag, Text, tokens

PARSED_BYTES = 1 << 20
TEXT_CHARACTERS = 60_000
VALUE_CHARACTERS = 1_000
MOST_MARKS = 400
HIDDEN = frozenset({"template", "svg", "math", "select", "datalist"})
BLOCK = frozenset(
    re.findall(
        "[a-z0-9]+",
        "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
        "header hr li main nav ol option p pre section table td th tr ul",
    )
)
META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s{0,20}=\s{0,20}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
DECLARED_CHARSET = re.compile(r"charset\s{0,20}=\s{0,20}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE | re.ASCII)
BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
EMPTY_LINES = re.compile(r"\n{3,}")
HEADINGS = ("h1", "h2")
TITLES = ("og:title", "twitter:title")
AUTHORS = ("author", "article:author", "og:article:author", "dc.creator", "twitter:creator")
TIMES = ("article:published_time", "og:article:published_time", "datepublished", "dc.date", "date")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read. `title`, `author` and `claimed_time` are claims of the page; numbers count elements.

    `heading` is the first of the highest rank, as far as it stands in the text that is kept.

    `marks` are classes, ids and addresses of elements, in lower case, by which challenges are known.
    """

    title: str = ""
    author: str = ""
    claimed_time: str = ""
    text: str = ""
    password_fields: int = 0
    pictures: int = 0
    media: int = 0
    scripts: int = 0
    frames: int = 0
    refresh: str = ""
    marks: frozenset[str] = frozenset()
    heading: str = ""


def read_page(content: bytes, content_type: str = "", *, scripts_ran: bool = False) -> Page:
    """Read HTML bytes; never fails, as a page that breaks every rule still is what was sent.

    `scripts_ran`: this is a page as a browser drew it, in which what is written for visitors without scripts is hidden.
    """
    reader = _Reader(HIDDEN | {"noscript"} if scripts_ran else HIDDEN)
    for token in tokens(decode_text(content[:PARSED_BYTES], content_type)):
        reader.take(token)
    return reader.page()


def decode_text(content: bytes, content_type: str = "") -> str:
    """Text in the declared encoding: byte order mark, then header, then <meta>, then UTF-8, then windows-1252.

    The order is the HTML standard's (section 13.2.3). Undecodable bytes become U+FFFD.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    for encoding in _named_encodings(content, content_type):
        return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # Where we cut in the middle of the last character, that is no sign of another encoding.
        if len(content) >= PARSED_BYTES and error.start >= len(content) - 3:
            return content.decode("utf-8", "ignore")
    return content.decode("windows-1252", "replace")


def squeeze(text: str) -> str:
    """Runs of blanks as one, at most one empty line between two lines."""
    lines = (BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _named_encodings(content: bytes, content_type: str) -> Iterator[str]:
    said = DECLARED_CHARSET.search(content_type)
    if said and (encoding := _encoding(said.group(1))):
        yield encoding
    named = META_CHARSET.search(content[:4_096])
    if named and (encoding := _encoding(named.group(1).decode("ascii"))):
        # Bytes in which an ASCII <meta> could be read are not UTF-16, whatever it says.
        yield "utf-8" if encoding.startswith("utf-16") else encoding


def _encoding(name: str) -> str:
    """Python's name for an encoding of text, or nothing; the web means windows-1252 when it says Latin-1 or ASCII."""
    try:
        known = codecs.lookup(name).name
        b"a".decode(known, "replace")
    except (LookupError, UnicodeError):
        return ""
    if known in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"):
        return ""
    return "cp1252" if known in ("iso8859-1", "ascii") else known


class _Reader:
    """Collects as it goes; bounded in text, in values and in marks."""

    def __init__(self, hides: frozenset[str]) -> None:
        self._hides = hides
        self._text: list[str] = []
        self._text_left = TEXT_CHARACTERS
        self._title = ""
        self._hidden = ""
        self._hidden_depth = 0
        self._meta: dict[str, str] = {}
        self._counts = dict.fromkeys(("password", "img", "canvas", "svg", "video", "audio", "script", "iframe"), 0)
        self._marks: set[str] = set()
        self._headings: dict[str, list[str]] = {}
        self._heading = ""

    def page(self) -> Page:
        count = self._counts
        embedded = any(self._meta.get(name) for name in ("og:video", "og:video:url", "og:audio"))
        return Page(
            title=(squeeze(self._title).replace("\n", " ") or _first(self._meta, TITLES))[:VALUE_CHARACTERS],
            author=_first(self._meta, AUTHORS),
            claimed_time=_first(self._meta, TIMES),
            text=squeeze("".join(self._text)),
            password_fields=count["password"],
            pictures=count["img"] + count["canvas"] + count["svg"],
            media=count["video"] + count["audio"] + int(embedded),
            scripts=count["script"],
            frames=count["iframe"],
            refresh=self._meta.get("http-equiv:refresh", ""),
            marks=frozenset(self._marks),
            heading=next(filter(None, (self._heading_of(rank) for rank in HEADINGS)), ""),
        )

    def _heading_of(self, rank: str) -> str:
        return squeeze("".join(self._headings.get(rank, ()))).replace("\n", " ")[:VALUE_CHARACTERS]

    def take(self, token: Text | StartTag | EndTag) -> None:
        if isinstance(token, Text):
            if not self._hidden:
                self._add_text(token.value)
            return
        if token.name in HEADINGS:
            # The first of each rank: another one of that rank is no part of it.
            begins = isinstance(token, StartTag) and token.name not in self._headings
            self._heading = token.name if begins else ""
            if begins:
                self._headings[token.name] = []
        if isinstance(token, StartTag):
            self._open(token)
        elif token.name == self._hidden:
            self._hidden_depth -= 1
            self._hidden = self._hidden if self._hidden_depth else ""
        if token.name in BLOCK:
            self._add_text("\n")

    def _open(self, tag: StartTag) -> None:
        if tag.name in self._counts:
            self._counts[tag.name] += 1
        if tag.name == "title" and not self._title and not self._hidden:
            self._title = tag.content[:VALUE_CHARACTERS]
        elif tag.name == "meta":
            self._note_meta(tag.attributes)
        elif tag.name == "input" and tag.attributes.get("type", "").strip().lower() == "password":
            self._counts["password"] += 1
        if not self._hidden and tag.name in self._hides:
            self._hidden, self._hidden_depth = tag.name, 1
        elif tag.name == self._hidden:
            self._hidden_depth += 1
        if len(self._marks) < MOST_MARKS:
            values = (tag.attributes.get(name, "") for name in ("src", "action", "class", "id"))
            self._marks.update(value[:200].lower() for value in values if value)

    def _note_meta(self, values: Mapping[str, str]) -> None:
        name = values.get("property") or values.get("name") or values.get("itemprop") or ""
        if not name and values.get("http-equiv"):
            name = "http-equiv:" + values["http-equiv"]
        if name and len(self._meta) < 200:
            self._meta.setdefault(name.strip().lower()[:100], squeeze(values.get("content", ""))[:VALUE_CHARACTERS])

    def _add_text(self, text: str) -> None:
        if self._text_left > 0:
            if self._heading:
                self._headings[self._heading].append(text[: self._text_left])
            self._text.append(text[: self._text_left])
            self._text_left -= len(text)


def _first(meta: Mapping[str, str], names: Sequence[str]) -> str:
    return next((meta[name] for name in names if meta.get(name)), "")

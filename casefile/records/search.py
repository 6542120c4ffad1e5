"""Searching text in any script, on both engines with the same answers.

Text is compared folded: compatibility forms, upper and lower case, white space, invisible characters and the script of
digits make no difference. Every word of a query must occur in a text, as it is written: nothing in a query is an
operator. Burmese that was written in Zawgyi is found as it was written and by its Unicode form, which has a field of
its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, column, delete, insert, literal_column, or_, select
from sqlalchemy import table as named

from casefile.records.engine import tables
from casefile.records.full_text import INDEX, purge
from casefile.zawgyi import LABEL, unicode_form

TRIGRAM = 3
"""A shorter word has no trigram; it is looked for by reading."""
MAX_WORDS = 32
MAX_QUERY_CHARACTERS = 1024
IN_FORM = ", "
"""Between a field and what its text was made into; no field's name holds it."""
AROUND = 60
"""Characters of context on either side of what was found."""

INVISIBLE = re.compile("[\u00ad\u034f\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphen, joiners, zero-width space, direction marks, and the Arabic tatweel, which only stretches a word."""
DIGITS = str.maketrans(
    {
        chr(zero + digit): str(digit)
        for zero in (
            0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50,
            0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
            0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
        )
        for digit in range(10)
    }
)  # fmt: skip
"""Decimal digits of the basic plane's scripts (Unicode, DerivedNumericType): Arabic, Persian, Burmese and others."""
SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""White space, controls, and lone surrogates, which neither engine can store."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text and what it belongs to. `event` and `part` say where it was recorded, so that erasing that finds it."""

    subject_kind: str
    subject: str
    field: str
    text: str
    item: str | None = None
    event: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A text in which every word of the query occurs; `snippet` is the first occurrence with what is around it.

    `form` says what was made of the text before it was found: empty where it was found as it is written.
    """

    subject_kind: str
    subject: str
    item: str | None
    field: str
    snippet: str
    event: str | None = None
    form: str = ""


def folded(content: str) -> str:
    """`content` as it is compared: NFKD, case folded, without invisible characters, runs of white space as one."""
    return SPACE.sub(" ", _decomposed(content)).strip()


def _decomposed(content: str) -> str:
    visible = unicodedata.normalize("NFKD", INVISIBLE.sub("", content)).translate(DIGITS)
    # Case folding can give composed characters again.
    return unicodedata.normalize("NFKD", visible.casefold())


def index_text(connection: Connection, passages: Iterable[Passage]) -> None:
    """Make passages findable. Empty ones are left out; what is written in Zawgyi is indexed in Unicode too."""
    rows = [
        {
            "subject_kind": one.subject_kind,
            "subject": one.subject,
            "item": one.item,
            "field": one.field,
            "text": SPACE.sub(" ", one.text).strip(),
            "folded": compared,
            "event": one.event,
            "part": one.part,
        }
        for one in _with_unicode(passages)
        if (compared := folded(one.text))
    ]
    if rows:
        connection.execute(insert(tables("work_")["work_text"]), rows)


def _with_unicode(passages: Iterable[Passage]) -> Iterator[Passage]:
    for one in passages:
        yield one
        if form := unicode_form(one.text):
            yield replace(one, field=f"{one.field}{IN_FORM}{LABEL}", text=form)


def remove_text(connection: Connection, subject: str) -> int:
    """Forget every text of a subject, and of an item when `subject` is one; the number of texts."""
    table = tables("work_")["work_text"]
    return _remove(connection, or_(table.c.subject == subject, table.c.item == subject))


def forget_text(connection: Connection, event: str, part: str) -> int:
    """Forget the texts that were recorded in that part of that event; the number of texts."""
    table = tables("work_")["work_text"]
    return _remove(connection, (table.c.event == event) & (table.c.part == part))


def search_text(connection: Connection, query: str, limit: int) -> list[Hit]:
    """The texts in which every word of `query` occurs, the newest first, at most `limit` of them.

    A query in Zawgyi is looked for as it is written and in Unicode.
    """
    asked = query[:MAX_QUERY_CHARACTERS]
    forms = [one for one in (_words(asked), _words(unicode_form(asked))) if one]
    if not forms:
        return []
    table = tables("work_")["work_text"]
    meant = or_(*(_occur(connection, words) for words in forms))
    found = connection.execute(select(table).where(meant).order_by(table.c.id.desc()).limit(limit))
    words = [word for form in forms for word in form]
    return [_hit(row, words) for row in found]


def _hit(row: Row[Any], words: Sequence[str]) -> Hit:
    """Whoever asks what a hit is in, such as who may see it, is told the field of the text that it was made from."""
    field, _, form = row.field.partition(IN_FORM)
    return Hit(row.subject_kind, row.subject, row.item, field, snippet(row.text, words), row.event, form)


def _words(query: str) -> list[str]:
    return list(dict.fromkeys(folded(query).split()))[:MAX_WORDS]


def _occur(connection: Connection, words: Sequence[str]) -> ColumnElement[bool]:
    """That every one of these folded words occurs."""
    table = tables("work_")["work_text"]
    long = [word for word in words if len(word) >= TRIGRAM]
    conditions: list[ColumnElement[bool]] = []
    if long and connection.dialect.name == "sqlite":
        index = named(INDEX, column("rowid"))
        matching = select(index.c.rowid).where(literal_column(INDEX).op("MATCH", is_comparison=True)(_as_phrases(long)))
        conditions.append(table.c.id.in_(matching))
    else:
        conditions += [table.c.folded.contains(word, autoescape=True) for word in long]
    conditions += [table.c.folded.contains(word, autoescape=True) for word in words if len(word) < TRIGRAM]
    return and_(*conditions)


def snippet(content: str, words: Sequence[str]) -> str:
    """The first place in `content` where one of the folded `words` occurs, with what is around it."""
    compared, origins = _with_origins(content)
    places = [(at, at + len(word)) for word in words if (at := compared.find(word)) >= 0]
    start, stop = min(places, default=(0, 0))
    first = max(0, (origins[start] if origins else 0) - AROUND)
    last = min(len(content), (origins[stop - 1] + 1 if stop else 0) + AROUND)
    return ("…" if first else "") + content[first:last] + ("…" if last < len(content) else "")


def _with_origins(content: str) -> tuple[str, list[int]]:
    """The folded content, and for each of its characters the index in `content` that it came from."""
    pieces: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(content):
        for piece in SPACE.sub(" ", _decomposed(character)):
            if piece != " " or (pieces and pieces[-1] != " "):
                pieces.append(piece)
                origins.append(index)
    return "".join(pieces), origins


def _as_phrases(words: Sequence[str]) -> str:
    """An FTS5 query for the words as they are: each a quoted string, in which nothing but a quote is special."""
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)


def _remove(connection: Connection, condition: ColumnElement[bool]) -> int:
    removed = connection.execute(delete(tables("work_")["work_text"]).where(condition)).rowcount
    if removed:
        purge(connection)
    return removed

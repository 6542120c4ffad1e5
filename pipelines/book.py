"""A record book: everything that people recorded, as sheets in one file, to be kept, read elsewhere, or taken over.

Each entry holds the sheet that would record it again. Entries name each other by the short numbers and ids that they
had where the book was written; whoever takes it over finds new ones for them. Who recorded what, and when, stands
beside each sheet and is for reading: what is taken over is the act of whoever takes it over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TextIO

from pydantic import Field

from casefile.model import Text, Value
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import ClaimKind
from pipelines.concluding import NewConclusion
from verification.steps import NewStep

FORMAT = "casefile-records/1"
SECTIONS = (
    "items", "document", "approval", "inquiry", "lead", "guard", "element", "claim", "step", "review", "conclusion",
)  # fmt: skip
"""In the order in which they are written; what an entry names is in an earlier section, or earlier in its own."""
FOR_READING = ("approval", "review")
"""Acts of people that nobody else can repeat for them: written, and not taken over."""


class BookItem(Value):
    """An item that entries name: by its number, by what finds it again, and what somebody says that it is."""

    number: Text
    id: Text
    sha256: Text = ""
    locator: Text = ""
    item_class: Text = ""


class BookDocument(Value):
    """A version of a document; `name` is that of a person, a job or a task."""

    kind: DocumentKind
    name: Text = ""
    number: int = Field(default=1, ge=1)
    by: Text = ""
    at: Text = ""
    sheet: Mapping[str, Any]


class BookApproval(Value):
    """Who approved which version."""

    kind: Text
    name: Text = ""
    number: int
    by: Text
    at: Text
    reason: Text = ""


class BookInquiry(Value):
    """An inquiry: `sheet` opens it, the others are added to it in turn; `ending` closes it where it is closed."""

    number: Text
    by: Text = ""
    at: Text = ""
    sheet: Mapping[str, Any]
    statement: tuple[Mapping[str, Any], ...] = ()
    keywords: tuple[Mapping[str, Any], ...] = ()
    search: tuple[Mapping[str, Any], ...] = ()
    ending: Mapping[str, Any] | None = None


class BookOrigin(Value):
    """Where a lead came from: an inquiry, a search of it, or somebody."""

    inquiry: Text = ""
    search: Text = ""
    person: Text = ""
    why: Text = ""


class BookLead(Value):
    """A lead with where it came from and each of its assessments, oldest first."""

    number: Text
    by: Text = ""
    at: Text = ""
    locator: Text
    why: Text = ""
    origin: tuple[BookOrigin, ...] = ()
    assessment: tuple[Mapping[str, Any], ...] = ()


class BookGuard(Value):
    """How closely an item is kept, and why."""

    item: Text
    by: Text = ""
    at: Text = ""
    sheet: Mapping[str, Any]


class BookLink(Value):
    """How an item bears on an element."""

    item: Text
    function: Text
    why: Text


class BookElement(Value):
    """An element of a crime, with the items that bear on it."""

    number: Text
    by: Text = ""
    at: Text = ""
    crime: Text
    kind: Text
    text: Text
    link: tuple[BookLink, ...] = ()


class BookClaim(Value):
    """A claim about items."""

    number: Text
    by: Text = ""
    at: Text = ""
    kind: ClaimKind = ClaimKind.FACT
    text: Text
    speaker: Text = ""
    items: tuple[Text, ...] = Field(min_length=1)


class BookStep(Value):
    """A step; `replaces` is the earlier step that it corrects, for `reason`."""

    event: Text = ""
    item: Text
    by: Text = ""
    at: Text = ""
    replaces: Text = ""
    reason: Text = ""
    sheet: NewStep


class BookReview(Value):
    """Something that happened to the assessments of an item."""

    item: Text
    act: Text
    person: Text = ""
    by: Text
    at: Text
    reason: Text = ""


class BookConclusion(Value):
    """A conclusion; its steps are named by their events, `replaces` as of a step."""

    event: Text = ""
    claim: Text
    by: Text = ""
    at: Text = ""
    replaces: Text = ""
    reason: Text = ""
    sheet: NewConclusion


class Book(Value):
    """A whole book. `erased` counts entries that are not in it because their words were erased."""

    format: Literal["casefile-records/1"] = "casefile-records/1"
    investigation: Text = ""
    title: Text = ""
    items: tuple[BookItem, ...] = ()
    document: tuple[BookDocument, ...] = ()
    approval: tuple[BookApproval, ...] = ()
    inquiry: tuple[BookInquiry, ...] = ()
    lead: tuple[BookLead, ...] = ()
    guard: tuple[BookGuard, ...] = ()
    element: tuple[BookElement, ...] = ()
    claim: tuple[BookClaim, ...] = ()
    step: tuple[BookStep, ...] = ()
    review: tuple[BookReview, ...] = ()
    conclusion: tuple[BookConclusion, ...] = ()
    erased: int = Field(default=0, ge=0)


def write_json(heading: Mapping[str, Any], entries: Iterable[tuple[str, Value]], stream: TextIO) -> None:
    """Write a book as JSON, entry by entry. `entries` come in the order of SECTIONS."""
    stream.write(json.dumps({"format": FORMAT, **heading}, ensure_ascii=False)[:-1])
    open_section = ""
    for section, entry in entries:
        if section != open_section:
            stream.write(("]" if open_section else "") + f', "{section}": [\n')
            open_section = section
        else:
            stream.write(",\n")
        stream.write(json.dumps(_said(entry), ensure_ascii=False))
    stream.write("]}\n" if open_section else "}\n")


def write_toml(heading: Mapping[str, Any], entries: Iterable[tuple[str, Value]], stream: TextIO) -> None:
    """The same as TOML: a table for each entry, its sheet in lines of its own."""
    for name, value in {"format": FORMAT, **heading}.items():
        stream.write(f"{name} = {toml_value(value)}\n")
    for section, entry in entries:
        stream.write(f"\n[[{section}]]\n")
        stream.writelines(f"{line}\n" for line in _lines(section, _said(entry)))


def _lines(path: str, entry: Mapping[str, Any]) -> Iterator[str]:
    below = {name: value for name, value in entry.items() if isinstance(value, Mapping)}
    for name, value in entry.items():
        if name not in below:
            yield f"{toml_key(name)} = {toml_value(value)}"
    for name, value in below.items():
        yield f"[{path}.{toml_key(name)}]"
        yield from (f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items())


def toml_key(name: str) -> str:
    """A key as TOML writes it: bare where it may be, else as a string."""
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else toml_value(name)


def toml_value(value: Any) -> str:
    """A value on one line of TOML, which writes strings and numbers as JSON does, but for one character."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _said(entry: Value) -> dict[str, Any]:
    """What an entry says: without what is blank, which its sheet fills in by itself."""
    return {name: said for name, value in entry.plain().items() if (said := _unblank(value)) not in ("", [], {})}


def _unblank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: said for name, one in value.items() if (said := _unblank(one)) not in ("", [], {})}
    if isinstance(value, list | tuple):
        return [_unblank(one) for one in value]
    return value

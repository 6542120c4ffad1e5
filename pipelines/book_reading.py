"""A record book as it stands in a file, and what its entries name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from casefile.digests import sha256
from casefile.errors import UsageError
from casefile.refusals import FieldRefused
from pipelines.book import Book, BookClaim, BookStep
from pipelines.filled_sheets import parse_sheet
from pipelines.written import checked
from verification.steps import DONE, NewStep

MAX_BYTES = 64 << 20


def read_book(path: Path) -> tuple[Book, str]:
    """The book in a file, TOML where its name ends so, else JSON; and the sha256 of the file.

    Raises UsageError for a file that cannot be read, FieldRefused for one that is no book.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    given = parse_sheet(content, path.name, as_json=path.suffix != ".toml", limit=MAX_BYTES)
    return checked(given, Book), str(sha256(content))


@contextmanager
def where(entry: str) -> Iterator[None]:
    """A block whose refusal says which entry it is about."""
    try:
        yield
    except FieldRefused as error:
        raise FieldRefused(entry, error.problems) from error


def items_of(sheet: NewStep) -> list[str]:
    """The items that a step names, beside the one that it is on."""
    named = [*sheet.cites, *(one.item for one in sheet.quotes if one.item)]
    return [*named, *(one.partition("#")[0] for one in sheet.regions if "#" in one)]


def without(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same entry without one of its fields."""
    return {key: value for key, value in given.items() if key != name}


def counts(step: BookStep, about: BookClaim) -> bool:
    """Whether a step is on an item of the claim, and was done."""
    return step.item in about.items and step.sheet.result in DONE


def supports_of(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """What a statement rests on; nothing where that is no list of names, which its own rules then refuse."""
    listed = statement.get("rests_on", ())
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list | tuple) else ()

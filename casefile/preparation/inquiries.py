"""Online inquiries: a question, what is held about it, keywords, searches; and what they leave out (¶141 to 146)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from casefile.model import Value
from casefile.preparation.fields import Broken, Language, Line, Moment, Prose, Script, Stated, require_script
from casefile.vocabulary_planning import Closing, Direction, SearchResult, StatementKind

ONE_SIDED = 80
"""Percent of searches made with one engine, from which on that is said."""
ENOUGH_TO_JUDGE = 3
"""Searches from which on their spread is judged."""


class Question(Value):
    """What an inquiry is to answer, and what for."""

    question: Stated
    why: Prose = ""
    task: Prose = ""


class Statement(Value):
    """Something held about the question. `rests_on` names statements (S-0001) or items (I-0001)."""

    kind: StatementKind
    text: Stated
    basis: Prose = ""
    rests_on: tuple[Line, ...] = ()
    replaces: Prose = ""

    @model_validator(mode="after")
    def _has_grounds(self) -> Self:
        if self.kind is StatementKind.FINDING and not self.rests_on:
            raise Broken("rests_on", "a finding names the facts, findings or items that it rests on")
        if self.kind is StatementKind.FACT and not (self.basis or self.rests_on):
            raise Broken("basis", "a fact says how it is known")
        return self


class Keywords(Value):
    """Terms in one language and script, and what they may bring to light."""

    language: Language
    script: Script
    direction: Direction
    terms: tuple[Line, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_that_script(self) -> Self:
        for term in self.terms:
            require_script(term, self.script)
        if len(set(self.terms)) < len(self.terms):
            raise Broken("terms", "the same term stands there twice")
        return self


class Search(Value):
    """One search. `pathway` is the way from the engine to what was relevant; not every hit needs to be kept.

    `at` is when it was made, empty for now; `hits` is how many the engine claimed, where it said so.
    """

    engine: Line
    terms: Stated
    operators: Prose = ""
    pathway: Prose = ""
    browser: Prose = ""
    language: Language | None = None
    result: SearchResult
    hits: int | None = Field(default=None, ge=0, lt=1 << 53)
    at: Moment | None = None

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if self.result is SearchResult.FOUND and not self.pathway:
            raise Broken("pathway", "how was what is relevant reached?")
        if self.result is SearchResult.NONE_FOUND and self.hits:
            raise Broken("hits", "none found, and yet a number of hits")
        return self


class Ending(Value):
    """How an inquiry ends, and what follows."""

    outcome: Closing
    reason: Stated


class InquirySheet(Value):
    """A whole inquiry as one sheet: what is to be added to it."""

    question: Prose = ""
    why: Prose = ""
    task: Prose = ""
    statement: tuple[Statement, ...] = ()
    keywords: tuple[Keywords, ...] = ()
    search: tuple[Search, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.question or self.statement or self.keywords or self.search):
            raise Broken("question", "the sheet says nothing")
        return self


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the keywords and searches of inquiries cover, and the gaps, in words."""

    languages: Mapping[str, tuple[str, ...]]
    engines: Mapping[str, int]
    browsers: Mapping[str, int]
    results: Mapping[str, int]
    gaps: tuple[str, ...]


def coverage(keywords: Iterable[Keywords], searches: Sequence[Search], expected: Collection[str]) -> Coverage:
    """How far keywords reach in both directions and in every language that the landscape names; how searches spread."""
    by_language: dict[str, set[str]] = {}
    for one in keywords:
        by_language.setdefault(one.language, set()).add(one.direction)
    engines = Counter(one.engine.casefold() for one in searches)
    browsers = Counter(one.browser.casefold() for one in searches if one.browser)
    return Coverage(
        {name: tuple(sorted(found)) for name, found in sorted(by_language.items())},
        dict(engines.most_common()),
        dict(browsers.most_common()),
        dict(Counter(str(one.result) for one in searches).most_common()),
        (*left_out(by_language, expected), *one_sided(searches)),
    )


def left_out(by_language: Mapping[str, Collection[str]], expected: Collection[str]) -> Iterable[str]:
    """What keywords leave out, in words: languages of the landscape, directions. `by_language` has what there is."""
    primary = {name.partition("-")[0] for name in by_language}
    for language in expected:
        if language.partition("-")[0] not in primary:
            yield f"no keywords in {language}, a language of the digital landscape"
    if not by_language:
        yield "no keywords at all"
    for direction in (Direction.INCRIMINATING, Direction.EXONERATING):
        if by_language and not any(direction in found for found in by_language.values()):
            yield f"no {direction} keyword"
    for language, found in sorted(by_language.items()):
        if Direction.INCRIMINATING in found and Direction.EXONERATING not in found:
            yield f"keywords in {language} are incriminating only"


def one_sided(searches: Sequence[Search]) -> Iterable[str]:
    """How searches are one-sided, in words: of one engine, or of one browser."""
    engines = Counter(one.engine.casefold() for one in searches)
    browsers = Counter(one.browser.casefold() for one in searches if one.browser)
    if not searches:
        yield "no search is recorded"
    if len(searches) < ENOUGH_TO_JUDGE:
        return
    engine, most = engines.most_common(1)[0]
    if most * 100 >= ONE_SIDED * len(searches):
        yield f"{most} of {len(searches)} searches were made with {engine}"
    if len(browsers) == 1:
        yield f"every search that names its browser was made with {next(iter(browsers))}"

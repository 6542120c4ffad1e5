"""A step of verification from what a person wrote: every rule that it must hold to, and none of the storage. Pure.

The rules are those of the Berkeley Protocol, paragraphs 176 to 194; each refusal names the field and the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from casefile.errors import GateRefused
from casefile.events.types_verification import (
    HandSearch,
    Place,
    Quote,
    Reference,
    Region,
    StepRecorded,
    StepWords,
    Translation,
)
from casefile.model import Value
from casefile.refusals import FieldRefused
from casefile.vocabulary import StepResult
from casefile.vocabulary_verification import Check, Translator
from verification.checklists import KINDS
from verification.dated import read_when
from verification.places import read_place, read_precision
from verification.refusing import refused
from verification.regions import read_fragment
from verification.wording import calls_it_original, language_field, text_field, text_fields

DONE = (StepResult.SUPPORTS, StepResult.CONTRADICTS, StepResult.INCONCLUSIVE)
DECIDING = (StepResult.SUPPORTS, StepResult.CONTRADICTS)
MOST = 50
"""Entries of one list: a step is one check, not a file of them."""


class NewReference(Value):
    """What was compared with, as a person writes it."""

    provider: str
    title: str = ""
    locator: str = ""
    imagery_date: str = ""
    licence: str = ""
    features: tuple[str, ...] = ()


class NewSearch(Value):
    """A search by picture, as a person writes it."""

    engine: str
    frame: str
    found: bool
    locators: tuple[str, ...] = ()
    searched_at: str = ""


class NewQuote(Value):
    """Words of an item, as a person writes them; without an item, of the assessed one."""

    exact: str
    prefix: str = ""
    suffix: str = ""
    item: str = ""


class NewTranslation(Value):
    """A translation, as a person writes it."""

    by: str
    source_language: str
    target_language: str
    tool: str = ""


class NewStep(Value):
    """A step as a person writes it: on the command line, or as TOML or JSON with these keys.

    A region is `xywh=…`, `t=…` or `page=…`, of another item with its number and `#` before it.
    """

    check: str
    result: str
    claim: str = ""
    method: str = ""
    inputs: tuple[str, ...] = ()
    finding: str = ""
    limits: str = ""
    reason: str = ""
    alternatives: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    quotes: tuple[NewQuote, ...] = ()
    place: str = ""
    precision: str = ""
    when: str = ""
    basis: str = ""
    references: tuple[NewReference, ...] = ()
    searches: tuple[NewSearch, ...] = ()
    translation: NewTranslation | None = None
    cites: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    gap: str = ""
    effect: str = ""
    expertise: str = ""
    override: str = ""


def items_named(new: NewStep) -> Iterator[str]:
    """Every other item that a step names, as it was written."""
    yield from new.cites
    yield from (quote.item for quote in new.quotes if quote.item)
    yield from (region.partition("#")[0] for region in new.regions if "#" in region)


def checked_step(new: NewStep, item: str, claim: str | None, ids: Mapping[str, str]) -> tuple[StepRecorded, StepWords]:
    """The parts of the event. `ids` has the id of each item that is named; raises FieldRefused for a broken rule."""
    check = chosen("check", Check, new.check)
    result = chosen("result", StepResult, new.result)
    for name in ("inputs", "alternatives", "regions", "quotes", "references", "searches", "cites", "suggestions"):
        if len(getattr(new, name)) > MOST:
            raise refused(name, f"at most {MOST} in one step")
    place = _place(new)
    body = StepRecorded(
        strand=KINDS[check].strand,
        check=check,
        result=result,
        claim=claim,
        regions=tuple(_region(one, item, ids) for one in new.regions),
        place=place,
        when=read_when(new.when).text if new.when.strip() else None,
        translation=_translation(new.translation),
        cites=tuple(dict.fromkeys(ids[one] for one in new.cites)),
        suggestions=tuple(new.suggestions),
    )
    words = StepWords(
        method=text_field("method", new.method),
        inputs=text_fields("inputs", new.inputs),
        finding=text_field("finding", new.finding),
        limits=text_field("limits", new.limits),
        reason=text_field("reason", new.reason),
        alternatives=text_fields("alternatives", new.alternatives),
        quotes=tuple(_quote(position, one, item, ids) for position, one in enumerate(new.quotes)),
        references=tuple(_reference(position, one) for position, one in enumerate(new.references)),
        searches=tuple(_search(position, one) for position, one in enumerate(new.searches)),
        place_as_written=text_field("place", new.place),
        basis=text_field("basis", new.basis),
        gap=text_field("gap", new.gap),
        effect=text_field("effect", new.effect),
        expertise=text_field("expertise", new.expertise),
        override=text_field("override", new.override),
    )
    _require(body, words)
    return body, words


def _require(body: StepRecorded, words: StepWords) -> None:
    if body.result in DONE:
        _filled(words, "method", "a check that was done says how")
        _filled(words, "finding", "a check that was done says what was found")
    else:
        _filled(words, "reason", f"a check that is {body.result} says why")
        if body.place or body.when or words.searches or words.finding:
            raise refused("result", f"a check that is {body.result} found no place, time or anything else")
    if body.when:
        _filled(words, "basis", "a time says what it rests on")
    rule = _RULES.get(body.check)
    if rule is not None and body.result in DONE:
        rule(body, words)


def _geolocation(body: StepRecorded, words: StepWords) -> None:
    if body.result not in DECIDING:
        return
    if body.place is None:
        raise refused("place", "a geolocation that decides has coordinates")
    _compared(words)


def _chronolocation(body: StepRecorded, words: StepWords) -> None:
    if body.result not in DECIDING:
        return
    if body.when is None:
        raise refused("when", "a chronolocation that decides has a time or an interval")
    _compared(words)


def _compared(words: StepWords) -> None:
    if not words.references:
        raise refused("references", "name what it was compared with: provider, date of the imagery, licence")
    if not any(reference.features for reference in words.references):
        raise refused("references.features", "mark the features that agree")
    _filled(words, "alternatives", "name the places or times that were considered and why they are ruled out")


def _provenance(_body: StepRecorded, words: StepWords) -> None:
    said = calls_it_original(words.finding)
    if said and not words.basis:
        rule = f"{said!r} needs a basis; without one, say `first copy found` (paragraph 178)"
        raise refused("finding", rule)


def _completeness(body: StepRecorded, words: StepWords) -> None:
    if body.result is StepResult.CONTRADICTS:
        _filled(words, "gap", "an item that is not complete says what is missing")
    if words.gap:
        _filled(words, "effect", "a gap says what it does to the item's weight")


def _reverse_search(_body: StepRecorded, words: StepWords) -> None:
    if not words.searches:
        raise refused("searches", "name each engine, the frame that it was given, and whether it found anything")


def _translated(body: StepRecorded, _words: StepWords) -> None:
    if body.translation is None:
        raise refused("translation", "say by whom (human or machine), from and into which language")


def _imagery(_body: StepRecorded, words: StepWords) -> None:
    for position, one in enumerate(words.references):
        if not (one.imagery_date and one.licence):
            raise refused(f"references.{position}", "imagery has its date and its licence")
    if not words.references:
        raise refused("references", "imagery names its provider, its date and its licence")


_RULES = {
    Check.GEOLOCATION: _geolocation,
    Check.CHRONOLOCATION: _chronolocation,
    Check.PROVENANCE: _provenance,
    Check.COMPLETENESS: _completeness,
    Check.REVERSE_SEARCH: _reverse_search,
    Check.TRANSLATION: _translated,
    Check.IMAGERY: _imagery,
}


def require_expertise(body: StepRecorded, words: StepWords) -> None:
    """Raise GateRefused where a step says who is seen, without a forensic expert's word or a reason (paragraph 188)."""
    identifies = body.check is Check.PERSON and body.result in DONE
    if identifies and not (words.expertise or words.override):
        raise GateRefused(
            "identify-person",
            "identifying somebody from an image needs a forensic expert (paragraph 188)",
            "Name the expert with --set expertise=WHO, or say why it is recorded all the same: --set override=REASON.",
        )


def require_rules(body: StepRecorded, words: StepWords) -> None:
    """Hold a step that somebody brings from elsewhere to the rules of `checked_step`; raises as that does."""
    if KINDS[body.check].strand is not body.strand:
        raise refused("strand", f"{body.check} is a check of the strand {KINDS[body.check].strand}")
    _require(body, words)
    require_expertise(body, words)


W = TypeVar("W", bound=StrEnum)


def chosen(field: str, words: type[W], text: str) -> W:
    """The word of a vocabulary; raises FieldRefused that lists it."""
    try:
        return words(text.strip())
    except ValueError as error:
        raise refused(field, f"it is one of {', '.join(words)}") from error


def _filled(words: StepWords, field: str, rule: str) -> None:
    if not getattr(words, field):
        raise refused(field, rule)


def _time(field: str, text: str) -> str:
    try:
        return read_when(text).text if text.strip() else ""
    except FieldRefused as error:
        raise refused(field, error.problems[0][1]) from error


def _place(new: NewStep) -> Place | None:
    if not new.place.strip():
        if new.precision.strip():
            raise refused("precision", "a precision belongs to a place")
        return None
    written = read_place(new.place)
    if not new.precision.strip() and not written.cell_m:
        raise refused("precision", "coordinates are given with the radius within which they are meant")
    precision = read_precision(new.precision) if new.precision.strip() else written.cell_m
    return Place(
        latitude_e7=written.latitude_e7, longitude_e7=written.longitude_e7, precision_m=precision, form=written.form
    )


def _region(text: str, item: str, ids: Mapping[str, str]) -> Region:
    named, hash_, fragment = text.partition("#")
    return Region(item=ids[named] if hash_ else item, fragment=read_fragment(fragment if hash_ else named))


def _quote(position: int, new: NewQuote, item: str, ids: Mapping[str, str]) -> Quote:
    def text(name: str, required: str = "") -> str:
        return text_field(f"quotes.{position}.{name}", getattr(new, name), required=required, quoted=True)

    named = ids[new.item] if new.item else item
    exact = text("exact", "a quotation has words")
    return Quote(item=named, exact=exact, prefix=text("prefix"), suffix=text("suffix"))


def _reference(position: int, new: NewReference) -> Reference:
    where = f"references.{position}"
    return Reference(
        provider=text_field(f"{where}.provider", new.provider, required="a reference names who provides it"),
        title=text_field(f"{where}.title", new.title),
        locator=text_field(f"{where}.locator", new.locator),
        imagery_date=_time(f"{where}.imagery_date", new.imagery_date),
        licence=text_field(f"{where}.licence", new.licence),
        features=text_fields(f"{where}.features", new.features),
    )


def _search(position: int, new: NewSearch) -> HandSearch:
    where = f"searches.{position}"
    if new.found and not new.locators:
        raise refused(f"{where}.locators", "a search that found something says where")
    if new.locators and not new.found:
        raise refused(f"{where}.found", "a search with locators found something")
    return HandSearch(
        engine=text_field(f"{where}.engine", new.engine, required="a search names its engine"),
        frame=text_field(f"{where}.frame", new.frame, required="a search names the frame or picture that was given"),
        found=new.found,
        locators=text_fields(f"{where}.locators", new.locators),
        searched_at=_time(f"{where}.searched_at", new.searched_at),
    )


def _translation(new: NewTranslation | None) -> Translation | None:
    if new is None:
        return None
    by = chosen("translation.by", Translator, new.by)
    if by is Translator.MACHINE:
        text_field("translation.tool", new.tool, required="a machine is named with its version")
    return Translation(
        by=by,
        source_language=language_field("translation.source_language", new.source_language),
        target_language=language_field("translation.target_language", new.target_language),
        tool=text_field("translation.tool", new.tool),
    )

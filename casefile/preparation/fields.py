"""Fields that people fill in: words, lines, days, moments, languages; and why a sheet is refused, by field and rule."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ValidationError

from casefile.canonical import canonical_json
from casefile.clock import parse_rfc3339
from casefile.legible import STEERING, escape_of
from casefile.model import Value
from casefile.refusals import FieldRefused

MAX_PROSE_CHARACTERS = 16_384
MAX_LINE_CHARACTERS = 300
MAX_TOLD = 12
"""Fields that one refusal names."""

NOT_IN_PROSE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls other than tabulator and line feed. Marks of direction stay: mixed scripts need them; output shows them."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
PERIOD = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?[~?]?", re.ASCII)
LANGUAGE = re.compile(r"(?P<language>[a-z]{2,3})(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?", re.ASCII)
"""The part of BCP 47 (RFC 5646 section 2.1) that names a language, its script and its region."""

TWO_LETTERS = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig
    ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh
    mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru
    rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug
    uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905  (one word a language, to be read)
)
"""ISO 639-1."""
SCRIPTS = {
    "Arab": "ARABIC", "Armn": "ARMENIAN", "Beng": "BENGALI", "Cyrl": "CYRILLIC", "Deva": "DEVANAGARI",
    "Ethi": "ETHIOPIC", "Geor": "GEORGIAN", "Grek": "GREEK", "Gujr": "GUJARATI", "Guru": "GURMUKHI",
    "Hang": "HANGUL", "Hani": "CJK", "Hebr": "HEBREW", "Hira": "HIRAGANA", "Kana": "KATAKANA", "Khmr": "KHMER",
    "Knda": "KANNADA", "Laoo": "LAO", "Latn": "LATIN", "Mlym": "MALAYALAM", "Mymr": "MYANMAR", "Nkoo": "NKO",
    "Orya": "ORIYA", "Sinh": "SINHALA", "Syrc": "SYRIAC", "Taml": "TAMIL", "Telu": "TELUGU", "Tfng": "TIFINAGH",
    "Thaa": "THAANA", "Thai": "THAI", "Tibt": "TIBETAN",
}  # fmt: skip
"""ISO 15924 codes of scripts in use, with the word that Unicode's names of their letters begin with."""
MIXED = {"Jpan": ("HIRAGANA", "KATAKANA", "CJK"), "Kore": ("HANGUL", "CJK"), "Hans": ("CJK",), "Hant": ("CJK",)}
"""Codes that stand for several scripts at once."""

V = TypeVar("V", bound=Value)


class Broken(ValueError):
    """A field breaks a rule that concerns others too."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


def _prose(text: object) -> object:
    if not isinstance(text, str):
        raise ValueError("has to be text in quotation marks")
    if len(text) > MAX_PROSE_CHARACTERS:
        raise ValueError(f"has {len(text):,} characters; a field holds at most {MAX_PROSE_CHARACTERS:,}")
    if found := NOT_IN_PROSE.search(text):
        raise ValueError(f"holds the control character {escape_of(found.group())}")
    return text.strip()


def _stated(text: str) -> str:
    if not text:
        raise ValueError("is blank; it needs words")
    return text


def stated(value: object) -> str:
    """The words of a field that has to have some; raises ValueError with the rule that it breaks."""
    return _stated(str(_prose(value)))


def _line(text: str) -> str:
    if len(text) > MAX_LINE_CHARACTERS:
        raise ValueError(f"has {len(text)} characters; a line holds at most {MAX_LINE_CHARACTERS}")
    if found := STEERING.search(text):
        raise ValueError(f"holds {escape_of(found.group())}, which steers a screen or is not seen")
    return text


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("has to be a day such as 2027-11-30")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"is no day of the calendar ({error})") from error


def _moment(text: str) -> str:
    try:
        parse_rfc3339(text)
    except ValueError as error:
        raise ValueError("has to be a time with its offset, such as 2026-11-30T09:15:00+02:00") from error
    return text


def require_period(text: str) -> str:
    """The text; raises ValueError when it is no date as exact as it is known."""
    for end in text.split("/"):
        if not PERIOD.fullmatch(end):
            raise ValueError("has to be a date such as 2026, 2026-03, 2026-03-12~ or 2026-03-01/2026-03-12")
        year, _, rest = end.rstrip("~?").partition("-")
        try:
            date.fromisoformat(f"{year}-{rest or '01-01'}{'-01' if len(rest) == 2 else ''}")
        except ValueError as error:
            raise ValueError(f"is no date of the calendar ({error})") from error
    if text.count("/") > 1:
        raise ValueError("has more than two ends")
    return text


def _language(text: str) -> str:
    found = LANGUAGE.fullmatch(text)
    if found is None or (len(found["language"]) == 2 and found["language"] not in TWO_LETTERS):
        raise ValueError("is no language tag of BCP 47, such as ar, uk or zh-Hant")
    return text


def _script(code: str) -> str:
    if code not in SCRIPTS and code not in MIXED:
        raise ValueError(f"is no script code of ISO 15924 that is known here: {', '.join(sorted(SCRIPTS))}")
    return code


Prose = Annotated[str, BeforeValidator(_prose)]
"""Words of a person, of several lines where need be; may be blank."""
Stated = Annotated[str, BeforeValidator(_prose), AfterValidator(_stated)]
"""Words that have to be there."""
Line = Annotated[str, BeforeValidator(_prose), AfterValidator(_stated), AfterValidator(_line)]
"""One line without anything that steers a screen: names, references, terms."""
Day = Annotated[date, BeforeValidator(_day)]
"""A day of the calendar."""
Moment = Annotated[str, BeforeValidator(_prose), AfterValidator(_stated), AfterValidator(_moment)]
"""A time with its offset (RFC 3339)."""
Period = Annotated[str, BeforeValidator(_prose), AfterValidator(_stated), AfterValidator(require_period)]
"""A date as exact as it is known (a part of EDTF, ISO 8601-2): ~ about, ? doubtful, / from and to."""
Language = Annotated[str, BeforeValidator(_prose), AfterValidator(_language)]
"""A language tag."""
Script = Annotated[str, BeforeValidator(_prose), AfterValidator(_script)]
"""A script code."""


def require_script(term: str, script: str) -> str:
    """The term; raises ValueError when a letter of it is of another script."""
    expected = MIXED.get(script) or (SCRIPTS[script],)
    for character in term:
        if character.isalpha():
            name = unicodedata.name(character, "UNNAMED").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
            if not name.startswith(expected) and not name.startswith("MODIFIER"):
                raise ValueError(f"{term!r} is not written in {script}: {name.split()[0].title()}")
    return term


def filled_in(model: type[V], given: Any, what: str) -> V:
    """The checked value of what a person gave; raises FieldRefused, which names each field and its rule."""
    try:
        value = model.model_validate(given)
        canonical_json(value.plain())
    except ValidationError as error:
        raise FieldRefused(what, tuple(_refusals(error))) from error
    except ValueError as error:
        raise FieldRefused(what, (("value", str(error)),)) from error
    return value


def _refusals(error: ValidationError) -> list[tuple[str, str]]:
    found = []
    for one in error.errors(include_url=False, include_input=False)[:MAX_TOLD]:
        broken = one.get("ctx", {}).get("error")
        place = [str(part) for part in one["loc"]]
        if isinstance(broken, Broken):
            found.append((".".join([*place, broken.field]), broken.rule))
        else:
            found.append((".".join(place) or "value", _rule(one["type"], str(one["msg"]), one.get("ctx", {}))))
    return found


def _rule(kind: str, message: str, context: Any) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a field of this sheet"
        case "enum" | "literal_error":
            return f"has to be one of {context['expected']}"
        case "too_short":
            return "needs at least one entry"
        case _:
            return message.removeprefix("Value error, ")

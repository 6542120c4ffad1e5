"""Pages from values: pure. Every text from outside goes through a filter here, and templates escape the rest.

No page holds a script, a link to anywhere but its neighbours, or a style from outside. The rules that hide pictures
are in the page itself, so that a page without its style sheet still hides them.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from casefile.legible import escaped, marked
from casefile.vocabulary import Content, Judgement, Outcome
from pipelines.contact_sheet.values import SheetAttempt, SheetClaim, SheetDuplicate, SheetHeading, SheetItem

TEMPLATES = Path(__file__).parent / "templates"
VEIL = """
.veil{position:relative;overflow:hidden}
.veil img{filter:blur(32px) grayscale(1);clip-path:inset(0)}
.veil input{position:absolute;opacity:0}
.veil input:checked+label img{filter:none}
"""
"""The rules that hide every picture until somebody asks for it. `hash` below lets exactly these through."""
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' file:; "
    f"style-src 'self' file: 'sha256-{base64.b64encode(hashlib.sha256(VEIL.encode()).digest()).decode()}'"
)
"""Content Security Policy of every page: pictures and one style sheet from beside it, and no script at all."""
SHOWN_TEXT_CHARACTERS = 20_000
SHORT_DIGEST_DIGITS = 12


@cache
def environment() -> Environment:
    """The templates, which escape what they show and refuse a name that is not there. Compiled once, never changed."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        outside=outside,
        passage=passage,
        size=readable_size,
        short=short_digest,
        one_line=escaped,
        when=readable_time,
        plural=plural,
    )
    pages.globals.update(policy=POLICY, veil=Html(VEIL), ascii_host=ascii_host)
    return pages


@dataclass(frozen=True, slots=True)
class Html:
    """Markup of ours around text that is escaped already; templates take it as it is."""

    markup: str

    def __html__(self) -> str:
        return self.markup


def outside(text: str | None) -> Html:
    """A text from outside on one line, isolated from the direction of what is around it (UAX 9, HTML bdi)."""
    return Html(f"<bdi>{_visible(text, over_lines=False)}</bdi>")


def passage(text: str | None) -> Html:
    """A longer text from outside, its line ends kept; cut where it would swamp the page, and saying so."""
    shown = text and text[:SHOWN_TEXT_CHARACTERS]
    cut = len(text or "") - len(shown or "")
    rest = f'<p class="quiet">{cut:,} more characters are in the record.</p>' if cut else ""
    return Html(f'<div class="passage" dir="auto">{_visible(shown, over_lines=True)}</div>{rest}')


def _visible(text: str | None, *, over_lines: bool) -> str:
    if text is None:
        return '<span class="erased">erased</span>'
    # No NUL is left after marking, so that it can stand for the ends of a sign until the text is escaped.
    pieces = marked(text, lambda character: f"\x00{ord(character):04X}\x00", over_lines=over_lines).split("\x00")
    return "".join(
        f'<span class="sign">U+{piece}</span>' if place % 2 else html.escape(piece)
        for place, piece in enumerate(pieces)
    )


def ascii_host(locator: str | None) -> str:
    """The host in the letters of the domain name system, where that differs from what is shown; else nothing."""
    try:
        host = urlsplit(locator or "").hostname or ""
        ascii_form = host.encode("idna").decode("ascii")
    except ValueError:  # also UnicodeError: no name that a resolver would take
        return ""
    return ascii_form if ascii_form != host else ""


def readable_size(size: int) -> str:
    """Bytes as people say them, with the exact number."""
    number, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{size:,} bytes" if unit == "B" else f"{number:.1f} {unit} ({size:,} bytes)"


def readable_time(moment: str) -> str:
    """An RFC 3339 time to the second, with its zone, for the eye."""
    day, separator, clock = moment.partition("T")
    seconds, _, rest = clock.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    return f"{day} {seconds}{zone}".replace("Z", " UTC").replace("+00:00", " UTC") if separator else moment


def short_digest(digest: str) -> str:
    """The first digits of a digest, with its algorithm."""
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:SHORT_DIGEST_DIGITS]}…" if len(digits) > SHORT_DIGEST_DIGITS else digest


def plural(count: int, word: str) -> str:
    """A number with its word: 1 item, 2 items."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def by_origin(claims: Sequence[SheetClaim]) -> list[tuple[str, list[SheetClaim]]]:
    """Claims under what makes them, both in the order in which they came."""
    groups: dict[str, list[SheetClaim]] = {}
    for claim in claims:
        groups.setdefault(claim.origin, []).append(claim)
    return list(groups.items())


def is_problem(attempt: SheetAttempt) -> bool:
    """Whether an attempt ended otherwise than with the content that was asked for."""
    good = attempt.outcome in (Outcome.CAPTURED, Outcome.ALREADY)
    return not good or attempt.content in (Content.ABSENT, Content.DOUBTFUL)


def across_captures(duplicates: Sequence[SheetDuplicate]) -> list[SheetDuplicate]:
    """The edges that are shown at once; those inside one capture are a class of their own."""
    return [edge for edge in duplicates if not edge.same_capture]


Picture = tuple[str, str]
"""A preview's file name, which is ours, and its caption."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """What the page of an item needs besides it: its pictures, what was left out in words, its neighbours' numbers."""

    item: SheetItem
    pictures: Sequence[Picture] = ()
    left_out: Sequence[str] = ()
    before: str = ""
    after: str = ""


class Pages:
    """The pages of one contact sheet, one after the other, as text."""

    def __init__(self, heading: SheetHeading) -> None:
        self._environment = environment()
        self._heading = heading

    def item(self, page: ItemPage) -> str:
        """The page of one item."""
        edges = page.item.duplicates
        return self._environment.get_template("item.html").render(
            heading=self._heading,
            item=page.item,
            pictures=page.pictures,
            left_out=page.left_out,
            before=page.before,
            after=page.after,
            edges=across_captures(edges),
            inner_edges=[edge for edge in edges if edge.same_capture],
            findings=[(finding, by_origin(finding.claims)) for finding in page.item.findings],
            root="../",
        )

    def card(self, item: SheetItem, picture: Picture | None) -> Html:
        """The card of one item in the list."""
        edges = sum(edge.judgement != Judgement.DIFFERENT for edge in across_captures(item.duplicates))
        return Html(self._environment.get_template("card.html").render(item=item, picture=picture, edges=edges))

    def index(self, cards: Sequence[Html], *, page: int, pages: int, counts: Mapping[str, int]) -> str:
        """One page of the list; pages are counted from 1."""
        return self._environment.get_template("index.html").render(
            heading=self._heading,
            cards=cards,
            page=page,
            pages=pages,
            counts=counts,
            root="",
        )

    def failed(self, attempts: Sequence[SheetAttempt], counts: Mapping[str, int]) -> str:
        """The list of attempts that did not bring the content."""
        return self._environment.get_template("failed.html").render(
            heading=self._heading, attempts=attempts, counts=counts, root=""
        )

"""The pages of a package for people: an index, a report on custody, a technical report an item. Pure.

No page holds a script, a picture or a link to anywhere but its neighbours. What came from outside is escaped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from casefile.legible import escaped, spoken
from disclosure.contents import HeldItem
from disclosure.index import path_of, place_of
from disclosure.telling import PROVEN, Told, outside

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"


@cache
def _environment() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(outside=lambda text: escaped(str(text or "")), spoken=spoken)
    pages.globals.update(policy=POLICY, path_of=path_of, place_of=place_of)
    return pages


def index_page(told: Told, viewing: dict[str, str]) -> bytes:
    """`index.html`; `viewing` has the path of an item's copy for looking at, by the item's id."""
    return _page("index.html", root="", told=told, held=told.contents, viewing=viewing)


def custody_page(told: Told) -> bytes:
    """`custody.html`: what was done with each item, by whom, and how far that is proven."""
    return _page("custody.html", root="", told=told, held=told.contents, proven=PROVEN, outside=outside(told.contents))


def report_page(told: Told, item: HeldItem) -> bytes:
    """`reports/NUMBER.html`: how one item was collected, with what, from where (Berkeley Protocol, ¶156)."""
    record = told.record(item)
    return _page(
        "report.html",
        root="../",
        told=told,
        held=told.contents,
        item=item,
        record=record,
        sealed=next(one for one in record.items if one.position == item.position),
        files=[one for one in record.files if one.path in item.files],
        findings=told.examined(item).get("findings", ()),
    )


def _page(name: str, **values: object) -> bytes:
    return _environment().get_template(name).render(values).encode("utf-8")

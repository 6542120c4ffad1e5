"""Method reports as pages for people: no script, nothing from outside, every text escaped. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contact_sheet.pages import outside, passage

TEMPLATES = Path(__file__).parent / "report_templates"
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"
"""Content Security Policy of a report: its own style and nothing else."""


@cache
def environment() -> Environment:
    """The templates, which escape what they show and refuse a name that is not there."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(outside=outside, passage=passage)
    pages.globals.update(policy=POLICY)
    return pages


def html_head(heading: Mapping[str, Any]) -> str:
    """The page up to its first item."""
    return environment().get_template("head.html").render(heading=heading)


def html_item(report: Mapping[str, Any]) -> str:
    """The section of one item."""
    return environment().get_template("item.html").render(report=report)


def html_foot(conformance: Sequence[Mapping[str, Any]]) -> str:
    """The table of obligations, where there is one, and the end of the page."""
    return environment().get_template("foot.html").render(conformance=conformance)

"""The WACZ of a capture in the place of its WARC: what was recorded is kept once, as a whole that can be replayed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from casefile.model import Received, ReceivedItem
from casefile.vocabulary import Fidelity, Role
from collectors.wacz.writing import NotArchivable, Page, WarcFile, write_wacz

WACZ_TYPE = "application/wacz"


def pages_of(items: Sequence[ReceivedItem]) -> tuple[Page, ...]:
    """The pages among the items of a capture, to be replayed by their locators."""
    found = (one for one in items if one.role is Role.PAGE)
    return tuple(Page(one.locator, title=one.title, text=one.text) for one in found)


def wrap(warc: Path, wacz: Path, pages: Sequence[Page]) -> bool:
    """Put the WACZ of a `wire` WARC in its place. False, and the WARC left, where it does not hold the pages."""
    try:
        write_wacz(wacz, [WarcFile(warc, Fidelity.WIRE)], pages)
    except NotArchivable:
        return False
    warc.unlink()
    return True


def with_wacz(received: Received, out: Path, warc: str, wacz: str) -> Received:
    """A capture with the WACZ at `wacz` below `out` for its WARC at `warc`, where there is a page in it."""
    pages = pages_of(received.items)
    if not pages or not wrap(out / warc, out / wacz, pages):
        return received
    change = {"path": wacz, "media_type": WACZ_TYPE}
    files = tuple(one.model_copy(update=change) if one.path == warc else one for one in received.files)
    return received.model_copy(update={"files": files})

"""The answers of this method's smaller workers: what a locator lists, and which extractor would take it. Light."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Exchange, Text, ToolUse, Value
from casefile.vocabulary import Cause


class ListedEntry(Value):
    """One entry of a channel or a playlist, as the platform lists it. `claimed_time` is its claim."""

    locator: Text
    title: Text = ""
    claimed_time: str = ""


class ListingRequest(Value):
    """Bounds of a listing: the first `most` entries, newest first where the platform lists so."""

    most: int = Field(default=100, ge=1, le=5_000)


class Listing(Value):
    """What a locator lists. Without `cause` it was read; `more` says that it goes on behind the last entry."""

    cause: Cause | None = None
    detail: Text = ""
    advice: Text = ""
    title: Text = ""
    entries: tuple[ListedEntry, ...] = ()
    more: bool = False
    exchanges: tuple[Exchange, ...] = ()
    tools: tuple[ToolUse, ...] = ()


class ScriptRuntime(Value):
    """A JavaScript runtime that yt-dlp may use; without `version` it is not there."""

    name: str
    version: str = ""
    supported: bool = False


class Diagnosis(Value):
    """Which extractor takes a locator and what it may need.

    `general` is the extractor for any page; `working` is yt-dlp's own word. `login` says that the extractor knows
    accounts, not that one is needed. `needs_script_runtime` holds where the site's player must be run.
    """

    extractor: str
    description: Text = ""
    general: bool
    working: bool
    login: bool
    needs_script_runtime: bool
    script_runtimes: tuple[ScriptRuntime, ...] = ()
    tools: tuple[ToolUse, ...] = ()

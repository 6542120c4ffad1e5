"""The settings of public archives that may be asked: none by default."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from casefile.holdings import Form
from casefile.settings_group import AUTHORITY_NAME, Group


class ArchiveService(Group):
    """A public archive that may be asked whether it holds a locator. `{locator}` in `url` is where that goes."""

    name: str
    form: Form
    url: str

    @field_validator("name")
    @classmethod
    def _file_name(cls, name: str) -> str:
        if not AUTHORITY_NAME.fullmatch(name):
            raise ValueError("a name is of at most 32 small letters, digits and hyphens")
        return name

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not re.match(r"https?://[^/?#@{}]+/", url) or url.count("{locator}") != 1:
            raise ValueError("not an address of http or https with {locator} once in its path or query")
        return url


class ArchiveSettings(Group):
    """Which public archives may be told what is looked at."""

    services: tuple[ArchiveService, ...] = Field(
        default=(),
        description="Public archives that `holdings` asks, by GET, whether they hold a locator, as {name, form, url}: "
        "form is timemap (RFC 7089, link format) or cdx (lines), {locator} in url stands for the locator. Each asking "
        "discloses it and is an event. None by default: nobody is asked.",
    )

    @field_validator("services")
    @classmethod
    def _each_once(cls, services: tuple[ArchiveService, ...]) -> tuple[ArchiveService, ...]:
        if len({one.name for one in services}) < len(services):
            raise ValueError("two archives have one name")
        return services

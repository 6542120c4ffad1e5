"""Where the post of a page can be had as data: documented, public, asked by one GET without any key. Pure.

Mastodon documents `/api/v1/statuses/:id` for every server, the AT Protocol `app.bsky.feed.getPostThread` for its public
view; Telegram's own page of a post embeds the widget that is asked for here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from urllib.parse import quote, unquote

from collectors.locators import Locator, parse_locator

MASTODON = re.compile(r"/(?:web/)?@[^/]{1,300}/(?:posts/)?([0-9]{10,20})/?", re.ASCII)
MASTODON_MARK = "mastodon"
"""The id of the element that Mastodon's pages are drawn in: a path alone says nothing about what runs there."""
BLUESKY = re.compile(r"/profile/([^/]{1,300})/post/([A-Za-z0-9._~:-]{1,100})/?", re.ASCII)
BLUESKY_HOSTS = frozenset({"bsky.app", "main.bsky.dev"})
BLUESKY_ENDPOINT = "https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread"
TELEGRAM = re.compile(r"/([A-Za-z0-9_]{4,64})/([0-9]{1,12})/?", re.ASCII)
TELEGRAM_HOSTS = frozenset({"t.me", "telegram.me"})


class Endpoints(StrEnum):
    """Which endpoints may be asked: none, those on the host of the page, or every documented one."""

    OFF = "off"
    SAME_HOST = "same-host"
    DOCUMENTED = "documented"


def endpoint_of(page: Locator, marks: Collection[str], allowed: Endpoints) -> Locator | None:
    """The endpoint of the post that a page shows; None where there is none, or none that may be asked.

    `marks` are the page's classes and ids, in lower case.
    """
    found = _named(page, marks) if allowed is not Endpoints.OFF else ""
    parsed = parse_locator(found) if found else None
    if not isinstance(parsed, Locator):
        return None
    return parsed if allowed is Endpoints.DOCUMENTED or parsed.place == page.place else None


def _named(page: Locator, marks: Collection[str]) -> str:
    path = unquote(page.path)
    if page.host in BLUESKY_HOSTS and (post := BLUESKY.fullmatch(path)):
        uri = quote(f"at://{post[1]}/app.bsky.feed.post/{post[2]}", safe="")
        return f"{BLUESKY_ENDPOINT}?uri={uri}&depth=6&parentHeight=20"
    if page.host in TELEGRAM_HOSTS and (post := TELEGRAM.fullmatch(path)) and post[1] != "s":
        return f"{page.scheme}://{page.host_and_port}/{post[1]}/{post[2]}?embed=1&mode=tme"
    if MASTODON_MARK in marks and (post := MASTODON.fullmatch(path)):
        return f"{page.scheme}://{page.host_and_port}/api/v1/statuses/{post[1]}"
    return ""

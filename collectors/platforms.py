"""Which hosts belong to a platform: those that its cookies go to and its addresses are at.

A courtesy for names that everybody uses; `--host` always says it for any other, and a platform may be a host itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

HOSTS: Mapping[str, tuple[str, ...]] = {
    "bilibili": ("bilibili.com",),
    "facebook": ("facebook.com", "fb.watch"),
    "instagram": ("instagram.com",),
    "linkedin": ("linkedin.com",),
    "odnoklassniki": ("ok.ru", "odnoklassniki.ru"),
    "reddit": ("reddit.com",),
    "rutube": ("rutube.ru",),
    "telegram": ("t.me", "telegram.me", "telegram.org"),
    "tiktok": ("tiktok.com",),
    "twitch": ("twitch.tv",),
    "vimeo": ("vimeo.com",),
    "vk": ("vk.com", "vk.ru", "vkvideo.ru"),
    "x": ("x.com", "twitter.com"),
    "youtube": ("youtube.com", "youtu.be", "youtube-nocookie.com"),
}


def hosts_of(platform: str) -> tuple[str, ...]:
    """The hosts of a platform that is known by name, or that is named by its host; none for any other."""
    name = platform.lower()
    return HOSTS.get(name, (name,) if "." in name else ())


def platform_of(locator: str) -> str:
    """The name of the platform that a locator leads to, else its host; empty for what is no locator of the web."""
    try:
        host = (urlsplit(locator).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    known = (name for name, hosts in HOSTS.items() if any(host == one or host.endswith(f".{one}") for one in hosts))
    return next(known, host)

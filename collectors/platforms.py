"""Which hosts belong to a platform: those that its cookies go to and its addresses are at.

A courtesy for names that everybody uses; `--host` always says it for any other, and a platform may be a host itself.
"""

from __future__ import annotations

from collections.abc import Mapping

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

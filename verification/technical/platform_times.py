"""Times that platforms write into their identifiers, decoded by arithmetic. Pure.

Such a time is when the platform minted the identifier, on the platform's clock: the moment of posting or uploading
for most, and nothing about when a picture was taken. It is a claim like any other, with the origin
`platform-id:<platform>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from verification.interface import Claim, ClaimField
from verification.technical.times import from_unix_ms

X_EPOCH_MS = 1_288_834_974_657
"""X and Twitter: 2010-11-04T01:42:54.657Z; the time is what lies above the lowest 22 bits."""
DISCORD_EPOCH_MS = 1_420_070_400_000
"""Discord: 2015-01-01T00:00:00Z, published in its developer documentation; above the lowest 22 bits."""
INSTAGRAM_EPOCH_MS = 1_314_220_021_721
"""Instagram: from its engineering notes on sharded identifiers; above the lowest 23 bits."""
FIRST_SNOWFLAKE = 1 << 34
"""Smaller identifiers were counted, not timed."""
MASTODON_FIRST_MS = 1_451_606_400_000
MASTODON_LAST_MS = 4_102_444_800_000
"""2016 to 2100: an identifier outside is not a Mastodon one, whose hosts cannot be told by name."""

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


def _number(text: str, alphabet: str) -> int:
    """The number that `text` writes in the base of `alphabet`'s length."""
    number = 0
    for letter in text:
        number = number * len(alphabet) + alphabet.index(letter)
    return number


def x_ms(identifier: str) -> int:
    """Unix milliseconds in an X or Twitter identifier; 0 for one from before November 2010."""
    number = int(identifier)
    return (number >> 22) + X_EPOCH_MS if number >= FIRST_SNOWFLAKE else 0


def discord_ms(identifier: str) -> int:
    """Unix milliseconds in a Discord identifier."""
    return (int(identifier) >> 22) + DISCORD_EPOCH_MS


def instagram_ms(shortcode: str) -> int:
    """Unix milliseconds in an Instagram or Threads shortcode; a private one has more letters after the first 11."""
    return (_number(shortcode[:11], BASE64URL) >> 23) + INSTAGRAM_EPOCH_MS


def tiktok_ms(identifier: str) -> int:
    """Unix milliseconds, to the second, in a TikTok identifier: seconds above the lowest 32 bits."""
    return (int(identifier) >> 32) * 1000


def linkedin_ms(identifier: str) -> int:
    """Unix milliseconds in a LinkedIn activity identifier: above the lowest 22 bits, no epoch of its own."""
    return int(identifier) >> 22


def mastodon_ms(identifier: str) -> int:
    """Unix milliseconds in a Mastodon status identifier: above the lowest 16 bits; 0 when that is no likely time."""
    milliseconds = int(identifier) >> 16
    return milliseconds if MASTODON_FIRST_MS <= milliseconds <= MASTODON_LAST_MS else 0


def ulid_ms(identifier: str) -> int:
    """Unix milliseconds in a ULID: its first ten letters in Crockford's base 32."""
    return _number(identifier[:10].upper(), CROCKFORD)


def tid_ms(identifier: str) -> int:
    """Unix milliseconds in an AT Protocol timestamp identifier (Bluesky): microseconds above the lowest 10 bits."""
    return (_number(identifier, SORTABLE) >> 10) // 1000


@dataclass(frozen=True, slots=True)
class _Platform:
    name: str
    hosts: re.Pattern[str]
    path: re.Pattern[str]
    decode: Callable[[str], int]


def _platform(name: str, hosts: str, path: str, decode: Callable[[str], int]) -> _Platform:
    return _Platform(name, re.compile(rf"(?:[a-z0-9-]+\.)*(?:{hosts})", re.ASCII), re.compile(path, re.ASCII), decode)


PLATFORMS = (
    _platform("x", r"x\.com|twitter\.com", r"/(?:i/web|i|[^/]+)/status(?:es)?/([0-9]{1,19})(?:/.*)?", x_ms),
    _platform("discord", r"discord\.com|discordapp\.com", r"/channels/[^/]+/[0-9]+/([0-9]{17,20})/?", discord_ms),
    _platform("discord", r"discordapp\.com|discordapp\.net", r"/attachments/[0-9]+/([0-9]{17,20})/.*", discord_ms),
    _platform(
        "instagram", r"instagram\.com", r"(?:/[^/]+)?/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{10,39})(?:/.*)?", instagram_ms
    ),
    _platform("threads", r"threads\.net|threads\.com", r"/@[^/]+/post/([A-Za-z0-9_-]{11})(?:/.*)?", instagram_ms),
    _platform("tiktok", r"tiktok\.com", r"/@[^/]*/(?:video|photo)/([0-9]{18,19})(?:/.*)?", tiktok_ms),
    _platform("tiktok", r"tiktok\.com", r"/(?:v|embed|embed/v2|player/v1)/([0-9]{18,19})(?:\.html)?/?", tiktok_ms),
    _platform("linkedin", r"linkedin\.com", r".*(?:activity|ugcPost|share)[:-]([0-9]{19})(?:[/-].*)?", linkedin_ms),
    _platform("bluesky", r"bsky\.app", r"/profile/[^/]+/post/([2-7a-z]{13})/?", tid_ms),
    _platform("mastodon", r"[a-z0-9-]+", r"/(?:web/)?@[^/]+/(?:posts/)?([0-9]{17,19})/?", mastodon_ms),
    _platform(
        "ulid", r"[a-z0-9-]+", r"/@[^/]+/(?:statuses|posts|notes)/([0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25})/?", ulid_ms
    ),
)
"""In order: the first that fits host and path is the one. YouTube, Facebook, Telegram, Reddit and VK count or draw
their identifiers, so no time is in them."""


def platform_times(locator: str) -> tuple[Claim, ...]:
    """The time in a locator's identifier as a claim of posting, or nothing when there is none."""
    try:
        parts = urlsplit(locator)
        host, path = (parts.hostname or "").rstrip("."), unquote(parts.path)
    except ValueError:
        return ()
    if parts.scheme not in {"http", "https"}:
        return ()
    for platform in PLATFORMS:
        match = platform.path.fullmatch(path) if platform.hosts.fullmatch(host) else None
        if match is None:
            continue
        milliseconds = platform.decode(match[1])
        told = from_unix_ms(milliseconds) if milliseconds > 0 else ""
        if not told:
            return ()
        return (Claim(field=ClaimField.POSTED, value=told, origin=f"platform-id:{platform.name}", as_written=match[1]),)
    return ()

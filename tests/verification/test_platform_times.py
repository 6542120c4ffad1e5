"""Identifiers with published times, and identifiers made by the arithmetic that is documented for them."""

from __future__ import annotations

import pytest

from verification.interface import ClaimField
from verification.technical.platform_times import platform_times
from verification.technical.times import from_unix_ms

KNOWN = [
    # Published with its decoded time in the encyclopaedia article on snowflake identifiers.
    ("https://x.com/Wikipedia/status/1541815603606036480", "x", "2022-06-28T16:07:40.105Z"),
    ("https://mobile.twitter.com/Wikipedia/status/1541815603606036480/photo/1", "x", "2022-06-28T16:07:40.105Z"),
    # The example of Discord's developer documentation.
    ("https://discord.com/channels/1/2/175928847299117063", "discord", "2016-04-30T11:18:25.796Z"),
    # The example of the ULID specification: 01ARZ3NDEK is 1469922850259 ms.
    ("https://social.example/@ann/statuses/01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid", "2016-07-30T23:54:10.259Z"),
]


@pytest.mark.parametrize(("locator", "platform", "told"), KNOWN)
def test_a_published_identifier_gives_its_published_time(locator: str, platform: str, told: str) -> None:
    (claim,) = platform_times(locator)
    assert (claim.value, claim.origin, claim.field) == (told, f"platform-id:{platform}", ClaimField.POSTED)
    assert claim.as_written in locator


@pytest.mark.parametrize(
    ("locator", "platform", "identifier"),
    [
        # 2020-09-13T12:26:40Z is 1,600,000,000 s; the low bits are a counter and say nothing.
        ("https://www.tiktok.com/@somebody/video/{}", "tiktok", 1_600_000_000 << 32 | 0x1234_5678),
        ("https://www.tiktok.com/embed/v2/{}", "tiktok", 1_600_000_000 << 32),
        ("https://social.example/@ann/{}", "mastodon", 1_600_000_000_000 << 16 | 0xABCD),
        ("https://social.example/web/@ann@other.example/{}", "mastodon", 1_600_000_000_000 << 16),
        ("https://www.linkedin.com/feed/update/urn:li:activity:{}/", "linkedin", 1_600_000_000_000 << 22 | 0x3F_FFFF),
        ("https://www.linkedin.com/posts/ann_words-activity-{}-abcd", "linkedin", 1_600_000_000_000 << 22),
        ("https://x.com/i/web/status/{}", "x", 1_600_000_000_000 - 1_288_834_974_657 << 22),
        ("https://cdn.discordapp.com/attachments/1/{}/a.png", "discord", 1_600_000_000_000 - 1_420_070_400_000 << 22),
    ],
)
def test_the_time_stands_above_the_low_bits(locator: str, platform: str, identifier: int) -> None:
    (claim,) = platform_times(locator.format(identifier))
    assert (claim.value, claim.origin) == ("2020-09-13T12:26:40.000Z", f"platform-id:{platform}")


def test_the_arithmetic_of_a_snowflake_is_a_shift_and_an_epoch() -> None:
    assert from_unix_ms((1541815603606036480 >> 22) + 1288834974657) == "2022-06-28T16:07:40.105Z"


def test_an_instagram_shortcode_is_a_number_in_base_64() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    moment_ms = 1_600_000_000_000
    number = (moment_ms - 1_314_220_021_721) << 23 | 0x2A_AAAA
    shortcode = ""
    while number:
        number, place = divmod(number, 64)
        shortcode = letters[place] + shortcode
    for locator in (
        f"https://www.instagram.com/p/{shortcode}/",
        f"https://www.instagram.com/somebody/reel/{shortcode}/?igsh=1",
        f"https://www.threads.net/@somebody/post/{shortcode}",
    ):
        (claim,) = platform_times(locator)
        assert claim.value == from_unix_ms(moment_ms)


def test_a_bluesky_identifier_is_microseconds_in_sortable_base_32() -> None:
    letters = "234567abcdefghijklmnopqrstuvwxyz"
    number = 1_700_000_000_123_456 << 10 | 7
    identifier = "".join(letters[number >> 5 * place & 31] for place in reversed(range(13)))
    (claim,) = platform_times(f"https://bsky.app/profile/ann.example/post/{identifier}")
    assert claim.value == "2023-11-14T22:13:20.123Z"


@pytest.mark.parametrize(
    "locator",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://t.me/channel/4242",
        "https://www.facebook.com/photo?fbid=10158000000000000",
        "https://x.com/jack/status/20",  # counted, not timed: before November 2010
        "https://x.com/somebody",
        "https://evil-x.com.example/a/status/1541815603606036480",
        "https://social.example/@ann/99999999999999999999",
        "https://social.example/@ann/1",
        "ftp://x.com/a/status/1541815603606036480",
        "https://x.com/a/status/１５４１８１５６０３６０６０３６４８０",
        "https://[broken/a/status/1541815603606036480",
        "",
        "file:///etc/passwd",
    ],
)
def test_nothing_is_claimed_where_no_time_is_written(locator: str) -> None:
    assert platform_times(locator) == ()

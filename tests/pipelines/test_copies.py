"""The row of each copy in a cluster: what is claimed of its time, which is the best, and which are mirrored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casefile.records.edges import StoredEdge
from casefile.records.queries import ItemRecord
from casefile.vocabulary import Tier
from collectors.platforms import platform_of
from pipelines.copies import Copy, best_of, mirrored_against, zone_of
from pipelines.neighbours import Pair

BLANK = ItemRecord(**dict.fromkeys(ItemRecord.__dataclass_fields__))  # type: ignore[arg-type]


def item(number: int, **known: object) -> ItemRecord:
    return replace(BLANK, id=f"item-{number}", number=number, content="present", **known)  # type: ignore[arg-type]


def pair(one: int, other: int, variant: str) -> Pair:
    edge = StoredEdge("", f"item-{one}", f"item-{other}", Tier.AUTO, "pdq", "1", 4, 256, False, {"variant": variant})
    return Pair(edge, item(one), item(other))


def test_the_best_copy_has_most_pixels_then_length_then_sound_and_never_is_what_is_gone() -> None:
    small, large = Copy(item(1), width=320, height=240), Copy(item(2), width=640, height=480)
    longer, loud = (
        replace(large, item=item(3), duration_ms=9_000),
        Copy(item(4), "", "", "", "", "", 640, 480, 9_000, True),
    )
    rows = [small, large, longer, loud]
    assert best_of(rows) is loud
    assert best_of(rows[:3]) is longer
    assert best_of(rows[:2]) is large
    assert best_of([small, replace(loud, item=item(5, erased_at="2026-01-01T00:00:00Z"))]) is small
    assert best_of([]) is None


def test_what_is_mirrored_twice_is_not_and_what_no_pair_leads_to_is_unknown() -> None:
    pairs = [pair(1, 2, "mirrored"), pair(2, 3, "flipped"), pair(3, 4, "rotated-180"), pair(5, 6, "mirrored")]
    assert mirrored_against("item-1", pairs) == {"item-1": False, "item-2": True, "item-3": False, "item-4": False}


@pytest.mark.parametrize(
    ("time", "zone"),
    [
        ("2026-05-04T10:00:00Z", "UTC"),
        ("2026-05-04T10:00:00+05:30", "+05:30"),
        ("2026-05-04T10:00:00-03:00", "-03:00"),
        ("2026-05-04T10:00:00", "none stated"),
        ("2026-05-04", "none stated"),
        ("", ""),
    ],
)
def test_the_zone_of_a_claimed_time_is_told_or_said_to_be_missing(time: str, zone: str) -> None:
    assert zone_of(time) == zone


def test_a_platform_is_named_by_its_hosts_and_else_by_its_own() -> None:
    assert platform_of("https://mobile.twitter.com/a/status/1") == "x"
    assert platform_of("https://www.example.org/a") == "example.org"
    assert platform_of("http://[broken") == platform_of("") == ""

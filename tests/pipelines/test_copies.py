"""The row of each copy in a cluster: what is claimed of its time, which is the best, and which are mirrored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casefile.records.edges import StoredEdge
from casefile.records.queries import ItemRecord
from casefile.vocabulary import Tier
from cli.copy_report import copy_row
from collectors.platforms import platform_of
from pipelines.comparing import frame_times
from pipelines.copies import Copy, Overlay, best_of, common_share, mirrored_against, zone_of
from pipelines.neighbours import Pair, _alone, cluster_id
from verification.explaining import explained

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


def laid(covered_a: int, covered_b: int, **other: object) -> Pair:
    evidence = {"variant": "upright", "tiles_compared": 90, "tiles_good": 90, "segments": []} | other
    evidence |= {"covered_a": covered_a, "covered_b": covered_b}
    edge = StoredEdge("", "item-1", "item-2", Tier.VERIFIED, "features", "2", 4, 256, False, evidence)
    return Pair(edge, item(1), item(2))


def test_a_caption_makes_no_copy_the_best() -> None:
    pairs = [laid(80, 100)]
    captioned = Copy(item(1), width=640, height=600, common=common_share("item-1", pairs))
    clean = Copy(item(2), width=640, height=480, common=common_share("item-2", pairs))
    assert best_of([captioned, clean]) is clean
    # Shares of time say nothing of what a picture shows.
    assert common_share("item-1", [laid(80, 100, segments=[{}])]) == 100


def test_that_no_compared_tile_differs_is_never_called_no_overlay() -> None:
    copy = Copy(item(1), overlay=Overlay("I-0002", 0, 90, 80))
    assert copy_row(copy)[8] == "0 of 90 compared tiles differ from I-0002; 80 % of this copy is in common"
    film = Copy(item(1), overlay=Overlay("I-0002", 0, 90, frame=True))
    assert copy_row(film)[8] == "0 of 90 compared tiles differ from I-0002, in one frame"


def test_the_frames_that_a_pair_rests_on_are_found_again_whichever_item_is_named_first() -> None:
    edge = laid(80, 100, at_a=4_000, at_b=12_000).edge
    assert frame_times(edge, "item-1") == (4_000, 12_000)
    assert frame_times(edge, "item-2") == (12_000, 4_000)
    assert frame_times(None, "item-1") == (-1, -1)
    said = explained("frame-features", 4, 256, {**edge.evidence, "inliers": 9}, ("A", "B"))
    assert said.startswith("frames laid upon each other, at 0:04 of A and at 0:12 of B: 90 of 90")


def test_an_item_alone_is_found_by_the_id_of_its_cluster() -> None:
    items = [item(1), item(2)]
    assert _alone(items, cluster_id(items[1:])) is items[1]
    assert _alone(items, "sha256:1") is None


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

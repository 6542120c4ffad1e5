"""What counts as the same thing to collect, and what does not."""

from __future__ import annotations

from sites.hostile import HostileSite

from .workspaces import Place


def outcomes(place: Place) -> list[str]:
    return [one["outcome"] for one in place.results()]


def test_a_locator_given_by_hand_is_a_new_capture_each_time(place: Place, site: HostileSite) -> None:
    locator = site.url("/plain?by-hand")
    place.must("collect", locators=[locator, locator], level="weak", job=False)
    assert outcomes(place) == ["captured", "captured"]
    assert place.locators(of_items=True) == [locator] * 2
    assert site.paths().count("/plain?by-hand") == 2


def test_a_row_of_a_job_is_captured_once_and_two_rows_of_one_locator_are_two(place: Place, site: HostileSite) -> None:
    locator = site.url("/plain?rows")
    place.must("collect", locators=[locator, locator], level="weak")
    assert outcomes(place) == ["captured", "captured"]
    place.require_rebuilt_equal()
    place.must("collect", locators=[locator, locator, locator], level="weak")
    assert sorted(outcomes(place)) == ["already", "already", "captured"]
    assert site.paths().count("/plain?rows") == 3

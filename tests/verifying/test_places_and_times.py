"""Places, times and the sun, against implementations that share no code with ours."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefile.refusals import FieldRefused
from verification.dated import read_when
from verification.grid import from_grid
from verification.places import decimal_degrees, read_place, read_precision
from verification.regions import read_fragment
from verification.sun import moment_of, sun_at

PVLIB = (
    ("2083-04-09T02:00:24+00:00", -52.3726, 54.3364, -9.6587, 90.0514, -9.6587),
    ("2049-01-20T02:19:31+00:00", 5.3823, -48.352, -68.4726, 225.613, -68.4726),
    ("2047-02-02T09:52:53+00:00", 1.1154, -166.5016, -63.5299, 232.5101, -63.5299),
    ("1962-02-11T15:27:22+00:00", -64.5217, -147.3433, 8.8023, 104.21, 8.9031),
    ("1960-11-14T23:07:18+00:00", 49.0278, -135.4313, 15.6278, 214.6563, 15.6864),
    ("2069-07-30T12:55:53+00:00", 19.115, 161.1752, -52.0828, 349.9485, -52.0828),
    ("1957-01-31T02:14:44+00:00", 71.4383, -163.2302, -4.4812, 224.4798, -4.4812),
    ("2019-12-07T16:46:03+00:00", -31.5586, -128.0682, 41.2315, 93.5516, 41.2507),
    ("2055-03-24T18:04:48+00:00", -28.7277, 113.8055, -54.8556, 136.2632, -54.8556),
    ("1927-09-10T22:58:19+00:00", 12.24, 50.0088, -50.8676, 65.8381, -50.8676),
    ("1953-10-11T23:34:27+00:00", 7.1617, -157.396, 65.7896, 234.0261, 65.7972),
    ("2047-04-23T01:26:12+00:00", -44.1062, 64.944, -10.8491, 83.1005, -10.8491),
    ("2097-05-22T23:57:50+00:00", -27.8779, 30.8023, -60.8998, 97.3848, -60.8998),
    ("1964-10-09T22:01:20+00:00", -30.035, 105.9766, -5.7051, 100.9494, -5.7051),
)
"""Moment, latitude, longitude; then elevation, azimuth and apparent elevation in degrees, made by pvlib 0.16.1 with the
algorithm of NREL (`nrel_numpy`)."""

GEOTRANS = (
    ("18TXQ8450005996", 44.2838168, -72.6877115),
    ("50ULC3573978845", 52.1356722, 114.5998596),
    ("29VNE9581303501", 57.7633394, -7.3895665),
    ("39KWP5387995309", -23.5516695, 51.5279149),
    ("24EVU3762619123", -60.2597853, -40.1271322),
    ("59CMP6444489503", -77.5670067, 169.5204638),
    ("29FMC6248075568", -51.6696085, -9.5425443),
    ("04EEU6831826917", -60.1888631, -157.7680966),
    ("19LGC9515170000", -15.6307148, -66.2472741),
    ("05GMR4266118371", -40.4833714, -153.6765239),
    ("22EEQ", -63.2801365, -49.1004281),
    ("16FCD6239", -55.5674305, -89.1872076),
    ("29QMA", 18.7533312, -9.3054732),
    ("21EWK1796", -63.1616684, -56.6510982),
    ("42MWD15623401", -1.5017257, 69.1404368),
    ("58CDA29175018", -76.1169209, 162.3548062),
)
"""References and the points that they were made of, by GeoTrans (package mgrs 1.6.0)."""


@pytest.mark.parametrize(("at", "latitude", "longitude", "elevation", "azimuth", "apparent"), PVLIB)
def test_the_sun_stands_where_pvlib_says(
    at: str, latitude: float, longitude: float, elevation: float, azimuth: float, apparent: float
) -> None:
    sun = sun_at(datetime.fromisoformat(at), latitude, longitude)
    turned = (sun.azimuth - azimuth + 180) % 360 - 180
    assert abs(sun.elevation - elevation) < 0.02
    assert abs(turned) * math.cos(math.radians(elevation)) < 0.02
    if elevation > 0:
        assert abs(sun.apparent - apparent) < 0.02


def test_shadows_point_away_from_the_sun_and_are_as_long_as_it_is_low() -> None:
    sun = sun_at(datetime.fromisoformat("2026-06-21T12:00+00:00"), 47.6101, 0.0)
    assert sun.is_up
    assert abs(sun.shadow_azimuth - 0) < 2 or abs(sun.shadow_azimuth - 360) < 2
    assert sun.shadow_ratio == pytest.approx(1 / math.tan(math.radians(sun.apparent)))
    night = sun_at(datetime.fromisoformat("2026-06-21T00:00+00:00"), 47.6101, 0.0)
    assert (night.is_up, night.shadow_ratio) == (False, None)


@pytest.mark.parametrize("text", ["2026-05-04", "2026-05-04T10:21", "yesterday", "1899-05-04T10:21Z"])
def test_the_sun_needs_a_moment_with_its_offset(text: str) -> None:
    with pytest.raises(FieldRefused):
        sun_at(moment_of(text), 0, 0)


@pytest.mark.parametrize(("reference", "latitude", "longitude"), GEOTRANS)
def test_a_grid_reference_is_the_square_that_holds_the_point(reference: str, latitude: float, longitude: float) -> None:
    found_latitude, found_longitude, cell_m = from_grid(reference)
    north = (found_latitude - latitude) * 111_300
    east = ((found_longitude - longitude + 180) % 360 - 180) * 111_300 * math.cos(math.radians(latitude))
    assert math.hypot(north, east) <= cell_m * 0.75


@pytest.mark.parametrize(
    ("text", "latitude", "longitude", "form"),
    [
        ("47.6101, 9.4203", "47.6101000", "9.4203000", "decimal"),
        ("-33.86 151.21", "-33.8600000", "151.2100000", "decimal"),
        ("33.86 S, 151.21 E", "-33.8600000", "151.2100000", "decimal"),
        ("\u221233.86; 151.21", "-33.8600000", "151.2100000", "decimal"),
        ("47\u00b036'36.4\"N 9\u00b025'13.1\"W", "47.6101111", "-9.4203056", "dms"),
        ("47\u00b0 36\u2032 36\u2033 N, 9\u00b0 E", "47.6100000", "9.0000000", "dms"),
        ("https://www.google.com/maps/place/X/@1.0,2.0,17z/data=!3d47.61!4d9.42", "47.6100000", "9.4200000", "link"),
        ("https://www.google.com/maps?q=47.61,9.42", "47.6100000", "9.4200000", "link"),
        ("https://www.openstreetmap.org/?mlat=47.61&mlon=9.42#map=5/1/2", "47.6100000", "9.4200000", "link"),
        ("https://www.openstreetmap.org/#map=17/47.61/9.42", "47.6100000", "9.4200000", "link"),
        ("https://www.bing.com/maps?cp=47.61~9.42&lvl=17", "47.6100000", "9.4200000", "link"),
        ("https://yandex.com/maps/?ll=9.42%2C47.61&z=17", "47.6100000", "9.4200000", "link"),
        ("geo:47.61,9.42;u=35", "47.6100000", "9.4200000", "link"),
    ],
)
def test_places_are_read_in_every_form(text: str, latitude: str, longitude: str, form: str) -> None:
    found = read_place(text)
    assert (decimal_degrees(found.latitude_e7), decimal_degrees(found.longitude_e7), found.form) == (
        latitude,
        longitude,
        form,
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "91, 9", "47, 181", "NaN, 9", "47,61 9,42", "47\u00b061'N 9\u00b0E", "-47 N, 9 E", "the lake", "9" * 3000,
        "https://example.test/", "https://[", "geo:47", "32XMV1234567890", "61TNT1234567890", "32TNT123", "32TJT1212",
        "1e1, 2",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused, match="place"):
        read_place(text)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_is_a_fault_of_the_program(text: str) -> None:
    for read in (read_place, read_precision, read_when, read_fragment, moment_of):
        try:
            read(text)
        except FieldRefused:
            continue


@pytest.mark.parametrize(
    ("text", "metres"), [("25", 25), ("25 m", 25), ("1.5 km", 1500), ("\u00b1 10m", 10), ("0.6", 1)]
)
def test_a_precision_is_a_radius_in_metres(text: str, metres: int) -> None:
    assert read_precision(text) == metres


@pytest.mark.parametrize("text", ["", "0", "-5", "far", "1e3", "99999999 km"])
def test_what_is_no_radius_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused, match="precision"):
        read_precision(text)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2026-05-04", "2026-05-04", "2026-05-04"),
        ("2026-05-04T10:21:37+02:00", "2026-05-04", "2026-05-04"),
        ("2026-05~", "2026-05-01", "2026-05-31"),
        ("2024-02-XX", "2024-02-01", "2024-02-29"),
        ("202X?", "2020-01-01", "2029-12-31"),
        ("2026-21", "2026-03-01", "2026-05-31"),
        ("2026-05-04/2026-05-06", "2026-05-04", "2026-05-06"),
        ("../2026-05", None, "2026-05-31"),
        ("2026-05-02T01:00:00+09:00/2026-05-01T20:00:00Z", "2026-05-02", "2026-05-01"),
        ("2026-05-1X", "2026-05-10", "2026-05-19"),
    ],
)
def test_times_are_read_with_what_they_can_mean(text: str, earliest: str | None, latest: str) -> None:
    found = read_when(text)
    assert (found.earliest, found.latest) == (earliest, latest)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-02-30", "2026-13", "2026-00-01", "2026-05-00", "2026-XX-04", "2026-05-04T24:00",
        "2026-05-04T10:61", "2026-05T10:00", "2026-05-04T10:00+15:00", "2026-05/2026-04", "../..", "a/b/c", "0000",
        "2026-05-04T10:00Z/2026-05-04T09:00Z", "2026-05-04T10:00+01:00/2026-05-04T10:00+02:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused, match="when"):
        read_when(text)


def test_a_time_without_an_offset_says_so() -> None:
    assert not read_when("2026-05-04T10:21").zone_known
    assert read_when("2026-05-04T10:21Z").zone_known


@pytest.mark.parametrize("text", ["", "xywh=1,2,3", "xywh=1,2,0,4", "xywh=percent:90,0,20,5", "t=5,4", "t=1&t=2"])
def test_what_is_no_part_of_an_item_is_refused(text: str) -> None:
    with pytest.raises(FieldRefused, match="regions"):
        read_fragment(text)

"""Claims keep their origin, conflicts are listed, and nothing picks a winner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casefile.vocabulary import Role
from verification.interface import CheckResult, Claim, ClaimField, Specimen
from verification.technical.claims import claims_of, conflicts_of, entries_of, parse_metadata, place_notices
from verification.technical.failing import Unreadable
from verification.technical.stated_times import stated_times
from verification.technical.times import iso_time


def _claims(**values: Any) -> tuple[Claim, ...]:
    raw = json.dumps([{key.replace("__", ":"): {"val": value} for key, value in values.items()}]).encode()
    return claims_of(entries_of(parse_metadata(raw)))


def _created(value: str, origin: str = "EXIF:DateTimeOriginal") -> Claim:
    return Claim(field=ClaimField.CREATED, value=value, origin=origin)


def _posted(value: str) -> Claim:
    return Claim(field=ClaimField.POSTED, value=value, origin="platform-id:x")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2024:05:06 07:08:09", "2024-05-06T07:08:09"),
        ("2024:05:06 07:08:09.50+03:00", "2024-05-06T07:08:09.50+03:00"),
        ("2024:05:06 07:08:09Z", "2024-05-06T07:08:09Z"),
        ("2024-05-06T07:08:09.000000Z", "2024-05-06T07:08:09Z"),
        ("2024-05-06T07:08:09+0300", "2024-05-06T07:08:09+03:00"),
        ("2024:05:06 07:08", "2024-05-06T07:08:00"),
        ("2024:05:06", "2024-05-06"),
        ("20240506", "2024-05-06"),
        ("0000:00:00 00:00:00", ""),
        ("2023:02:29 10:00:00", ""),
        ("2024:05:06 24:61:00", ""),
        ("    :  :     :  :  ", ""),
        ("yesterday", ""),
        ("٢٠٢٤:٠٥:٠٦ ٠٧:٠٨:٠٩", ""),
    ],
)
def test_a_time_is_read_without_adding_what_is_not_there(written: str, told: str) -> None:
    assert iso_time(written) == told


def test_numbers_stay_the_text_that_was_printed() -> None:
    raw = b'[{"EXIF:ExifIFD:FNumber": {"val": 2.80}, "EXIF:ExifIFD:X": {"val": 12345678901234567890}}]'
    assert [claim.value for claim in claims_of(entries_of(parse_metadata(raw)))] == ["2.80", "12345678901234567890"]


def test_times_and_places_of_the_working_copy_are_not_claims() -> None:
    claims = _claims(
        SourceFile="/copy", File__System__FileModifyDate="2026:01:01 00:00:00", File__MIMEType="image/jpeg"
    )
    assert [claim.origin for claim in claims] == ["File:MIMEType"]


def test_an_offset_that_stands_beside_a_time_goes_with_it() -> None:
    claims = _claims(EXIF__ExifIFD__DateTimeOriginal="2024:05:06 07:08:09", EXIF__ExifIFD__OffsetTimeOriginal="+03:00")
    assert claims[0].value == "2024-05-06T07:08:09+03:00"
    assert claims[0].as_written == "2024:05:06 07:08:09"


def test_what_the_embedded_preview_says_is_not_said_of_the_picture() -> None:
    claims = _claims(EXIF__IFD0__Orientation="Horizontal", EXIF__IFD1__Orientation="Rotate 90 CW")
    assert [claim.field for claim in claims] == ["orientation", "Orientation"]


def test_times_of_one_field_that_differ_are_a_conflict_with_both() -> None:
    (conflict,) = conflicts_of(
        [_created("2024-05-06T07:08:09"), _created("2024-05-06T09:30:12", "XMP:CreateDate"), _created("2024-05-06")]
    )
    assert conflict.kind == "differs"
    assert [claim.origin for claim in conflict.claims][:2] == ["EXIF:DateTimeOriginal", "XMP:CreateDate"]


def test_a_difference_that_a_missing_zone_could_explain_is_told_apart() -> None:
    (conflict,) = conflicts_of(
        [_created("2024-05-06T10:08:09"), _created("2024-05-06T07:08:09Z", "QuickTime:CreateDate")]
    )
    assert conflict.kind == "zone-unknown"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2024-05-06T10:08:09", "2024-05-06T10:08:10"),
        ("2024-05-06T10:08:09", "2024-05-06T10:08:09Z"),
        ("2024-05-06T10:08:09+03:00", "2024-05-06T07:08:09Z"),
        ("2024-05-06T10:08:09", "2024-05-06T10:08:09+03:00"),
        ("2024-05-06", "2024-05-06T10:08:09+03:00"),
    ],
)
def test_times_that_may_be_the_same_are_no_conflict(one: str, other: str) -> None:
    assert conflicts_of([_created(one), _created(other, "XMP:CreateDate")]) == ()


def test_created_after_it_was_posted_in_any_zone_is_a_conflict_of_order() -> None:
    (conflict,) = conflicts_of([_created("2024-05-08T07:08:09"), _posted("2024-05-06T07:08:09Z")])
    assert conflict.kind == "order"
    assert conflicts_of([_created("2024-05-06T20:00:00"), _posted("2024-05-06T07:08:09Z")]) == ()


def test_created_long_before_it_was_posted_is_listed() -> None:
    (conflict,) = conflicts_of([_created("2014-05-08T07:08:09"), _posted("2024-05-06T07:08:09Z")])
    assert conflict.kind == "earlier"


def test_devices_and_places_that_differ_are_conflicts() -> None:
    claims = [
        Claim(field=ClaimField.DEVICE_MODEL, value="A 1", origin="EXIF:Model"),
        Claim(field=ClaimField.DEVICE_MODEL, value="a  1", origin="XMP:Model"),
        Claim(field=ClaimField.LOCATION, value="50.4,30.5", origin="EXIF:GPSLatitude"),
        Claim(field=ClaimField.LOCATION, value="50.4004,30.5", origin="XMP:GPSLatitude"),
    ]
    assert conflicts_of(claims) == ()
    claims.append(Claim(field=ClaimField.DEVICE_MODEL, value="B 2", origin="QuickTime:Model"))
    claims.append(Claim(field=ClaimField.LOCATION, value="51,30.5", origin="QuickTime:GPSCoordinates"))
    assert [(conflict.field, conflict.kind) for conflict in conflicts_of(claims)] == [
        ("device_model", "differs"),
        ("location", "differs"),
    ]


@pytest.mark.parametrize("value", ["91,0", "0,181", "-90.1,0", "nan,0", "north,south"])
def test_a_place_on_no_globe_is_noticed(value: str) -> None:
    claim = Claim(field=ClaimField.LOCATION, value=value, origin="EXIF:GPSLatitude")
    assert [notice.code for notice in place_notices([claim])] == ["place-out-of-range"]


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"[1]", b"[{},{}]", b"[" * 100_000])
def test_what_is_not_one_object_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_metadata(raw)


def test_all_stated_times_stand_side_by_side() -> None:
    specimen = Specimen(
        file="0" * 64,
        role=Role.POST,
        locator="https://x.com/a/status/1541815603606036480",
        claimed_time="2022-06-28T16:07:00Z",
    )
    finding = stated_times(specimen, ())
    assert [claim.origin for claim in finding.claims] == ["page:claimed-time", "platform-id:x"]
    assert finding.result is CheckResult.DONE
    later = specimen.model_copy(update={"claimed_time": "2022-06-29T16:07:00Z"})
    assert [conflict.kind for conflict in stated_times(later, ()).conflicts] == ["differs"]


def test_a_page_time_that_is_no_time_is_kept_as_text() -> None:
    specimen = Specimen(file="0" * 64, role=Role.POST, claimed_time="vor 3 Stunden")
    (claim,) = stated_times(specimen, ()).claims
    assert (claim.field, claim.value) == ("claimed_time", "vor 3 Stunden")

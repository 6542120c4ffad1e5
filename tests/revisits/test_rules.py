"""What two visits to a locator are called: pure rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casefile.posts import Post, PostClaim, PostField, PostMedia
from verification.revisits import MAX_LINES, Change, Seen, compare, diff, observed, pairs

PAGE = Seen(number="I-0001", role="page", sha256="sha256:1", title="The bridge", text="It stood.\nIt fell.")
AGAIN = replace(PAGE, number="I-0002", sha256="sha256:2")


def post(likes: str, text: str = "The bridge", media: str = "https://a.example/1.jpg") -> Post:
    values = {PostField.POST_ID: "7", PostField.TEXT: text, PostField.LIKES: likes}
    claims = tuple(PostClaim(field=field, value=value, origin=f"x:{field}") for field, value in values.items())
    return Post(source="x", claims=claims, media=(PostMedia(kind="image", origin="x:media", locator=media),))


@pytest.mark.parametrize(
    ("status", "cause", "content", "reason", "change"),
    [
        ("failed", "dns", None, "", "unreachable"),
        ("failed", "timeout", None, "", "unreachable"),
        ("failed", "removed-notice", None, "", "removal-notice"),
        ("refused", "blocked-by-policy", None, "", "refused"),
        ("started", None, None, "", "not-ended"),
        ("captured", "http-status", "absent", "http-status: the server answered 404", "not-the-content"),
        ("captured", "not-the-content", "absent", "login-wall: x", "not-the-content"),
        ("captured", "not-the-content", "doubtful", "says-unavailable: x", "not-the-content"),
        ("captured", "not-the-content", "absent", "removal-notice: x", "removal-notice"),
        ("captured", "not-the-content", "doubtful", "removal-notice: x", "removal-notice"),
        ("captured", None, "doubtful", "script-only: x", None),
        ("captured", None, "present", "", None),
        ("partial", "truncated", "present", "", None),
    ],
)
def test_what_was_observed_has_a_name_and_none_of_them_says_deleted(
    status: str, cause: str | None, content: str | None, reason: str, change: str | None
) -> None:
    assert observed(status, cause, content, reason) == change
    assert not any("delet" in one for one in Change)


def test_bytes_then_content_then_change() -> None:
    assert compare(PAGE, replace(PAGE, number="I-0002")).change is Change.SAME_BYTES
    assert compare(PAGE, AGAIN).change is Change.SAME_CONTENT
    spaced = replace(AGAIN, text="It  stood.\n\n\nIt fell. ")
    assert compare(PAGE, spaced).change is Change.SAME_CONTENT
    changed = compare(PAGE, replace(AGAIN, text="It stood.\nIt was repaired."))
    assert (changed.change, changed.added, changed.removed) == (Change.CHANGED, 1, 1)
    assert [f"{line.sign}{line.text}" for line in changed.lines if line.sign in "+-"] == [
        "-It fell.",
        "+It was repaired.",
    ]
    assert compare(PAGE, replace(AGAIN, erased=True)).change is Change.ERASED


def test_pictures_are_the_same_only_where_every_pixel_is() -> None:
    one, other = (Seen(number, "picture", digest, pixels="p") for number, digest in (("I-1", "a"), ("I-2", "b")))
    assert compare(one, other).change is Change.SAME_CONTENT
    assert compare(one, replace(other, pixels="q")).change is Change.CHANGED
    assert compare(replace(one, pixels=""), other).change is Change.CHANGED


def test_counts_that_grow_are_told_and_change_nothing() -> None:
    one, other = replace(PAGE, role="post", posts=(post("3"),)), replace(AGAIN, role="post", posts=(post("9"),))
    grown = compare(one, other)
    assert (grown.change, grown.claims) == (Change.SAME_CONTENT, (("likes_count", "3", "9"),))
    edited = compare(one, replace(other, posts=(post("3", text="The bridge!"),)))
    assert edited.change is Change.CHANGED
    swapped = compare(one, replace(other, posts=(post("3", media="https://a.example/2.jpg"),)))
    assert (swapped.change, swapped.claims[0][0]) == (Change.CHANGED, "media")


def test_items_are_paired_by_role_and_place() -> None:
    other_page = replace(PAGE, number="I-0009")
    thumbnail = Seen("I-0003", "thumbnail", "c")
    found = list(pairs([PAGE, thumbnail], [AGAIN, other_page, thumbnail]))
    assert [(one.number if one else None, other.number) for one, other in found] == [
        ("I-0001", "I-0002"),
        (None, "I-0009"),
        ("I-0003", "I-0003"),
    ]


def test_a_flood_of_lines_is_cut_and_said_to_be() -> None:
    one = [str(number) for number in range(MAX_LINES)]
    assert list(diff([*one, "x"], [*one, "x"])) == []
    assert list(diff([*one, "x"], [*one, "y"]))[-1].text == f"beyond line {MAX_LINES} they differ too"
    same = ["a"] * MAX_LINES
    assert sum(line.sign == "+" for line in diff(same, [*same[:-1], "b"])) >= 1

"""What a capture keeps: the bytes that were served, whole or in their segments, and what was said about them."""

from __future__ import annotations

from casefile.digests import digest_file
from casefile.vocabulary import Outcome, Role


def test_a_video_on_a_page_is_kept_as_it_was_served(site, media, capture):
    page = site.page("/watch.html", '<video src="/a.mp4"></video>')
    captured = capture(page)
    assert captured.received.outcome is Outcome.CAPTURED, captured.received
    video = captured.item(Role.VIDEO)
    assert captured.digests(video) == [digest_file(media / "a.mp4").sha256]
    assert video.locator == site.url("/a.mp4")
    assert captured.item(Role.PAGE).locator == page
    assert site.paths_asked() == ["/watch.html", "/a.mp4"]

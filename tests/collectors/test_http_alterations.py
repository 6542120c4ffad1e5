"""What the method `http` refused or withheld of its own requests is listed, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from sites.capturing import Capture, request_for
from sites.hostile import HostileSite
from sites.relay import Relay

from casefile.model import Received
from collectors.http.capture import work

Told = tuple[str, str, str, str, int]


def told(received: Received) -> list[Told]:
    return [(one.by, one.kind, one.what, one.where, one.count) for one in received.alterations]


def test_a_page_that_is_simply_read_leaves_nothing_to_tell(hostile_site: HostileSite, capture: Capture) -> None:
    assert capture(hostile_site.url("/chain/3")).received.alterations == ()


def test_a_redirect_that_is_not_followed_is_listed_with_the_reason(hostile_site: HostileSite, capture: Capture) -> None:
    for path, why in (
        ("/redirect?to=file:///etc/passwd", "redirect to the scheme 'file'"),
        ("/loop/a", "the redirects lead in a circle"),
        ("/chain/30", "more than 5 redirects"),
    ):
        (one,) = capture(hostile_site.url(path)).received.alterations
        assert (one.kind, one.what, one.where, one.why) == ("refused", "redirect", hostile_site.address, why)


def test_credentials_of_a_locator_are_listed_as_withheld_without_their_words(
    hostile_site: HostileSite, capture: Capture
) -> None:
    locator = hostile_site.url("/redirect?to=http://joe:s3cret@site.example:{port}/page")
    port = hostile_site.address.rpartition(":")[2]
    received = capture(locator.replace("{port}", port).replace("http://", "http://ann:t0psecret@", 1)).received
    assert sorted(told(received)) == [
        ("method", "withheld", "user name and password", hostile_site.address, 1),
        ("method", "withheld", "user name and password", f"site.example:{port}", 1),
    ]
    assert not any(word in str(received.alterations) for word in ("s3cret", "t0psecret", "ann", "joe"))


def test_cookies_that_are_not_sent_on_a_redirect_are_listed(
    hostile_site: HostileSite, relay: Relay, tmp_path: Path
) -> None:
    """One that the site has just set, and those of an identity whose platform is elsewhere."""
    cookie = {"domain": "members.example", "subdomains": True, "path": "/", "secure": False, "name": "sid"}
    request = request_for(hostile_site.url("/redirect?to=/page"), relay.url)
    identity = {"cookies": [{**cookie, "value": "a-secret"}], "hosts": ["members.example"]}
    received = Received.model_validate(work({**request, **identity}, tmp_path, tmp_path))
    assert told(received) == [
        ("method", "withheld", "cookies that the site set", hostile_site.address, 1),
        ("method", "withheld", "cookies of the identity", hostile_site.address, 1),
    ]
    assert not any("cookie" in seen.headers for seen in hostile_site.requests)

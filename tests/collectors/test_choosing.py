"""Choosing a method: pure, explained, the same each time."""

from __future__ import annotations

import itertools
import re

import pytest

from casefile.registry import load_specs
from casefile.vocabulary import Cause
from collectors.choosing import Choice, Kind, NoMethod, Pages, choose_method, kind_of
from collectors.interface import MethodSpec


def spec(name: str, *, priority: int = 0, claims: str = "", schemes: tuple[str, ...] = ("http", "https")) -> MethodSpec:
    return MethodSpec(
        name=name,
        version="1",
        summary=name,
        module=f"methods.{name}",
        schemes=schemes,
        priority=priority,
        touches_network=True,
        claims=re.compile(claims) if claims else None,
    )


GENERAL = spec("general")
VIDEO = spec("video", priority=10, claims=r"//(?:www\.)?video\.example/")
FILES = spec("files", schemes=("handed-over",), claims=r"(?!)")
SPECS = (GENERAL, VIDEO, FILES)


def chosen(locator: str, wanted: str | None = None) -> str:
    choice = choose_method(locator, SPECS, wanted)
    assert isinstance(choice, Choice), choice
    assert choice.reason
    return choice.spec.name


def test_a_claim_comes_before_the_general_method() -> None:
    assert chosen("https://video.example/1") == "video"
    assert chosen("HTTPS://WWW.Video.Example/1") == "video"
    assert chosen("https://example.org/video.example/") == "general"


def test_the_method_asked_for_is_taken_even_where_another_claims() -> None:
    assert chosen("https://video.example/1", "general") == "general"
    assert chosen("https://example.org/", "video") == "video"


@pytest.mark.parametrize(
    ("locator", "wanted", "said"),
    [
        ("ftp://example.org/", None, "'ftp'"),
        ("example.org", None, "http://"),
        ("http://exa mple/", None, "host"),
        ("handed-over:a.jpg", None, "--method"),
        ("https://example.org/", "unknown", "there is no method 'unknown'"),
        ("https://example.org/", "files", "does not take"),
        ("", None, "empty"),
    ],
)
def test_what_no_method_takes_is_unsupported_and_says_why(locator: str, wanted: str | None, said: str) -> None:
    choice = choose_method(locator, SPECS, wanted)
    assert isinstance(choice, NoMethod)
    assert choice.cause is Cause.UNSUPPORTED
    assert said in choice.reason


def test_the_order_of_the_specs_does_not_matter() -> None:
    claims = [spec(name, priority=priority, claims=".") for name, priority in (("b", 1), ("a", 1), ("c", 0))]
    choices = {
        choose_method("https://example.org/", order, None).spec.name  # type: ignore[union-attr]
        for order in itertools.permutations((*claims, GENERAL))
    }
    assert choices == {"a"}


def test_the_registered_methods_take_what_they_say() -> None:
    specs = load_specs("casefile.capture_methods", MethodSpec)
    assert {"http", "import", "ytdlp"} <= {one.name for one in specs}
    choice = choose_method("https://example.org/page", specs)
    assert isinstance(choice, Choice)
    assert choice.spec.name == "http"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", Kind.PAGE),
        ("/", Kind.PAGE),
        ("/story.html", Kind.PAGE),
        ("/story.php?file=a.pdf", Kind.PAGE),
        ("/v1.2/story", Kind.PAGE),
        ("/wiki/File:Map.png", Kind.PAGE),
        ("/feeding-the-city", Kind.PAGE),
        ("/a/photo.JPG?size=big", Kind.FILE),
        ("/order%2Epdf", Kind.FILE),
        ("/film.mp4#t=3", Kind.FILE),
        ("/news/feed/", Kind.FEED),
        ("/index.xml", Kind.FEED),
        ("/all.rss", Kind.FEED),
    ],
)
def test_a_locator_looks_like_a_page_a_file_or_a_feed_by_its_path(path: str, kind: Kind) -> None:
    assert kind_of(f"https://example.org{path}") is kind


def test_pages_go_to_the_method_that_is_wished_for_and_files_and_media_do_not() -> None:
    shown = Pages("shown", "as somebody wished")
    specs = (*SPECS, spec("shown", priority=-10))
    for locator, name, reason in (
        ("https://example.org/story", "shown", "page, as somebody wished"),
        ("https://example.org/a.pdf", "general", "file, by its address"),
        ("https://example.org/feed", "general", "feed, by its address"),
        ("https://video.example/1", "video", "media: its pattern claims this locator"),
    ):
        choice = choose_method(locator, specs, None, shown)
        assert isinstance(choice, Choice)
        assert (choice.spec.name, choice.reason) == (name, reason)
    there = Choice(GENERAL, "page, by its address; there is no method shown here")
    assert choose_method("https://example.org/story", SPECS, None, shown) == there
    assert choose_method("https://example.org/story", specs, "general", shown).reason == "asked for by name"

"""Choosing a method: pure, explained, the same each time."""

from __future__ import annotations

import itertools
import re

import pytest

from casefile.registry import load_specs
from casefile.vocabulary import Cause
from collectors.choosing import Choice, NoMethod, choose_method
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

"""What a pattern cannot match without is read off it rightly, or not at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ytdlp.certain_text import certain_text


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (r"https?://(?:www\.)?Example\.com/watch", ("example.com/watch",)),
        (r"https?://example\.com/(?P<id>\d+)/films?", ("/film", "://example.com/")),
        (r"https?://a\.example/x|https?://b\.example/x", ()),
        (r"(?:https?://)?(?:one\.example|two\.example)/[^/]+", ()),
        ("(?x)https?://\n  (?:www\\.)?  # (never mind\n  films\\.example\n /", ("films.example/",)),
        (r"https?://[^/]+\.films\.example/[]|(]+", (".films.example/",)),
        (r"ab{2}cde+f", ("a", "cde", "f")),
        (r"abcdx*\d", ("abcd",)),
        (r"", ()),
    ],
)
def test_only_what_is_certain_is_read(pattern, pieces):
    assert certain_text(pattern) == pieces


ATOMS = st.sampled_from([*"abz/", r"\.", r"\d", r"\-", ".", "[ab]", "[]x]", r"[^\]a]", "(?:ab|c)", "(z)", "(?=a)"])
TIMES = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,1}", "+?", "??"])
PATTERNS = st.lists(st.tuples(ATOMS, TIMES).map("".join), max_size=8).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_matches_holds_it(data):
    branches = data.draw(st.lists(PATTERNS, min_size=1, max_size=2))
    pattern = data.draw(st.sampled_from(["", "(?x)", "(?i)"])) + "|".join(branches)
    found = data.draw(st.from_regex(re.compile(pattern), fullmatch=True))
    assert all(piece in found.casefold() for piece in certain_text(pattern))

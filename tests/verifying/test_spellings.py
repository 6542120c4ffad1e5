"""One address in several spellings: the visits to it are found from each of them."""

from __future__ import annotations

from casefile.vocabulary import Role
from pipelines.revisits import visits_to

from .desk import ANA, Desk

SPELLINGS = (
    "https://example.org/a?b",
    "https://EXAMPLE.org:443/a?b#c",
    "https://\uff45xample.org/a?b",
    "https://example\u3002org/a?b",
    "https://exam\u00adple.org/a?b",
)
OTHERS = ("https://xn--zca.example/a?b", "https://example.net/a?b")


def test_hosts_that_are_asked_for_in_plain_letters_are_one_however_they_are_written(desk: Desk) -> None:
    for place in (*SPELLINGS, *OTHERS):
        desk.seal(Role.PAGE, where=place)
    with desk.as_(ANA) as services:
        for place in SPELLINGS:
            assert [visit.attempt.locator for visit in visits_to(services, place)] == list(SPELLINGS)
        for place in OTHERS:
            assert [visit.attempt.locator for visit in visits_to(services, place)] == [place]

"""What the instrument refused or changed is listed once each, with how often, and nothing is guessed."""

from __future__ import annotations

from casefile.model import Alteration, Contact
from pipelines.alterations import LISTED_LIMIT, alterations_of, told_by_method

AT = "2026-11-30T07:00:00.000000Z"


def contact(**facts):
    return Contact(**{"host": "site.example", "port": 443, "started_at": AT, "ended_at": AT, **facts})


def test_what_was_refused_and_what_was_withheld_is_listed_once_with_how_often():
    refused = contact(host="10.0.0.1", port=80, refused="not a public address")
    found = alterations_of([refused, refused, contact(address="192.0.2.1", port=80, changed=("Proxy-Connection",))])
    assert [(one.by, one.kind, one.what, one.where, one.count) for one in found] == [
        ("broker", "refused", "connection", "10.0.0.1:80", 2),
        ("broker", "withheld", "header Proxy-Connection", "site.example:80", 1),
    ]


def test_a_request_that_was_refused_on_an_open_connection_is_told_from_a_connection():
    (one,) = alterations_of([contact(address="192.0.2.1", refused="method DELETE")])
    assert (one.kind, one.what, one.why) == ("refused", "request", "method DELETE")


def test_nothing_is_said_of_a_connection_that_passed_as_it_came():
    assert alterations_of([contact(address="192.0.2.1", port=8080, recording="whole", methods="GET 1")]) == ()


def test_a_method_speaks_for_itself_only_and_within_bounds():
    said = Alteration(by="broker", kind="withheld", what="header Referer", where="site.example:443", why="policy")
    told = told_by_method([said] * (LISTED_LIMIT + 1))
    assert {one.by for one in told} == {"method"}
    assert len(told) == LISTED_LIMIT

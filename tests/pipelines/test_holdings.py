"""Asking public archives: nobody unless the settings name them, whom the log names first, and what they answer."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.behaviours import page
from sites.hostile import HostileSite, Visit

from casefile.errors import UsageError
from casefile.holdings import Form, Says
from casefile.settings import Settings
from casefile.settings_of_archives import ArchiveService, ArchiveSettings
from collectors.http.holdings import _read, cdx, timemap
from pipelines.holdings import _chosen, address_for

MAP = """<http://site.example/a,b>; rel="original",
<http://archive.example/timemap/link/http://site.example/a,b>; rel="self"; type="application/link-format",
<http://archive.example/2000/http://site.example/a,b>; rel="first memento"; datetime="Tue, 20 Jun 2000 18:02:59 GMT",
<http://archive.example/2009/http://site.example/a,b>; datetime="Tue, 27 Oct 2009 20:49:54 GMT"; rel="last memento"
"""
LINES = """example,site)/a 20240102030405 http://site.example/a text/html 200 AAAA 512
example,site)/a 2021 {"url": "http://site.example/a", "mime": "text/html", "status": "200"}
example,site)/a 20241399999999 http://site.example/a text/html 200 AAAA 512
"""


def test_what_the_two_forms_list_is_read() -> None:
    assert list(timemap(MAP)) == ["2000-06-20T18:02:59.000000Z", "2009-10-27T20:49:54.000000Z"]
    assert list(cdx(LINES)) == ["2024-01-02T03:04:05.000000Z", "2021-01-01T00:00:00.000000Z"]


@pytest.mark.parametrize(
    ("form", "status", "text", "says"),
    [
        (Form.TIMEMAP, 200, MAP, Says.HELD),
        (Form.TIMEMAP, 404, "<html>not here</html>", Says.NOT_HELD),
        (Form.TIMEMAP, 200, '<http://site.example/a>; rel="original"', Says.NOT_HELD),
        (Form.TIMEMAP, 200, '<html><a rel="memento">we are down</a></html>', Says.UNANSWERED),
        (Form.CDX, 200, LINES, Says.HELD),
        (Form.CDX, 200, "", Says.NOT_HELD),
        (Form.CDX, 200, "<html>we are down", Says.UNANSWERED),
        (Form.CDX, 429, LINES, Says.UNANSWERED),
        (Form.CDX, 302, "", Says.UNANSWERED),
        (Form.TIMEMAP, 200, "<" * 200_000, Says.UNANSWERED),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(form: Form, status: int, text: str, says: Says) -> None:
    assert _read(form, status, text.encode())["says"] is says


def test_a_locator_is_quoted_in_a_query_and_nowhere_else() -> None:
    place = "http://site.example/a?b=1&c=2"
    asked = ArchiveService(name="a", form=Form.CDX, url="https://a.example/cdx?url={locator}&limit=9")
    assert (
        address_for(asked, place) == "https://a.example/cdx?url=http%3A%2F%2Fsite.example%2Fa%3Fb%3D1%26c%3D2&limit=9"
    )
    mapped = ArchiveService(name="a", form=Form.TIMEMAP, url="https://a.example/map/{locator}")
    assert address_for(mapped, place) == f"https://a.example/map/{place}"


@pytest.mark.parametrize(
    "url", ["https://{locator}/", "ftp://a/{locator}", "https://a.example/", "https://u@a/{locator}"]
)
def test_an_address_that_names_no_place_for_the_locator_is_no_setting(url: str) -> None:
    with pytest.raises(ValueError, match="locator"):
        ArchiveService(name="a", form=Form.CDX, url=url)


def test_without_a_setting_there_is_nobody_to_ask() -> None:
    assert Settings().archives == ArchiveSettings(services=())
    with pytest.raises(UsageError, match="nobody is asked"):
        _chosen(Settings().archives.services, ())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileSite, Case]]:
    """A case with one item, and two archives on the same site."""

    def index(visit: Visit) -> None:
        visit.respond(LINES if visit.query.get("url", "").endswith("/story") else "", content_type="text/plain")

    behaviours = {
        "/story": lambda visit: visit.respond(page("A story", "words of a story " * 50)),
        "/cdx": index,
        "/map": lambda visit: visit.respond("down", status="503 Service Unavailable"),
    }
    with HostileSite(behaviours) as site:
        case = Case(tmp_path_factory.mktemp("asked") / "case", [site.address]).open()
        case.must("collect", site.url("/story"))
        yield site, case


def archives(site: HostileSite) -> str:
    named = ("index", "cdx", "/cdx?url={locator}"), ("map", "timemap", "/map/{locator}")
    return json.dumps([{"name": name, "form": form, "url": site.url(path)} for name, form, path in named])


@pytest.mark.campaign
def test_nobody_is_asked_whom_the_settings_do_not_name(asked: tuple[HostileSite, Case]) -> None:
    site, case = asked
    before = len(site.requests)
    refused = case.run("holdings", "I-0001")
    assert (refused.code, "archives.services" in refused.err) == (2, True)
    assert len(site.requests) == before


@pytest.mark.campaign
def test_each_is_told_on_the_record_and_what_it_answers_is_kept_and_shown(asked: tuple[HostileSite, Case]) -> None:
    site, case = asked
    case.extra["CASEFILE_ARCHIVES__SERVICES"] = archives(site)
    told = case.must("holdings", "I-0001", code=1)["holdings"]
    assert [(one["archive"], one["says"], one["entries"]) for one in told] == [
        ("index", "held", 2),
        ("map", "unanswered", 0),
    ]
    assert case.must("holdings", "I-0001", "--archive", "index")["holdings"][0]["first"].startswith("2021-")
    assert case.run("holdings", "I-0001", "--archive", "other").code == 2
    methods = {(one.method, one.headers.get("user-agent"), one.headers.get("cookie")) for one in site.requests[1:]}
    assert methods == {("GET", None, None)}
    shown = case.must("show", "I-0001")["holdings"]
    assert [(one["archive"], one["says"], one["by"]) for one in shown][:2] == [
        ("index", "held", "Ana Marić"),
        ("map", "unanswered", "Ana Marić"),
    ]
    assert "who disclosed" in case.run("show", "I-0001").out
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_the_log_says_whom_was_told_before_anything_leaves(
    asked: tuple[HostileSite, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    from casefile.events.envelope import PartName
    from casefile.events.types import payload
    from casefile.events.types_holdings import ArchiveAsked
    from casefile.records.engine import reading
    from casefile.records.reading import read_events_of
    from pipelines import holdings
    from pipelines.services import Services, open_services

    site, case = asked
    environment: dict[str, Any] = {**case.environment, "CASEFILE_ARCHIVES__SERVICES": archives(site)}

    def events(services: Services) -> list[tuple[str, ArchiveAsked]]:
        with reading(services.engine) as rows:
            found = [one.event for one in read_events_of(rows, holdings.ASKED)]
        return [(one.envelope.outcome.status, payload(one, PartName.BODY, ArchiveAsked)) for one in found]  # type: ignore[union-attr, misc]

    with open_services(case.root, environment) as services:
        before = len(events(services))
        with monkeypatch.context() as dying:
            dying.setattr(holdings, "_answer", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                holdings.ask_archives(services, ["I-0001"], ["index"])
        ((status, said),) = events(services)[before:]
        assert (status, said.archive, said.locator, said.holdings) == ("asking", "index", site.url("/story"), None)
        holdings.ask_archives(services, ["I-0001"], ["index"])
        answered = events(services)[-1][1].holdings
    assert answered is not None
    assert base64.b64decode(answered.content) == LINES.encode()
    assert answered.sha256 == "sha256:" + hashlib.sha256(LINES.encode()).hexdigest()
    assert "no answer is on record" in case.run("show", "I-0001").out

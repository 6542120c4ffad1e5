"""What comes after an attempt whose method nobody named: a stand-in, or what was left behind. No worker runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from casefile.model import Received, ReceivedFile, ReceivedItem
from casefile.vocabulary import Cause, ContainmentLevel, Fidelity, FileKind, Outcome, Pathway, Role
from collectors.interface import CaptureRequest, MethodSpec
from containment.sandbox import Availability
from containment.worker import WorkerFailed, WorkerResult
from pipelines import collect as collecting
from pipelines import page_methods
from pipelines.capture import CaptureOptions
from pipelines.fetching import Fetched
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.opening import open_investigation
from pipelines.results import Result
from pipelines.services import Services, open_services

FULL = ContainmentLevel.FULL
ENVIRONMENT = {
    "CASEFILE_RESERVE__BYTES": "0",
    "CASEFILE_RESERVE__INODES": "0",
    "CASEFILE_CAPTURE__PAGES": "browser",
}
FILE = "files/0001"
Answer = Callable[[], Received]


def came(role: Role = Role.PAGE, outcome: Outcome = Outcome.CAPTURED, suggests: str = "") -> Answer:
    """A capture with one item."""
    file = ReceivedFile(path=FILE, kind=FileKind.CONTENT, fidelity=Fidelity.WIRE, media_type="text/html")
    item = ReceivedItem(locator="https://example.test/", role=role, files=(FILE,))
    cause = Cause.PARTS_MISSING if outcome is Outcome.PARTIAL else None
    return lambda: Received(outcome=outcome, cause=cause, files=(file,), items=(item,), suggests=suggests)


def failed(suggests: str = "") -> Received:
    """A capture without an item."""
    return Received(outcome=Outcome.FAILED, cause=Cause.TOOL_FAILED, suggests=suggests)


def lost() -> Received:
    raise WorkerFailed("timeout", "after 240 s")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("following") / "case"
    open_investigation(root, "The lake", "Ana", ENVIRONMENT)
    return root


@pytest.fixture
def services(opened: Path) -> Iterator[Services]:
    with open_services(opened, ENVIRONMENT, person="Ana") as found:
        yield found


Collect = Callable[..., Result]


@pytest.fixture
def collect(services: Services, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Collects an address with these answers by method."""
    monkeypatch.setattr(page_methods, "find_program", lambda name: Path("/usr/bin", name))
    monkeypatch.setattr(page_methods, "available", lambda: Availability(True))
    examined: Future[None] = Future()
    examined.set_result(None)

    def collected(path: str, method: str | None = None, **answers: Answer) -> Result:
        class Workers:
            def __init__(self, *_arguments: Any) -> None:
                """Nothing runs."""

            def fetch(self, spec: MethodSpec, asked: CaptureRequest, target: Path, _identity: str = "") -> Fetched:
                received = answers[spec.name]()
                if received.files:
                    (target / FILE).parent.mkdir(parents=True, exist_ok=True)
                    (target / FILE).write_text(f"{asked.locator} by {spec.name}")
                return Fetched(WorkerResult({}, (), FULL, True, 0.0, 0), received)

            def close(self) -> None:
                """Nothing ran."""

        monkeypatch.setattr(collecting, "FetchWorkers", Workers)
        leads = add_leads(services, [Candidate(f"https://example.test{path}")], Origin(Pathway.BY_HAND))
        options = CaptureOptions(method=method, level=FULL)
        told: list[Result] = []
        (result,) = collecting.collect(services, leads, options, told=told.append, examine=lambda _capture: examined)
        return result

    return collected


def methods(result: Result) -> list[tuple[str, str]]:
    return [(one.method, one.outcome) for one in result.attempts]


def test_where_a_page_hangs_the_browser_http_keeps_its_bytes(collect: Collect) -> None:
    result = collect("/hangs", browser=lost, http=came())
    assert methods(result) == [("browser", "failed"), ("http", "captured")]
    assert (result.outcome, result.cause, len(result.items)) == ("captured", None, 1)


def test_a_browser_that_somebody_named_has_no_stand_in(collect: Collect) -> None:
    assert methods(collect("/hangs", "browser", browser=lost)) == [("browser", "failed")]


def test_a_page_at_the_address_of_a_file_is_shown_too(collect: Collect) -> None:
    result = collect("/story.json", http=came(suggests="ytdlp"), browser=came())
    assert methods(result) == [("http", "captured"), ("browser", "captured")]
    assert result.attempts[1].reason == "after http: brings what that left behind"


def test_a_file_is_no_page_and_a_method_that_was_named_is_followed_by_none(collect: Collect) -> None:
    assert methods(collect("/table.json", http=came(Role.OTHER))) == [("http", "captured")]
    assert methods(collect("/named.json", "http", http=came())) == [("http", "captured")]


def test_what_followed_and_failed_has_nothing_to_stand_in_for(collect: Collect) -> None:
    result = collect("/lost.json", http=came(), browser=lambda: failed("http"))
    assert methods(result) == [("http", "captured"), ("browser", "failed")]
    assert (result.outcome, result.cause) == ("partial", "parts-missing")


def test_of_three_attempts_the_one_in_the_middle_counts(collect: Collect) -> None:
    answers = {"browser": came(suggests="http"), "http": came(outcome=Outcome.PARTIAL, suggests="ytdlp")}
    result = collect("/film", **answers, ytdlp=came(Role.VIDEO))
    assert methods(result) == [("browser", "captured"), ("http", "partial"), ("ytdlp", "captured")]
    assert (result.outcome, result.cause) == ("partial", "parts-missing")

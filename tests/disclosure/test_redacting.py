"""What would expose somebody leaves with places written over, or not at all; the original stays and all agree on it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from casefile.errors import GateRefused, UsageError, WorkspaceBusy
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.vocabulary import PersonKind
from disclosure.check_package import Report, check
from disclosure.masking import Masked, every_span_in, spans_in
from disclosure.scanning import Scanner, Secret
from pipelines.audit import audit_workspace
from pipelines.erasing import erase_items
from pipelines.package_audit import audit_package
from pipelines.packing import WouldExpose
from pipelines.people import record_person
from pipelines.redacting import Redacted, Redaction, redact
from pipelines.redacting import _packed as packed
from pipelines.services import open_services
from preservation.keys import SigningKey

from .test_damage import described, refuses, repacked, second, signer  # noqa: F401  (fixtures)
from .test_scanning import member
from .workspaces import COLLECTOR, ENVIRONMENT, WEAK, exported, flipped, hand_over

EXIT, SHORT = "exit-7.investigators.example.org", "203.0.113.77"
NAMES = {"CASEFILE_DISCLOSURE__EXIT_ADDRESSES": json.dumps([EXIT, SHORT])}
NOTE = f"seen from {EXIT.upper()} and again from {EXIT}.\n".encode()
WHY = "it names the machine that we work from"


@pytest.fixture(scope="module")
def exposing(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items 5 to 7 of one capture: a note that names the way out, a picture, a recording with it inside; 8 is short."""
    folder = tmp_path_factory.mktemp("exposing")
    root = Path(shutil.copytree(case, folder / "case", symlinks=True))
    for name, files in {
        "long": {"a.txt": NOTE, "b.jpg": b"\xff\xd8\xff" + bytes(500), "c.warc.gz": member(NOTE)},
        "short": {"d.txt": f"seen from {SHORT}\n".encode()},
        EXIT: {"e.txt": b"nothing"},
    }.items():
        (folder / name).mkdir()
        for file, content in files.items():
            (folder / name / file).write_bytes(content)
        with open_services(root, ENVIRONMENT) as services:
            hand_over(services, folder / name)
    return root


def redacted(
    root: Path, item: str, *, why: str = WHY, environment: dict[str, str] = NAMES, mask_guessable: bool = False
) -> Redacted:
    with open_services(root, {**ENVIRONMENT, **environment}) as services:
        return redact(services, Redaction(item, why, mask_guessable, WEAK), lambda _said: None)


@pytest.fixture(scope="module")
def left(exposing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of the note, redacted."""
    folder = tmp_path_factory.mktemp("left")
    root = Path(shutil.copytree(exposing, folder / "case", symlinks=True))
    with pytest.raises(WouldExpose):
        exported(root, folder / "package", "I-0005", environment=NAMES)
    redacted(root, "I-0005", mask_guessable=True)
    return exported(root, folder / "package", "I-0005", environment=NAMES).path


def everything(package: Path) -> bytes:
    return b"".join(path.read_bytes() for path in package.rglob("*") if path.is_file())


def test_a_derivative_takes_the_place_of_what_would_expose_somebody(left: Path, second: ModuleType) -> None:  # noqa: F811
    assert EXIT.encode() not in everything(left).lower()
    (derivative,) = left.glob("data/partial/*/redacted/files/0001")
    assert derivative.read_bytes() == NOTE.replace(EXIT.upper().encode(), b"*" * len(EXIT)).replace(
        EXIT.encode(), b"*" * len(EXIT)
    )
    assert (left / "viewing/I-0005.txt").read_bytes() == derivative.read_bytes()
    assert not list(left.glob("data/partial/*/v1/content/files/0001"))
    assert not list(left.rglob("0003"))
    assert list(left.glob("data/partial/*/v1/content/files/0002"))
    report = check(str(left))
    assert report.failures == []
    assert any("2 files left redacted or not at all" in line.what for line in report.lines)
    unchecked = [line.what for line in report.lines if line.verdict == "NOT CHECKED"]
    assert any("redacted/files/0001" in one for one in unchecked)
    assert any("I-0005" in one for one in unchecked)
    assert not audit_package(left).report.problems
    assert not refuses(second, left)


def test_index_report_and_totals_say_what_was_redacted_why_and_by_whom(left: Path) -> None:
    said = json.loads((left / "data/package.json").read_bytes())
    assert said["included"]["capture.redacted"] == said["totals"]["capture.redacted"] == 1
    reasons = {one["path"]: one["reason"] for one in said["captures"][0]["withheld"]}
    assert WHY in reasons["files/0001"]
    (row, *_others) = csv.DictReader((left / "index.csv").read_text("utf-8-sig").splitlines())
    assert row["redacted"].startswith("files/0001: 2 places written over")
    assert "files/0003" not in row["redacted"]
    assert WHY in (left / "index.html").read_text("utf-8")
    page = (left / "reports/I-0005.html").read_text("utf-8")
    assert all(one in page for one in (WHY, COLLECTOR, "10, 32", "an address that captures leave by"))
    assert "redacted for handing over" in (left / "custody.html").read_text("utf-8")


def test_the_original_stays_as_it_was_sealed(left: Path) -> None:
    root = left.parent / "case"
    assert audit_workspace(root, ENVIRONMENT).ok
    assert [path for path in (root / "vault").rglob("0001") if path.read_bytes() == NOTE]
    with open_services(root, ENVIRONMENT) as services, reading(services.engine) as connection:
        (act,) = list_acts(connection, "capture.redacted")
    assert EXIT not in (act.body or "").lower()


def other_bytes(package: Path) -> None:
    flipped(next(package.glob("data/partial/*/redacted/files/0001")), 4)


def derivative_lost(package: Path) -> None:
    next(package.glob("data/partial/*/redacted/files/0001")).unlink()


def derivative_more(package: Path) -> None:
    place = next(package.glob("data/partial/*/redacted/files/0001"))
    place.with_name("0003").write_bytes(b"something")


def another_event(package: Path) -> None:
    described(package, lambda said: said["captures"][0]["redacted"][0].update(event=said["captures"][0]["event"]))


def unlisted_redaction(package: Path) -> None:
    described(package, lambda said: said["captures"][0]["redacted"].pop(0))


def more_redacted(package: Path) -> None:
    """A file held back under the name of a redaction that nobody recorded."""
    next(package.glob("data/partial/*/v1/content/files/0002")).unlink()

    def change(said: dict[str, Any]) -> None:
        capture = said["captures"][0]
        capture["withheld"].append({"path": "files/0002", "reason": "redacted"})
        capture["redacted"].append({"event": capture["redacted"][0]["event"], "path": "files/0002"})

    described(package, change)


@pytest.mark.parametrize(
    "damage",
    [other_bytes, derivative_lost, derivative_more, another_event, unlisted_redaction, more_redacted],
    ids=lambda one: one.__name__,
)
def test_a_redaction_that_nobody_recorded_is_found_by_all(
    left: Path,
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
    signer: SigningKey,  # noqa: F811
    damage: Callable[[Path], None],
) -> None:
    package = Path(shutil.copytree(left, tmp_path / "package"))
    damage(package)
    with open_services(left.parent / "case", ENVIRONMENT) as services:
        own = SigningKey.read(services.workspace.keys / "log.key")
    repacked(package, own)
    report = check(str(package))
    assert report.failures
    assert refuses(second, package)


def test_a_derivative_that_shows_what_it_was_to_hide_is_refused_whatever_the_log_says(
    exposing: Path,
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    with (
        mock.patch("disclosure.masking.MASK", b"-"),
        mock.patch("pipelines.packing.check", return_value=Report()),
    ):
        redacted(root, "I-0008", mask_guessable=True)
        made = exported(root, tmp_path / "package", "I-0008", environment=NAMES).path
    assert [line.code for line in check(str(made)).failures] == ["P224"]
    assert refuses(second, made)


def test_a_short_value_leaves_with_its_file_only_where_somebody_says_so(exposing: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    (file, *_others) = redacted(root, "I-0008").said.files
    assert file.sha256 == ""
    made = exported(root, tmp_path / "package", "I-0008", environment=NAMES)
    assert check(str(made.path)).failures == []
    assert not list(made.path.rglob("0001"))
    (file, *_others) = redacted(root, "I-0008", mask_guessable=True).said.files
    assert [(span.at, span.length) for span in file.spans] == [(10, len(SHORT))]
    made = exported(root, tmp_path / "masked", "I-0008", environment=NAMES)
    assert check(str(made.path)).failures == []
    assert (made.path / "viewing/I-0008.txt").read_bytes() == b"seen from ************\n"


def test_what_was_redacted_once_stays_so_whatever_is_known_and_erased_later(exposing: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    before = redacted(root, "I-0005", mask_guessable=True).said
    assert [bool(one.sha256) for one in before.files] == [True, False]
    assert redacted(root, "I-0005", environment={}).said == before
    with open_services(root, ENVIRONMENT) as services:
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        erase_items(services, ["I-0006"], "asked for by the person shown", "Bob")
    with pytest.raises(UsageError, match="anew"):
        exported(root, tmp_path / "never", "I-0005")
    assert redacted(root, "I-0005", environment={}).said == before
    made = exported(root, tmp_path / "package", "I-0005", environment=NAMES)
    assert check(str(made.path)).failures == []
    assert EXIT.encode() not in everything(made.path).lower()


def test_a_reason_that_would_expose_somebody_is_not_recorded(exposing: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    with pytest.raises(UsageError, match="an address that captures leave by"):
        redacted(root, "I-0005", why=f"it names {EXIT}")
    # What became one only later stays with the redaction that another one replaced.
    redacted(root, "I-0005", why="seen from harmless.example", mask_guessable=True)
    names = {"CASEFILE_DISCLOSURE__EXIT_ADDRESSES": json.dumps([EXIT, "harmless.example"])}
    redacted(root, "I-0005", environment=names, mask_guessable=True)
    made = exported(root, tmp_path / "package", "I-0005", environment=names)
    assert check(str(made.path)).failures == []


def test_what_is_recorded_during_the_search_is_noticed(exposing: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))

    def meanwhile(*asked: Any) -> Any:
        with mock.patch("pipelines.redacting._packed", packed):
            redacted(root, "I-0005")
        return packed(*asked)

    with mock.patch("pipelines.redacting._packed", meanwhile), pytest.raises(WorkspaceBusy):
        redacted(root, "I-0005")


def test_names_and_addresses_can_be_guessed_however_long_they_are() -> None:
    assert Secret("a name", "Maximiliane von Beispielhausen").is_guessable
    assert Secret("a cookie", "short", is_drawn=True).is_guessable
    assert not Secret("a cookie", "5a8f" * 8, is_drawn=True).is_guessable


def test_a_capture_with_too_many_places_keeps_its_files(
    exposing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    monkeypatch.setattr("pipelines.redacting.MOST_PLACES", 1)
    (file, *_others) = redacted(root, "I-0005", mask_guessable=True).said.files
    assert (file.sha256, [(span.at, span.length) for span in file.spans]) == ("", [(0, len(NOTE))])


def test_what_stands_alone_once_its_neighbour_is_written_over_is_found() -> None:
    scanner = Scanner((Secret("a cookie", "c00kiec00kie", whole=False), Secret("a handle", "lakewatcher")))
    spans, is_covered = every_span_in(io.BytesIO(b"x c00kiec00kielakewatcher y"), scanner)
    assert is_covered
    assert [(span.at, span.length) for span in spans] == [(2, 12), (14, 11)]
    _spans, is_covered = every_span_in(io.BytesIO(b"x ******** y"), Scanner((Secret("odd", "******", whole=False),)))
    assert not is_covered


def test_what_the_record_itself_says_is_refused_and_nothing_is_recorded(exposing: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(exposing, tmp_path / "case", symlinks=True))
    with pytest.raises(GateRefused, match=r"capture\.sealed"):
        redacted(root, "I-0009")
    with pytest.raises(UsageError, match="nothing in the capture"):
        redacted(root, "I-0001")
    with open_services(root, ENVIRONMENT) as services, reading(services.engine) as connection:
        assert list_acts(connection, "capture.redacted") == []


@pytest.mark.parametrize("block", [1, 5, 4096])
def test_places_are_found_and_written_over_in_blocks_of_any_size(block: int) -> None:
    scanner = Scanner((Secret("one", "abcdefgh"), Secret("two", "efghijkl", whole=False)))
    content = b"x ABCDEFGHIJKL y abcdefgh abcdefghi"
    spans = spans_in((content[at : at + block] for at in range(0, len(content), block)), scanner)
    assert [(span.at, span.length, span.kind) for span in spans] == [(6, 8, "two"), (17, 8, "one")]
    stream = Masked(io.BytesIO(content), spans)
    written = b"".join(iter(lambda: stream.read(block), b""))
    assert written == b"x ABCD******** y ******** abcdefghi"


def test_places_that_overlap_are_one(tmp_path: Path) -> None:
    scanner = Scanner((Secret("one", "abcdefgh", whole=False), Secret("two", "efghijkl", whole=False)))
    (span,) = spans_in([b"abcdefghijkl"], scanner)
    assert (span.at, span.length, span.kind) == (0, 12, "one and two")

"""Delta packages: what an earlier one has is cited by its digest and not repeated, and both are checked as one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from casefile.errors import IntegrityError, UsageError
from casefile.vocabulary import PersonKind
from disclosure.check_package import Report, check, verdict
from pipelines.erasing import erase_items
from pipelines.exporting import ExportRequest, export_items
from pipelines.keys import log_key, rotate
from pipelines.people import record_person
from pipelines.services import open_services
from preservation.keys import SigningKey

from .test_damage import described, refuses, repacked, second  # noqa: F401  (a fixture)
from .workspaces import ENVIRONMENT, exported, flipped


@pytest.fixture(scope="module")
def both(case: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package of item 1, and one of 1 and 3 that adds to it."""
    folder = tmp_path_factory.mktemp("delta")
    root = Path(shutil.copytree(case, folder / "case", symlinks=True))
    earlier = exported(root, folder / "earlier", "I-0001").path
    return earlier, exported(root, folder / "delta", "I-0001", "I-0003", since=earlier).path


def codes(package: Path, since: Path | str = "") -> list[str]:
    return [line.code for line in check(str(package), since=str(since)).failures]


def test_only_what_is_new_is_in_it_and_it_says_what_it_needs(
    both: tuple[Path, Path],
    second: ModuleType,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    earlier, delta = both
    before, after = (json.loads((one / "data/package.json").read_bytes()) for one in both)
    assert [one["id"] for one in after["items"]][:1] == [one["id"] for one in before["items"]]
    assert [one.get("earlier", False) for one in after["captures"]] == [True, False]
    assert after["since"]["package"] == before["package"]
    assert len([one for one in (delta / "data/objects").iterdir() if one.is_dir()]) == 1
    assert not list((delta / "viewing").glob("I-0001*"))
    alone = check(str(delta))
    assert alone.failures == []
    (needed,) = [line for line in alone.lines if before["package"] in line.what]
    assert (needed.verdict, "--since" in needed.command) == ("NOT CHECKED", True)
    assert after["since"]["signature"] in needed.what
    assert before["package"] in (delta / "index.html").read_text("utf-8")
    assert before["package"] in (delta / "README.txt").read_text("utf-8")
    assert not any("--since" in line.command for line in check(str(delta), since=str(earlier)).lines)
    second.check(delta)
    second.check(delta, earlier)
    assert [line.what for line in alone.lines if line.what.startswith("the digests of 1 items")]
    for given, said in (([], "NOT CHECKED: what the earlier package has"), ([str(earlier)], "OK")):
        with (
            mock.patch.object(sys, "argv", ["check_bag.py", str(delta), *given]),
            mock.patch("builtins.print") as shown,
        ):
            assert second.main() == 0
        shown.assert_called_once_with(said)


def test_another_or_a_damaged_earlier_package_is_refused(
    both: tuple[Path, Path],
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
) -> None:
    earlier, delta = both
    # The same object, in a package that this one does not name.
    another = exported(earlier.parent / "case", tmp_path / "another", "I-0001").path
    assert codes(delta, another) == ["P225"]
    with pytest.raises(second.Wrong):
        second.check(delta, another)
    copy = Path(shutil.copytree(earlier, tmp_path / "earlier"))
    flipped(next(copy.glob("data/objects/*/v1/content/files/0001")), 4001)
    assert codes(delta, copy) == ["P225"]
    with pytest.raises(second.Wrong):
        second.check(delta, copy)
    with pytest.raises(IntegrityError):
        exported(earlier.parent / "case", tmp_path / "never", "I-0001", since=copy)


def test_nobody_is_told_what_somebody_else_has(both: tuple[Path, Path], tmp_path: Path) -> None:
    earlier, _delta = both
    request = ExportRequest(("I-0001",), tmp_path / "never", "Another Court", "letter of 4 May", since=earlier)
    with (
        open_services(earlier.parent / "case", ENVIRONMENT) as services,
        pytest.raises(UsageError, match="made for somebody else than Another Court"),
    ):
        export_items(services, request, lambda _said: None)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(object="partial/" + one["id"]),
        lambda one: one.update(redacted=[{"event": one["event"], "path": "files/0001"}]),
        lambda one: one.update(withheld=[{"path": "files/0001", "reason": "so"}]),
    ],
    ids=["partial", "redacted", "withheld"],
)
def test_what_is_cited_is_cited_as_a_whole(
    both: tuple[Path, Path],
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
    change: Callable[[dict[str, Any]], None],
) -> None:
    earlier, delta = both
    package = Path(shutil.copytree(delta, tmp_path / "package"))
    described(package, lambda said: change(said["captures"][0]))
    repacked(package, SigningKey.read(earlier.parent / "case/keys/log.key"))
    assert codes(package) == ["P217"]
    assert refuses(second, package)


def test_the_earlier_package_may_be_under_keys_that_were_replaced_since(
    both: tuple[Path, Path], tmp_path: Path
) -> None:
    earlier, _delta = both
    root = Path(shutil.copytree(earlier.parent / "case", tmp_path / "case", symlinks=True))
    with open_services(root, ENVIRONMENT) as services:
        fingerprint = log_key(services.workspace, rotate(services)).public.fingerprint()
    made = exported(root, tmp_path / "package", "I-0001", since=earlier).path
    assert check(str(made), fingerprint, since=str(earlier)).failures == []
    assert [line.code for line in check(str(made), fingerprint, since=str(tmp_path / "mistyped")).failures] == ["P225"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("package", "\x1b]0;owned\x07"), ("signature", "sha256:\u202e" + "0" * 63)],
    ids=["package", "signature"],
)
def test_words_of_a_package_do_not_reach_the_terminal_as_an_id(
    both: tuple[Path, Path],
    tmp_path: Path,
    second: ModuleType,  # noqa: F811
    name: str,
    value: str,
) -> None:
    earlier, delta = both
    package = Path(shutil.copytree(delta, tmp_path / "package"))
    described(package, lambda said: said["since"].update({name: value}))
    repacked(package, SigningKey.read(earlier.parent / "case/keys/log.key"))
    assert codes(package) == ["P222"]
    assert refuses(second, package)


def test_every_line_of_a_report_is_visible_and_none_is_cut() -> None:
    report = Report()
    hostile = "names of \x9b31m and \u202e" + "x" * 900
    report.ok(hostile)
    report.unchecked(hostile, hostile)
    for said in [text for line in report.lines for text in (line.what, line.command)]:
        assert said.isprintable()
        assert len(said) == 0 or said.endswith("x" * 900)


def test_an_object_that_is_nowhere_is_missed(both: tuple[Path, Path], tmp_path: Path, second: ModuleType) -> None:  # noqa: F811
    """Whoever has the log's key cannot pass an object off as handed over before."""
    earlier, delta = both
    package = Path(shutil.copytree(delta, tmp_path / "package"))
    held = next(one for one in (package / "data/objects").iterdir() if one.is_dir())
    shutil.rmtree(held)
    described(package, lambda said: said["captures"][1].update(earlier=True))
    repacked(package, SigningKey.read(earlier.parent / "case/keys/log.key"))
    assert codes(package, earlier) == ["P225"]
    with pytest.raises((second.Wrong, KeyError)):
        second.check(package, earlier)
    assert verdict(check(str(package)), strict=True)[0] == 5


def test_a_package_of_another_log_is_no_beginning_and_what_was_erased_since_goes_anew(
    both: tuple[Path, Path], own: Path, tmp_path: Path
) -> None:
    earlier, _delta = both
    with pytest.raises(UsageError, match="released no package"):
        exported(own, tmp_path / "never", "I-0001", since=earlier)
    root = Path(shutil.copytree(earlier.parent / "case", tmp_path / "case", symlinks=True))
    with open_services(root, ENVIRONMENT) as services:
        record_person(services, "Bob", PersonKind.INVESTIGATOR)
        erase_items(services, ["I-0002"], "asked for by the person shown", "Bob")
    made = exported(root, tmp_path / "package", "I-0001", since=earlier)
    assert [one.is_earlier for one in made.contents.captures] == [False]
    assert check(str(made.path), since=str(earlier)).failures == []

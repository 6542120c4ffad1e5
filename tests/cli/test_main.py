"""A command line that cannot be carried out says why, in one document where one was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.main import main

WRONG = {
    "an unknown option": (["items", "--bogus"], 2),
    "an unknown command": (["itmes"], 2),
    "a value that is none": (["items", "--content", "rubbish"], 2),
    "a missing argument": (["show"], 2),
    "a global option without its value": (["items", "--workspace"], 2),
    "a folder that is no workspace": (["items"], 6),
    "a word that needs another one": (["person"], 2),
    "nothing at all": ([], 2),
}


@pytest.mark.parametrize("name", WRONG)
def test_with_json_every_error_is_one_document(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, expected = WRONG[name]
    code = main(["--json", *arguments], {"CASEFILE_WORKSPACE": str(tmp_path)})
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert code == expected
    assert all(error[key] for key in ("code", "text", "advice"))
    assert error["text"] in printed.err or not arguments or arguments == ["person"]


@pytest.mark.parametrize(("raised", "expected"), [(ZeroDivisionError, 1), (KeyboardInterrupt, 130)])
def test_with_json_a_fault_of_ours_and_an_interruption_are_documents_too(
    raised: type[BaseException],
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_arguments: object, **_named: object) -> None:
        raise raised("collected words")

    monkeypatch.setattr("pipelines.services.open_services", fails)
    assert main(["--json", "items"], {"CASEFILE_WORKSPACE": str(tmp_path)}) == expected
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert all(error[key] for key in ("code", "text", "advice"))
    assert "collected words" not in printed.out + printed.err


@pytest.mark.parametrize(("raised", "expected"), [(KeyboardInterrupt, 130), (EOFError, 2)])
def test_a_passphrase_that_is_not_typed_ends_with_a_reason(
    raised: type[BaseException], expected: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_question: str) -> str:
        raise raised

    monkeypatch.setattr("cli.passphrases.getpass.getpass", fails)
    monkeypatch.setattr("cli.passphrases.sys.stdin", SimpleNamespace(isatty=lambda: True))
    assert main(["--json", "items"], {"CASEFILE_SIGN_WITH": "ana.key"}) == expected
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"]
    assert "fault" not in error["text"]


def test_an_option_for_the_audit_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_package = {"--since": "earlier", "--volume": "other", "--root-key": "sha256:00", "--log-key": "sha256:00"}
    for option, value in of_package.items():
        assert main(["audit", str(tmp_path), option, value], {}) == 2
        assert option in capsys.readouterr().err
    package = tmp_path / "package"
    package.mkdir()
    (package / "bagit.txt").write_text("x")
    of_workspace = (["--root", "00"], ["--head", "head"], ["--ask"], ["--evidence", "proof"], ["--sample", "1"])
    for options in of_workspace:
        assert main(["audit", str(package), *options], {}) == 2
        assert options[0] in capsys.readouterr().err


def test_without_json_an_error_is_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "somewhere", "--titel", "T"], {}) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "--title" in printed.err


def test_a_word_that_needs_another_one_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["person"], {}) == 2
    assert "Record a person" in capsys.readouterr().err


def test_an_option_that_is_refused_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["items", "--\x1b[31mred"], {}) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"], {}) == 0
    assert capsys.readouterr().out.startswith("casefile ")


def test_a_list_of_commands_shows_what_each_does_whole(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["duplicates", "--help"], ["monitor", "--help"]):
        main(words, {})
        printed = capsys.readouterr()
        assert "Commands:" in printed.out + printed.err
        assert "..." not in (printed.out + printed.err).partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["duplicates", "decide", "e"], "'judgement': same or different"),
        (["items", "--content", "rubbish"], "'--content': 'rubbish' is not one of"),
        (["init", "new", "--title", " ", "--investigator", "A"], "needs a title"),
        (["init", "new", "--title", "T", "--investigator", ""], "needs the name of whoever opens it"),
    ],
)
def test_what_is_wrong_is_said_in_one_plain_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments, {}) == 2
    assert says in capsys.readouterr().err.splitlines()[0]
    assert not list(tmp_path.iterdir())

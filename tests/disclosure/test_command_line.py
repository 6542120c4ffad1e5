"""Packages by the command line: documents, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import main

from .workspaces import COLLECTOR, ENVIRONMENT, flipped


def test_a_package_is_made_audited_and_acknowledged(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str, code: int = 0, **environment: str) -> Any:
        given = ["--workspace", str(own), "--json", *arguments]
        assert main(given, {**ENVIRONMENT, **environment}) == code
        return json.loads(capsys.readouterr().out)

    target = str(tmp_path / "package")
    asked = ("export", "I-0001", "--recipient", "The Court", "--containment", "weak", "--to", target)
    refused = run(*asked, code=4, CASEFILE_DISCLOSURE__EXIT_ADDRESSES=json.dumps([COLLECTOR]))
    assert COLLECTOR not in json.dumps(refused)
    made = run(*asked)
    assert made["package"] == target
    assert len(made["items"]) == 1
    assert all(one["item"] and one["reason"] for one in made["omitted"])
    assert [one["number"] for one in made["accompanying"]] == ["I-0002"]
    assert run("audit", target)["ok"]
    assert run("receipt", made["id"], "--by", "a clerk")["event"]
    copied = run("copy", "I-0002", "--to", str(tmp_path / "desk"), "--for", COLLECTOR)
    assert Path(copied["files"][0]).is_file()
    flipped(Path(target, "index.html"), 99)
    assert [one["code"] for one in run("audit", target, code=5)["problems"]] == ["P208", "P208"]
    run("audit", target, "--log-key", "0" * 64, code=5)
    run("export", "I-9999", "--recipient", "The Court", "--to", target, code=2)


def test_what_is_redacted_is_told_and_exported(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"CASEFILE_DISCLOSURE__EXIT_ADDRESSES": json.dumps(["what was seen later"])}

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["--workspace", str(own), *arguments], {**ENVIRONMENT, **names}) == code
        return capsys.readouterr().out

    asked = ("export", "I-0004", "--recipient", "R", "--containment", "weak", "--to", str(tmp_path / "package"))
    run(*asked, code=4)
    said = run("redact", "I-0004", "--why", "it names us", "--containment", "weak", "--mask-guessable")
    assert "files/0002: 1 place written over" in said
    (file,) = json.loads(run("redact", "I-0004", "--why", "it names us", "--json"))["redacted"]["files"]
    assert "sha256" in file
    assert file["spans"][0]["length"] == len("what was seen later")
    run("redact", "I-0001", "--why", "x", code=2)
    run(*asked)

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

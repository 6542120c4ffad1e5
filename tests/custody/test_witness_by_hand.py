"""A head goes to a witness on a stick and comes back; a log that was put back is proved to a third person."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from pipelines.services import open_services

from .cases import copied, said

CHECKER = Path(__file__).parents[1] / "independent" / "check_contradiction.py"
NAME = "witness.example/notary"


def test_by_hand_from_the_first_head_to_the_proof_that_an_earlier_state_was_put_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, witness, stick = tmp_path / "case", tmp_path / "witness", tmp_path / "stick"
    stick.mkdir()
    environment: dict[str, str] = {}

    def run(*words: object, code: int = 0) -> Any:
        arguments = ["--json", *map(str, words)]
        assert main(arguments, environment) == code, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    run("init", case, "--title", "Lake", "--investigator", "Ada")
    environment["CASEFILE_WORKSPACE"] = str(case)
    card = run("keys", "card")
    assert not card["anchored"]
    made = run("witness", "init", witness, "--name", NAME, "--mark", tmp_path / "mark")
    run("witness", "trust", witness, card["verifier_key"])
    environment["CASEFILE_CUSTODY__WITNESSES"] = json.dumps([{"key": made["verifier_key"]}])

    def carry() -> Any:
        run("checkpoint")
        run("checkpoint", "--for", NAME, "--to", stick / "request")
        run("witness", "cosign", witness, stick / "request", "--to", stick / "cosigned")
        return run("checkpoint", "--cosigned", stick / "cosigned")["witnesses"]

    assert [one["pending"] for one in carry()] == [False]
    assert run("keys", "card")["anchored"]
    earlier = copied(case, tmp_path / "earlier")
    with open_services(case, {}) as services:
        said(services, 3)
    assert carry()[0]["size"] == run("witness", "list", witness)["logs"][0]["size"]
    run("audit", "--head", stick / "cosigned", "--witness", made["verifier_key"])

    environment["CASEFILE_WORKSPACE"] = str(earlier)
    found = run("audit", "--head", stick / "cosigned", "--evidence", stick / "proof", code=5)
    assert [one["code"] for one in found["problems"]] == ["P082"]
    key = base64.b64decode(card["public_key"]).hex()
    command = [sys.executable, "-I", "-S", CHECKER, stick / "proof", key]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert "shows not all of it" in checked.stdout
    run("checkpoint", "--for", "nobody", "--to", stick / "request", code=2)
    run("checkpoint", "--cosigned", stick / "cosigned", code=5)

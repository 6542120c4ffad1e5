"""Who outside vouches for a log: as long as nobody does every output says so, and a package carries who did."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from casefile.errors import SettingsError, UsageError
from casefile.settings import merge_settings
from cli.main import main
from disclosure.check_package import check
from disclosure.check_package import main as check_main
from pipelines.anchoring import anchoring, unanchored
from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint
from pipelines.exporting import Exported, ExportRequest, export_items
from pipelines.package_audit import Beside, audit_package
from pipelines.services import open_services
from pipelines.witnesses import request_for, take_cosigned
from preservation.cosigned_heads import cosigned, keep_cosigned
from preservation.durable import Disk
from preservation.notes import NoteSignature
from tests.disclosure.workspaces import AGREED, ENVIRONMENT, RECIPIENT, WEAK, hand_over

from .witness_cases import NAME, NOW, STRANGER, Witnessed, witnessed

NOBODY = "No one outside holds a head of this log"


def exported(case: Witnessed, to: Path, environment: dict[str, str]) -> Exported:
    with open_services(case.root, {**environment, **ENVIRONMENT}) as services:
        request = ExportRequest(("I-0001",), to, RECIPIENT, AGREED, level=WEAK)
        return export_items(services, request, lambda _said: None)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Witnessed:
    folder = tmp_path_factory.mktemp("word")
    case = witnessed(folder)
    (folder / "handed").mkdir()
    (folder / "handed" / "note.txt").write_text("what was seen")
    with open_services(case.root, {**case.environment, **ENVIRONMENT}) as services:
        hand_over(services, folder / "handed")
    return case


def test_a_package_carries_the_words_of_witnesses_and_says_where_there_are_none(
    case: Witnessed, tmp_path: Path
) -> None:
    with open_services(case.root, case.environment) as services:
        head, _is_new = checkpoint(services)
        case.state.cosign(request_for(services, NAME), lambda: NOW + 120)
        newest = case.state.newest(head.head.origin)
        assert newest is not None
        take_cosigned(services, newest.note.to_bytes())
    witnessed_one = exported(case, tmp_path / "witnessed", case.environment)
    key = case.state.witness.verifier_key
    assert f"carry the name of: {NAME}" in (witnessed_one.path / "custody.html").read_text("utf-8")
    alone, known = check(str(witnessed_one.path)), check(str(witnessed_one.path), witnesses=[key])
    assert alone.failures == known.failures == []
    assert [line.verdict for line in alone.lines if NAME in line.what] == ["NOT CHECKED"]
    assert [line.verdict for line in known.lines if NAME in line.what] == ["OK"]
    strange = check(str(witnessed_one.path), witnesses=[STRANGER.verifier_key, key])
    assert [line.code for line in strange.failures] == ["P211"]
    assert strange.counts, "the rest is checked all the same"
    assert [line.verdict for line in strange.lines if NAME in line.what] == ["OK"]
    for wrong in (key[:-3], "nothing"):
        with pytest.raises(ValueError, match=r"key|base64"):
            check(str(witnessed_one.path), witnesses=[wrong])
        with pytest.raises(UsageError, match="--witness"):
            audit_package(witnessed_one.path, beside=Beside(witnesses=(wrong,)))
        with pytest.raises(SystemExit, match="2"):
            check_main([str(witnessed_one.path), "--witness", wrong])
    note = witnessed_one.path / "data/log/checkpoint"
    assert case.state.witness.of(newest.note) is not None
    assert NAME in note.read_text("utf-8")
    # The export is an event, and the next one is under a head that nobody has cosigned.
    bare = exported(case, tmp_path / "bare", {})
    for page in ("custody.html", "README.txt"):
        assert "NO WITNESS" in (bare.path / page).read_text("utf-8").replace("\n", " ")
    assert [line for line in check(str(bare.path)).lines if line.what.startswith("that anybody outside holds")]
    assert bare.unanchored
    # The keys are under a cosigned head, and this head is not.
    with open_services(case.root, {**case.environment, **ENVIRONMENT}) as services:
        held = anchoring(services).size
        assert not [one for one in unanchored(services, held) if "No witness" in one]
        assert [one for one in unanchored(services, held + 1) if f"No witness holds this head of {held + 1}" in one]


def test_only_cosignatures_that_hold_leave_in_a_package(tmp_path: Path) -> None:
    case = witnessed(tmp_path)
    with open_services(case.root, case.environment) as services:
        head, _is_new = checkpoint(services)
        witness = case.state.witness
        line = case.state.cosign(request_for(services, NAME), lambda: NOW + 120)
        assert isinstance(line, NoteSignature)
        for one in (line, replace(line, name="court.example/forged")):
            keep_cosigned(services.workspace.log, head, one, Disk())
        assert "court.example" in case.cosigned.read_text("utf-8")
        note = cosigned(services.workspace.log, head, [witness])
        assert [one.name for one in note.signatures if one not in head.note.signatures] == [NAME]
        assert cosigned(services.workspace.log, head, []).signatures == head.note.signatures


def test_as_long_as_nobody_holds_the_log_every_output_says_so(
    case: Witnessed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str) -> str:
        main(["--workspace", str(case.root), *arguments], ENVIRONMENT)
        return capsys.readouterr().out

    asked = ("export", "I-0001", "--recipient", RECIPIENT, "--agreement", AGREED, "--containment", "weak")
    for arguments in (("show", "I-0001"), ("audit",), ("checkpoint",), ("keys", "card"), asked):
        to = ("--to", str(tmp_path / "never")) if arguments == asked else ()
        assert NOBODY in said(*arguments, *to), arguments
    assert NOBODY in said("init", str(tmp_path / "new"), "--title", "T", "--investigator", "A")
    assert json.loads(said("init", str(tmp_path / "newer"), "--title", "T", "--investigator", "A", "--json"))[
        "unanchored"
    ]
    with_witness = audit_workspace(case.root, {**case.environment, **ENVIRONMENT})
    assert not [line for line in with_witness.not_seen if NOBODY in line]


def test_a_new_workspace_asks_whom_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def ask_witnesses(services: object) -> tuple[()]:
        asked.append(str(services))
        return ()

    monkeypatch.setattr("pipelines.anchoring.ask_witnesses", ask_witnesses)
    stated = json.dumps([{"key": STRANGER.verifier_key, "url": "http://127.0.0.1:1"}])
    given = ["init", str(tmp_path / "new"), "--title", "T", "--investigator", "A"]
    assert main(given, {**ENVIRONMENT, "CASEFILE_CUSTODY__WITNESSES": stated}) == 0
    assert len(asked) == 1
    assert NOBODY in capsys.readouterr().out
    assert (tmp_path / "new/log/checkpoint").is_file()


@pytest.mark.parametrize("url", ["http://user:word@host/", "https://user@host", "ftp://host", "http://"])
def test_an_address_with_a_user_name_is_refused_and_not_repeated(url: str) -> None:
    stated = {"authorities": [{"name": "one", "url": url, "roots": "r.pem"}]}
    with pytest.raises(SettingsError) as refused:
        merge_settings({"time": stated}, {})
    assert "word" not in str(refused.value)
    with pytest.raises(SettingsError):
        merge_settings({"custody": {"witnesses": [{"key": STRANGER.verifier_key, "url": url}]}}, {})

"""A package as it is made: what programs of others say of it, what it holds, what it leaves out."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import bagit
import pytest
from ocfl.storage_root import StorageRoot

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from disclosure.check_package import check
from disclosure.contents import HeldEvent, PackageIncomplete, require_complete
from disclosure.index import table
from disclosure.premis import PREMIS
from pipelines.exporting import Exported
from pipelines.services import open_services

from .workspaces import COLLECTOR, ENVIRONMENT, REMARK, SOURCE, exported, flipped


def test_a_package_is_accepted_by_its_own_checker_without_site_packages(made: Exported) -> None:
    command = [sys.executable, "-I", "-S", str(made.path / "check_package.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout
    assert "SELF-ASSERTED" in done.stdout
    assert "FAILED" not in done.stdout


def test_programs_of_others_accept_it(made: Exported) -> None:
    assert bagit.Bag(str(made.path)).validate()
    assert sound_objects(made.path) == (1, 1)
    for algorithm in ("256", "512"):
        for name in ("manifest", "tagmanifest"):
            command = [f"sha{algorithm}sum", "--check", "--strict", "--quiet", f"{name}-sha{algorithm}.txt"]
            subprocess.run(command, cwd=made.path, check=True)


def sound_objects(package: Path) -> tuple[int, int]:
    root = StorageRoot(root=str(package / "data/objects"))
    root.validate(log_errors=False)
    return root.num_objects, root.good_objects


def test_it_says_what_it_leaves_out_and_why(made: Exported) -> None:
    said = json.loads((made.path / "data/package.json").read_bytes())
    reasons = {one.get("number") or one["kind"]: one["reason"] for one in said["omitted"]}
    assert "near-duplicate" in reasons["I-0003"] or "another capture" in reasons["I-0003"]
    assert "I-0004" in reasons
    assert any("attempt" in one["reason"] for one in said["omitted"])
    assert sum(said["totals"].values()) == said["head"]["size"]
    assert said["totals"]["capture.failed"] == 1


def test_words_of_people_and_names_of_sources_stay(made: Exported) -> None:
    everything = b"".join(path.read_bytes() for path in made.path.rglob("*") if path.is_file())
    for kept in (SOURCE, REMARK):
        assert kept.encode() not in everything
    assert COLLECTOR.encode() in everything


def test_the_same_input_gives_the_same_bytes(case: Path, tmp_path: Path) -> None:
    roots = [Path(shutil.copytree(case, tmp_path / name, symlinks=True)) for name in ("one", "two")]
    first, second = (exported(root, tmp_path / f"of-{root.name}", "I-0001").path for root in roots)
    assert contents(first) == contents(second)


def contents(package: Path) -> dict[str, bytes]:
    return {str(path.relative_to(package)): path.read_bytes() for path in package.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["data/log/entries.jsonl", "README.txt", "signature.note", "tagmanifest-sha256.txt"])
def test_a_flipped_bit_is_found(package: Path, name: str) -> None:
    flipped(package / name, 77)
    assert check(str(package)).failures


def test_the_release_is_recorded_before_anybody_has_it(own: Path, tmp_path: Path) -> None:
    made = exported(own, tmp_path / "package", "I-0001")
    with open_services(own, ENVIRONMENT) as services, reading(services.engine) as connection:
        (act,) = list_acts(connection, "package.released")
    body = json.loads(act.body or "")
    assert body["signature"] == made.signature
    assert body["items"] == [made.contents.items[0].id]
    assert "The Court" not in (act.body or "")


def test_each_item_has_its_report_statement_and_rows(made: Exported) -> None:
    (item,) = made.contents.items
    report = (made.path / "reports/I-0001.html").read_text("utf-8")
    draft = (made.path / "statements/I-0001.txt").read_text("utf-8")
    assert item.sha256 in report
    assert item.sha256.removeprefix("sha256:") in draft
    assert COLLECTOR in draft
    assert {path.name for path in (made.path / "reports").iterdir()} == {"I-0001.html"}
    rows = (made.path / "index.csv").read_text("utf-8-sig").splitlines()
    assert rows[0].split(",")[:2] == ["number", "type"]
    assert hashlib.md5((made.path / "viewing/I-0001.jpg").read_bytes()).hexdigest() in rows[1]
    assert ",yes," in rows[1]
    assert "I-0003" in (made.path / "index.html").read_text("utf-8")
    custody = (made.path / "custody.html").read_text("utf-8")
    assert all(event.envelope.recorded_at in custody for event in made.contents.events if names(event, item.id))


def names(event: HeldEvent, item: str) -> bool:
    return any(subject.id == item for subject in event.envelope.subject)


def test_no_page_of_it_holds_a_script_or_leads_out(made: Exported) -> None:
    for page in made.path.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "default-src &#39;none&#39;" in text
        assert "<script" not in text
        assert not re.search(r"(?:src|href)=\"(?:[a-z]+:|/)", text)


def test_names_are_kept_back_where_they_are_asked_to_be(own: Path, tmp_path: Path) -> None:
    made = exported(own, tmp_path / "package", "I-0001", pseudonymous=True)
    everything = b"".join(contents(made.path).values())
    assert COLLECTOR.encode() not in everything
    assert b"[name of the person whom the log knows as" in everything


def test_cells_are_no_formulas() -> None:
    assert table(("a",), [['=HYPERLINK("x")'], ["-1+1"], ["a\nb"]]).splitlines()[1:] == [
        b'"\'=HYPERLINK(""x"")"',
        b"'-1+1",
        b"a b",
    ]


def test_something_forgotten_fails_the_export(made: Exported) -> None:
    require_complete(made.contents)
    for field in ("omitted", "withheld", "captures"):
        with pytest.raises(PackageIncomplete):
            require_complete(replace(made.contents, **{field: getattr(made.contents, field)[1:]}))
    assert {"item.tagged", "remark.added", "duplicate.decided"} <= set(made.contents.included)
    for kind in ("investigation.opened", "capture.sealed", "item.tagged", "remark.added", "duplicate.decided"):
        left = tuple(one for one in made.contents.events if one.envelope.type != kind)
        with pytest.raises(PackageIncomplete):
            require_complete(replace(made.contents, events=left))


def test_programs_of_others_refuse_it_after_a_change(package: Path) -> None:
    flipped(next(package.glob("data/objects/*/v1/content/files/0001")), 77)
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(package)).validate()
    assert sound_objects(package) == (1, 0)
    done = subprocess.run(["sha256sum", "--check", "--status", "manifest-sha256.txt"], cwd=package, check=False)
    assert done.returncode == 1


def test_premis_has_its_objects_events_and_agents_in_the_order_of_the_schema(made: Exported) -> None:
    """That it validates against the schema of 18 January 2016 was seen once; the schema is not ours to keep here."""
    root = ElementTree.fromstring((made.path / "data/premis.xml").read_text("utf-8"))
    kinds = [one.tag.removeprefix(f"{{{PREMIS}}}") for one in root]
    assert kinds == sorted(kinds, key=["object", "event", "agent"].index)
    assert kinds.count("event") == len(made.contents.events)
    digests = {one.text for one in root.iter(f"{{{PREMIS}}}messageDigest")}
    assert made.contents.items[0].sha256.removeprefix("sha256:") in digests

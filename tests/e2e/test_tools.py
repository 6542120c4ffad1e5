"""The register of tools and what each capture says of the machine that made it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from e2e.case import Case
from PIL import Image
from sites.hostile import HostileSite

from pipelines.environment import code_commit, resolvers


@pytest.mark.campaign
def test_what_a_tool_had_part_in_is_listed_by_its_version(case: Case, site: HostileSite, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")
    case.must("collect", site.url("/page"))
    case.must("import", str(tmp_path / "red.png"), "--from-person", "Bora")
    registered = {one["name"]: one for one in case.must("tools")["tools"]}
    assert {"casefile", "h11", "exiftool", "pillow"} <= set(registered)
    assert registered["h11"]["uses"] == 1
    assert not [name for name, one in registered.items() if name != "casefile" and not (one["path"] and one["sha256"])]
    version = registered["h11"]["version"]
    for wanted, expected in {
        "h11": ["I-0001"],
        f"h11={version}": ["I-0001"],
        f"h11 <= {version}": ["I-0001"],
        f"h11<{version}": [],
        "casefile": ["I-0001", "I-0002"],
        "pillow>=1": ["I-0001", "I-0002"],
    }.items():
        assert [one["number"] for one in case.must("items", "--made-by", wanted)["items"]] == expected, wanted
    for unreadable in ("nosuch<1", "h11<", "<3", "h11<new"):
        assert case.run("items", "--made-by", unreadable).code == 2, unreadable


@pytest.mark.campaign
def test_the_register_is_rebuilt_from_the_log(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/page"), site.url("/a/photo.png"))
    before = case.must("tools")
    (case.root / "casefile.db").unlink()
    case.must("reindex")
    assert case.must("tools") == before
    assert len(case.must("items", "--made-by", "casefile")["items"]) == 2


def test_a_failed_attempt_names_its_tools_too(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/reset"), code=1)
    assert {one["name"]: one["uses"] for one in case.must("tools")["tools"]}["casefile"] == 1


def test_every_capture_says_what_it_was_made_on(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/page"))
    (path,) = case.root.glob("vault/**/capture.json")
    stated = json.loads(path.read_text("utf-8"))["circumstances"]["environment"]
    assert {"system", "python", "casefile"} <= set(stated)
    assert stated == case.must("show", "I-0001")["capture"]["environment"]


def test_the_commit_of_the_code_says_when_files_differ_from_it(tmp_path: Path) -> None:
    assert code_commit(tmp_path) == ""

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.test")
        return subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    (tmp_path / "code.py").write_text("1\n")
    git("add", ".")
    git("commit", "-qm", "One")
    git("tag", "named")
    commit = git("rev-parse", "HEAD")
    assert code_commit(tmp_path) == commit
    (tmp_path / "code.py").write_text("2\n")
    assert code_commit(tmp_path) == f"{commit}-dirty"


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("", ()),
        ("# nameserver 9.9.9.9\nsearch office.example\noptions ndots:1\n", ()),
        ("nameserver 9.9.9.9\nnameserver 2620:fe::fe\n", ("9.9.9.9", "2620:fe::fe")),
        ("nameserver 127.0.0.53\n", ("127.0.0.53",)),
        ("nameserver 10.1.2.3\nnameserver 192.168.0.1\nnameserver fe80::1%eth0\nnameserver nonsense\n", ("private",)),
    ],
)
def test_a_resolver_of_a_local_network_is_not_named(configuration: str, expected: tuple[str, ...]) -> None:
    assert resolvers(configuration) == expected

"""A workspace that was told to use a tool of its own says after a restore that it lacks it, and how it gets it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefile.canonical import canonical_json
from casefile.errors import ToolMissing
from casefile.events.port import draft
from casefile.events.types import SettingChanged
from casefile.model import ToolUse
from casefile.vocabulary import ContainmentLevel
from collectors.ytdlp.spec import SPEC
from pipelines.copying import back_up, restore_workspace
from pipelines.doctor import doctor_lines, examine_machine, examine_register
from pipelines.installed_tools import FOLDERS, YTDLP, Stated, as_used, code_for, folder_of, lacking_tools, tree_digest
from pipelines.opening import open_investigation
from pipelines.services import Services, open_services
from pipelines.upgrading import rollback

VERSION = "2099.01.01"
NO_RESERVE = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A workspace whose log says that it uses that version, which is there."""
    root = tmp_path / "case"
    open_investigation(root, "A case", "Ana", NO_RESERVE)
    with open_services(root, NO_RESERVE) as services:
        state(services)
        assert [one.name for one in code_for(services, SPEC.module)] == [FOLDERS[YTDLP]]
        assert lacking_tools(services) == []
    return root


def state(services: Services) -> None:
    package = folder_of(services, YTDLP, Stated(sha256="sha256:" + "a" * 64))
    package.mkdir(parents=True)
    (package / "version.py").write_text(f"__version__ = {VERSION!r}\n")
    stated = Stated(version=VERSION, sha256="sha256:" + "a" * 64, tree=tree_digest(package))
    value = canonical_json(stated.plain()).decode()
    services.append(draft("setting.changed", body=SettingChanged(name="tools.yt-dlp", value=value)))


def test_a_restored_workspace_names_the_tool_that_it_lacks(told: Path, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    with open_services(told, NO_RESERVE) as services:
        back_up(services, tmp_path / "copy")
    assert restore_workspace(tmp_path / "copy", restored, NO_RESERVE).ok
    found = examine_register(restored, NO_RESERVE)
    assert found["lacks"] == [f"yt-dlp {VERSION}"]
    with open_services(restored, NO_RESERVE) as services:
        with pytest.raises(ToolMissing, match=VERSION) as missing:
            code_for(services, SPEC.module)
        assert "tools rollback" in missing.value.advice()
        assert code_for(services, "collectors.http.capture") == ()
        rollback(services, "yt-dlp")
        assert (lacking_tools(services), code_for(services, SPEC.module)) == ([], ())


def test_doctor_says_it_with_the_way_out(told: Path) -> None:
    found = {
        **examine_machine(told, ContainmentLevel.WEAK),
        "lacks": [f"yt-dlp {VERSION}"],
        "unvetted": ["ffprobe", "yt-dlp"],
    }
    lines = "\n".join(doctor_lines(found))
    assert f"LACKS    yt-dlp {VERSION}" in lines
    assert "tools rollback" in lines
    assert "nobody has answered for: ffprobe, yt-dlp" in lines


def test_where_a_tool_lies_and_which_bytes_it_is_no_worker_says(told: Path) -> None:
    lies = {"path": "/elsewhere", "sha256": "sha256:" + "d" * 64}
    with open_services(told, NO_RESERVE) as services:
        package = folder_of(services, YTDLP, Stated(sha256="sha256:" + "a" * 64))
        used = as_used(services, ToolUse(name=YTDLP, version="2099.1.1", **lies))
        assert (used.path, used.sha256) == (str(package.resolve()), "sha256:" + "a" * 64)
        below = str(package.parents[1] / ("e" * 64) / "yt_dlp")
        other = as_used(services, ToolUse(name=YTDLP, version="2098.1.1", path=below))
        assert (other.path, other.sha256) == ("", ""), "that version is not here"
        rollback(services, YTDLP)
        installed = as_used(services, ToolUse(name="pytest", version=pytest.__version__, **lies))
        assert installed.path != "/elsewhere"
        assert installed.sha256 not in ("", lies["sha256"])
        unknown = as_used(services, ToolUse(name="nobody's", version="1", **lies))
        assert (unknown.path, unknown.sha256) == ("", "")

"""Another yt-dlp for a workspace: tried before it is used, recorded, cited, with a way back."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yt_dlp
from e2e.case import Case
from sites.hostile import HostileSite, Visit

VERSION = "2099.01.01"
INSTALLED = Path(yt_dlp.__file__).parent
METADATA = f"yt_dlp-{VERSION}.dist-info/METADATA"


def write_wheel(path: Path, *, broken: bool = False) -> Path:
    """The installed yt-dlp as a wheel of another version; `broken` lacks what our transport builds upon."""
    with zipfile.ZipFile(path, "w") as wheel:
        for source in sorted(INSTALLED.rglob("*.py")):
            name = str(source.relative_to(INSTALLED.parent))
            text = source.read_bytes()
            if name == "yt_dlp/version.py":
                text = text.replace(yt_dlp.version.__version__.encode(), VERSION.encode())
            if broken and name == "yt_dlp/networking/_helper.py":
                text = b""
            wheel.writestr(name, text)
        wheel.writestr(METADATA, f"Metadata-Version: 2.1\nName: yt-dlp\nVersion: {VERSION}\n\n")
        wheel.writestr(f"yt_dlp-{VERSION}.data/data/share/doc/yt_dlp/README.txt", "documents stay in the wheel")
    return path


def used(case: Case) -> dict[str, tuple[int, str]]:
    """Of each yt-dlp in the register: how many events it had part in, and its digest."""
    found = [one for one in case.must("tools")["tools"] if one["name"] == "yt-dlp"]
    return {one["version"]: (one["uses"], one["sha256"]) for one in found}


def film(visit: Visit) -> None:
    visit.respond(b"\x00\x00\x00\x18ftypisom" + bytes(4_096), content_type="video/mp4")


@pytest.mark.campaign
def test_an_upgrade_is_tried_recorded_and_cited_and_there_is_a_way_back(
    case: Case, site: HostileSite, tmp_path: Path
) -> None:
    site.behaviours["/film.mp4"] = film
    wheel = write_wheel(tmp_path / "new.whl")
    digest = f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    done = case.must("tools", "upgrade", "yt-dlp", "--from", str(wheel))
    assert (done["version"], done["sha256"], done["failed"]) == (VERSION, digest, [])
    shown = case.must("tools", "show", "yt-dlp")
    assert shown["versions"][0]["sha256"] == digest
    assert [one["status"] for one in shown["tests"]] == ["passed"]
    case.run("collect", site.url("/film.mp4"), "--method", "ytdlp")
    assert used(case) == {VERSION: (1, digest)}
    assert [one["number"] for one in case.must("items", "--made-by", f"yt-dlp={VERSION}")["items"]] == ["I-0001"]
    (case.root / "casefile.db").unlink()
    case.must("reindex")
    (part,) = case.root.glob("work/tools/yt-dlp/*/yt_dlp/version.py")
    kept = part.read_bytes()
    part.write_bytes(kept + b"#")
    assert case.run("collect", site.url("/film.mp4"), "--method", "ytdlp").code == 5
    part.write_bytes(kept)
    assert case.must("tools", "rollback", "yt-dlp")["version"] == "installed"
    case.run("collect", site.url("/film.mp4"), "--method", "ytdlp")
    uses, installed = used(case)[yt_dlp.version.__version__]
    assert (uses, installed[:7], installed == digest) == (1, "sha256:", False)
    assert case.run("tools", "rollback", "yt-dlp").code == 2
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_a_version_that_fails_its_trial_changes_nothing_and_is_recorded(
    case: Case, site: HostileSite, tmp_path: Path
) -> None:
    site.behaviours["/film.mp4"] = film
    wheel = write_wheel(tmp_path / "broken.whl", broken=True)
    said = case.must("tools", "upgrade", "yt-dlp", "--from", str(wheel), code=1)
    assert said["failed"]
    assert [one["status"] for one in case.must("tools", "show", "yt-dlp")["tests"]] == ["failed"]
    assert not list(case.root.glob("work/tools/**/yt_dlp"))
    assert case.run("tools", "rollback", "yt-dlp").code == 2
    case.run("collect", site.url("/film.mp4"), "--method", "ytdlp")
    assert {version: uses for version, (uses, _) in used(case).items()} == {VERSION: 0, yt_dlp.version.__version__: 1}


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


GOOD = {"yt_dlp/__init__.py": "", METADATA: f"Name: yt-dlp\nVersion: {VERSION}\n\n"}


@pytest.mark.parametrize(
    "added",
    [
        {"yt_dlp/../../outside.py": ""},
        {"../outside.py": ""},
        {"/outside.py": ""},
        {"yt_dlp/..\\outside.py": ""},
        {"yt_dlp_plugins/extractor/theirs.py": ""},
        {"sitecustomize.py": ""},
        {"start.pth": "import os"},
        {"yt_dlp/fast.so": ""},
        {f"yt_dlp-{VERSION}.data/scripts/yt-dlp": ""},
        {f"yt_dlp-{VERSION}.data/purelib/os.py": ""},
        {f"yt_dlp-{VERSION}.data/data/../../x": ""},
        {link("yt_dlp/linked.py"): "/etc/hostname"},
        {"yt_dlp/__INIT__.py": ""},
        {METADATA: f"Name: yt-dlp-other\nVersion: {VERSION}\n\n"},
        {"yt_dlp/bad.py": "def"},
    ],
    ids=lambda added: next(iter(added)) if isinstance(next(iter(added)), str) else "link",
)
def test_a_wheel_that_reaches_beyond_its_package_is_refused(
    tmp_path: Path, added: Mapping[str | zipfile.ZipInfo, str]
) -> None:
    from containment.wheels import WHEEL, work

    entries: dict[str | zipfile.ZipInfo, str] = {**GOOD, **added}
    for folder in ("inputs", "out"):
        (tmp_path / folder).mkdir()
    with zipfile.ZipFile(tmp_path / "inputs" / WHEEL, "w") as wheel:
        for name, text in entries.items():
            wheel.writestr(name, text)
    asked = {"distribution": "yt-dlp", "package": "yt_dlp"}
    assert "refused" in work(asked, tmp_path / "inputs", tmp_path / "out")


def test_what_is_no_wheel_is_refused_and_leaves_nothing(case: Case, tmp_path: Path) -> None:
    wheel = tmp_path / "no.whl"
    wheel.write_bytes(b"PK no")
    assert case.run("tools", "upgrade", "yt-dlp", "--from", str(wheel)).code == 4
    assert case.run("tools", "upgrade", "yt-dlp", "--from", str(tmp_path / "none.whl")).code == 2
    assert case.run("tools", "upgrade", "pillow", "--from", str(wheel)).code == 2
    assert case.run("tools", "show", "yt-dlp").code == 2

"""What the register of tools holds of what is installed: a digest that tells one build from another, in any place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from casefile.model import Received, ToolUse
from containment.installed import as_installed
from containment.tools import find_program

NAME = "casefile-instrument"
FILES = {"instrument/__init__.py": "sha256=AAAA", "instrument/parse.so": "sha256=BBBB"}


def install(folder: Path, files: dict[str, str], *, by: str = "pip", version: str = "1.02") -> ToolUse:
    """Put the list of a package there as an installer would, and name the package as a worker does."""
    listed = folder / f"casefile_instrument-{version}.dist-info"
    listed.mkdir(parents=True)
    (listed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n")
    notes = {f"{listed.name}/INSTALLER": f"sha256={by}", f"{listed.name}/RECORD": ""}
    own = {**notes, f"../../../bin/{NAME}": f"sha256={by}"}
    (listed / "RECORD").write_text("".join(f"{name},{digest},9\n" for name, digest in {**own, **files}.items()))
    return ToolUse(name=NAME, version=version)


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """The digest of a package in a place of its own."""
    from containment import installed

    def of(place: str, files: dict[str, str], **about: str) -> str:
        tool = install(tmp_path / place, files, **about)
        with monkeypatch.context() as here:
            here.setattr("sys.path", [str(tmp_path / place)])
            installed._package.cache_clear()
            found = as_installed(tool)
        installed._package.cache_clear()
        assert found.path == str(tmp_path / place)
        return found.sha256

    return of


def test_a_package_has_one_digest_wherever_and_however_it_is_installed(digests: Callable[..., str]) -> None:
    assert digests("one", FILES).startswith("sha256:")
    assert digests("two", FILES) == digests("three", dict(reversed(FILES.items())), by="uv")


def test_another_byte_in_a_package_is_another_digest(digests: Callable[..., str]) -> None:
    assert digests("one", FILES) != digests("two", {**FILES, "instrument/parse.so": "sha256=CCCC"})


def test_what_is_not_the_version_that_was_used_gives_no_digest(digests: Callable[..., str], tmp_path: Path) -> None:
    digests("one", FILES)
    stranger = ToolUse(name="pytest", version="0.0.1")
    elsewhere = ToolUse(name="pytest", version=pytest.__version__, path=str(tmp_path))
    assert [as_installed(one) for one in (stranger, elsewhere)] == [stranger, elsewhere]
    assert as_installed(ToolUse(name="pytest", version=pytest.__version__)).sha256


def test_a_program_has_the_digest_of_its_file() -> None:
    path = find_program("sh")
    assert path is not None
    expected = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert as_installed(ToolUse(name="sh", version="1", path=str(path))).sha256 == expected
    assert as_installed(ToolUse(name="sh", version="1", path="/elsewhere/sh")).sha256 == ""
    assert as_installed(ToolUse(name="sh", version="1")).path == str(path), "where the name is all that is known"


@pytest.mark.parametrize(
    ("name", "version"),
    [("", "1"), ("a\0b", "1"), ("a\nb", "1"), ("x" * 201, "1"), ("h11", "1" * 5_000), ("h11", "1\u202e")],
)
def test_a_tool_that_nobody_would_name_so_makes_an_answer_none(name: str, version: str) -> None:
    told = {"outcome": "failed", "cause": "reset", "tools": [{"name": name, "version": version}]}
    with pytest.raises(ValidationError):
        Received.model_validate(told)
    assert ToolUse.model_validate(told["tools"][0]).name == name, "what is in a log already is read"  # type: ignore[index]

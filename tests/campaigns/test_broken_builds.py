"""Every safety claim has a broken build: a patch that takes the safety away, and the test that has to notice.

`tests/broken_builds/NAME.patch` begins with `# breaks: WHAT` and `# caught-by: tests/FILE.py::TEST`. Here each patch
is applied to a copy of the tree, and the named test, run there, has to fail. That it passes unbroken is what the
ordinary run shows. The copy has its own environment, hard-linked from this one, so that no child process of a test
can import the unbroken code by way of the editable install.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests" / "broken_builds").glob("*.patch"))
LONGEST_S = 900
NOT_A_CATCH = ("ImportError", "ModuleNotFoundError", "SyntaxError", "NameError", "FileNotFoundError: [Errno 2] No such")
"""A test that fails like this has met a patch that breaks the program, not the safety."""


@dataclass(frozen=True, slots=True)
class BrokenBuild:
    """One patch: what it takes away and the test that notices."""

    path: Path
    breaks: str
    caught_by: str

    @property
    def file(self) -> str:
        return self.caught_by.split("::")[0]

    @property
    def test(self) -> str:
        return self.caught_by.split("::")[-1].split("[")[0]


def read_build(path: Path) -> BrokenBuild:
    """The patch's header; both lines are required."""
    stated = dict(line[2:].split(": ", 1) for line in path.read_text("utf-8").splitlines() if line.startswith("# "))
    return BrokenBuild(path, stated["breaks"], stated["caught-by"].strip())


def _apply(patch: Path, tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # Inside a repository `git apply` passes over, without a word, what lies outside the current folder.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    command = ["git", "apply", "--whitespace=nowarn", *options, str(patch)]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


by_name = pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)


@by_name
def test_a_broken_build_applies_and_names_a_test(patch: Path) -> None:
    build = read_build(patch)
    assert build.breaks
    applied = _apply(patch, ROOT, "--check")
    assert applied.returncode == 0, applied.stderr
    tests = {node.name for node in ast.walk(ast.parse((ROOT / build.file).read_text("utf-8"))) if hasattr(node, "name")}
    assert build.test in tests, f"{build.file} has no {build.test}"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `venv`, whose only way to the product is `tree` beside it."""
    folder = ROOT / ".dev" / "broken-builds" / f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}-{os.getpid()}"
    folder.mkdir(parents=True)
    here = Path(sysconfig.get_path("purelib"))
    venv = folder / "venv"
    shutil.copytree(sys.prefix, venv, symlinks=True, copy_function=os.link)
    there = venv / here.relative_to(sys.prefix)
    for link in there.glob("*casefile*.pth"):
        link.unlink()
    (there / "the_copy.pth").write_text(f"{folder / 'tree'}\n")
    script = venv / "bin" / "casefile"
    if script.exists():
        text = script.read_text("utf-8")
        script.unlink()
        script.write_text(text.replace(str(Path(sys.prefix)), str(venv)))
        script.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def tree(workshop: Path) -> Path:
    """A fresh copy of everything that is, or is about to be, committed."""
    copy = workshop / "tree"
    if copy.exists():
        shutil.rmtree(copy)
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    installed = ROOT / "tools" / "node_modules"
    if installed.exists():
        shutil.copytree(installed, copy / "tools" / "node_modules", symlinks=True, copy_function=os.link)
    (copy / ".venv").symlink_to(workshop / "venv")
    return copy


def _run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "PYTHON"))}
    environment = {**inherited, "PYTHONPATH": str(tree), "VIRTUAL_ENV": str(tree.parent / "venv")}
    command = [str(tree.parent / "venv" / "bin" / "python"), *arguments]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


PROBE = """
import pathlib, sys, tempfile
from casefile.vocabulary import ContainmentLevel
from containment.worker import Limits, run_worker
limits = Limits(wall_s=60, cpu_s=60, memory_bytes=1 << 31, file_bytes=1 << 20, output_bytes=1 << 20, processes=16)
for level in sys.argv[1:]:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        out.mkdir()
        level = ContainmentLevel(level)
        print(run_worker("collectors.where", {}, None, out, limits=limits, egress=None, level=level).answer["file"])
"""


@pytest.mark.campaign
def test_the_copy_and_its_workers_import_the_copy(tree: Path) -> None:
    (tree / "collectors" / "where.py").write_text(
        "def work(request, inputs, out):\n    return {'file': __file__}\n", "utf-8"
    )
    for arguments in (("-c", PROBE, "weak", "full"), ("-c", "import cli; print(cli.__file__)")):
        result = _run(tree, *arguments)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split()
        assert [line for line in result.stdout.split() if not line.startswith(f"{tree}/")] == []


@pytest.mark.campaign
@by_name
def test_the_named_test_fails_on_the_broken_build(patch: Path, tree: Path) -> None:
    build = read_build(patch)
    applied = _apply(patch, tree)
    assert applied.returncode == 0, applied.stderr
    report = tree / ".report.xml"
    arguments = ("-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", f"--junitxml={report}")
    result = _run(tree, *arguments, build.caught_by)
    said = f"{build.breaks}\n{result.stdout[-4000:]}\n{result.stderr[-2000:]}"
    assert result.returncode == 1, f"not caught: {said}"
    suite = Xml.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "0", f"an error is no catch: {said}"
    messages = [failure.get("message", "") for failure in suite.iter("failure")]
    assert any(not message.startswith(NOT_A_CATCH) for message in messages), f"not for the reason: {said}"

"""Every safety claim has a broken build: a patch that takes the safety away, and the test that has to notice.

`tests/broken_builds/NAME.patch` begins with `# breaks: WHAT` and `# caught-by: tests/FILE.py::TEST`. Here each patch
is applied to a copy of the tree, and the named test, run there, has to fail. That it passes unbroken is what the
ordinary run shows. The copy has its own environment, hard-linked from this one, so that no child process of a test
can import the unbroken code by way of the editable install.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests" / "broken_builds").glob("*.patch"))
PYTEST = ("-q", "-p", "no:xdist", "-p", "no:anyio", "-p", "no:cacheprovider")
FIRST_FAILURE = """
from hypothesis import Phase, settings

settings.register_profile("first_failure", phases=(Phase.explicit, Phase.generate))
settings.load_profile("first_failure")
"""
"""A plugin for the tests of hypothesis: that one fails is what counts here, the smallest example takes far longer."""
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


def _forget_compiled(patch: Path, tree: Path) -> None:
    """Remove the compiled code of every file that the patch touches, so that no age of a file decides what is run."""
    for name in re.findall(r"^(?:---|\+\+\+) [ab]/(\S+)", patch.read_text("utf-8"), re.MULTILINE):
        for compiled in (tree / name).parent.glob(f"__pycache__/{Path(name).stem}.*"):
            compiled.unlink()


by_name = pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)


@by_name
def test_a_broken_build_applies_and_names_a_test(patch: Path) -> None:
    build = read_build(patch)
    assert build.breaks
    applied = _apply(patch, ROOT, "--check")
    assert applied.returncode == 0, applied.stderr
    assert build.test in _names(build.file), f"{build.file} has no {build.test}"


@cache
def _names(file: str) -> frozenset[str]:
    """Everything that is named by a definition in a file of tests."""
    parsed = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(parsed) if hasattr(node, "name"))


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder with `venv`, whose only way to the product is `tree` beside it; trees are links to `whole`."""

    folder: Path

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def whole(self) -> Path:
        return self.folder / "whole"

    def written(self) -> dict[str, tuple[int, int]]:
        """Size and time of every file of the whole tree: a test that wrote into one would have changed them all."""
        files = ((path, path.stat()) for path in self.whole.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path): (one.st_size, one.st_mtime_ns) for path, one in files}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """The environment, and a tree in which everything is compiled, for all builds of a process."""
    folder = ROOT / ".dev" / "broken-builds" / f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}-{os.getpid()}"
    shop = Workshop(folder)
    folder.mkdir(parents=True)
    here = Path(sysconfig.get_path("purelib"))
    shutil.copytree(sys.prefix, shop.venv, symlinks=True, copy_function=os.link)
    there = shop.venv / here.relative_to(sys.prefix)
    for link in there.glob("*casefile*.pth"):
        link.unlink()
    (there / "the_copy.pth").write_text(f"{shop.tree}\n")
    (there / "first_failure.py").write_text(FIRST_FAILURE)
    script = shop.venv / "bin" / "casefile"
    if script.exists():
        text = script.read_text("utf-8")
        script.unlink()
        script.write_text(text.replace(str(Path(sys.prefix)), str(shop.venv)))
        script.chmod(0o755)
    _copy_what_is_committed(shop)
    # A copy without compiled code would be compiled anew by every build, and by each sandbox in it, which keeps none.
    compiled = _run(shop.tree, "-m", "compileall", "-q", "-x", "/node_modules/", ".")
    assert compiled.returncode == 0, compiled.stdout
    tests = sorted({read_build(patch).file for patch in PATCHES})
    collected = _run(shop.tree, "-m", "pytest", *PYTEST, "--collect-only", *tests)
    assert collected.returncode == 0, collected.stdout
    shop.tree.rename(shop.whole)
    yield shop
    shutil.rmtree(folder)


def _copy_what_is_committed(shop: Workshop) -> None:
    """Everything that is, or is about to be, committed; and what npm installed."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (shop.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, shop.tree / name)
    installed = ROOT / "tools" / "node_modules"
    if installed.exists():
        shutil.copytree(installed, shop.tree / "tools" / "node_modules", symlinks=True)
    (shop.tree / ".venv").symlink_to(shop.venv)


@pytest.fixture
def tree(workshop: Workshop) -> Iterator[Path]:
    """A tree of its own for one build, linked from the whole one, which nothing in the build may have written into."""
    before = workshop.written()
    shutil.copytree(workshop.whole, workshop.tree, symlinks=True, copy_function=os.link)
    yield workshop.tree
    shutil.rmtree(workshop.tree)
    assert workshop.written() == before


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
    _forget_compiled(patch, tree)
    report = tree / ".report.xml"
    quickly = ("-p", "first_failure") if "hypothesis" in (tree / build.file).read_text("utf-8") else ()
    result = _run(tree, "-m", "pytest", *PYTEST, "-x", *quickly, f"--junitxml={report}", build.caught_by)
    said = f"{build.breaks}\n{result.stdout[-4000:]}\n{result.stderr[-2000:]}"
    assert result.returncode == 1, f"not caught: {said}"
    suite = Xml.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "0", f"an error is no catch: {said}"
    messages = [failure.get("message", "") for failure in suite.iter("failure")]
    assert any(not message.startswith(NOT_A_CATCH) for message in messages), f"not for the reason: {said}"

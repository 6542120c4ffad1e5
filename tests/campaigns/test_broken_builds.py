"""Every safety claim has a broken build: a patch that takes the safety away, and the test that has to notice.

`tests/broken_builds/NAME.patch` begins with `# breaks: WHAT` and `# caught-by: tests/FILE.py::TEST`. Here each patch
is applied to a copy of the tree, and the named test, run there, has to fail. That it passes unbroken is what the
ordinary run shows. The copy has its own environment, hard-linked from this one, so that no child process of a test
can import the unbroken code by way of the editable install. The run forks from a program that has imported nothing
that the build touches (`forking.py`).
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as Xml
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTEST = ("-q", "--disable-plugin-autoload", "-p", "no:cacheprovider")
WITH_HYPOTHESIS = ("-p", "_hypothesis_pytestplugin", "-p", "first_failure")
FLOOR = (
    "casefile.errors",
    "casefile.events.types",
    "casefile.records.log",
    "casefile.records.view",
    "casefile.records.view_planning",
    "casefile.records.view_verification",
    "casefile.records.work",
    "casefile.settings",
)
"""Modules that cost most to import and that next to no build touches."""
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

    @property
    def touches(self) -> frozenset[str]:
        """The files that it changes, adds or removes."""
        return frozenset(re.findall(r"^(?:---|\+\+\+) [ab]/(\S+)", self.path.read_text("utf-8"), re.MULTILINE))


def read_build(path: Path) -> BrokenBuild:
    """The patch's header; both lines are required."""
    stated = dict(line[2:].split(": ", 1) for line in path.read_text("utf-8").splitlines() if line.startswith("# "))
    return BrokenBuild(path, stated["breaks"], stated["caught-by"].strip())


# By the file of tests, whose compiled code and libraries are then warm.
PATCHES = sorted((ROOT / "tests" / "broken_builds").glob("*.patch"), key=lambda path: (read_build(path).file, path))


def _apply(patch: Path, tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # Inside a repository `git apply` passes over, without a word, what lies outside the current folder.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    command = ["git", "apply", "--whitespace=nowarn", *options, str(patch)]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def _forget_compiled(touched: Collection[str], tree: Path) -> None:
    """Remove the compiled code of these files, so that no age of a file decides what is run."""
    for name in touched:
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
class Stamp:
    """What tells a file from every other and from itself after somebody wrote into it."""

    inode: int
    size: int
    changed_ns: int


@dataclass(frozen=True)
class Workshop:
    """A folder with `venv`, whose only way to the product is `tree` beside it; every file there is a link to `whole`.

    A patch and most programs exchange files, which leaves the whole ones alone.
    """

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

    @cached_property
    def stamps(self) -> Mapping[str, Stamp]:
        """Of every whole file. Those of the tree have the same as long as they are links."""
        return _stamps(self.whole)

    def mend(self, touched: Collection[str]) -> None:
        """Make the tree whole again after a build that touched these files; one that wrote into a whole file fails.

        Compiled code of what was not touched stays, so that the next build need not compile it.
        """
        _forget_compiled(touched, self.tree)
        found = _stamps(self.tree)
        for name, stamp in found.items():
            whole = self.stamps.get(name)
            if whole == stamp:
                continue
            assert whole is None or whole.inode != stamp.inode, f"the build wrote into {name}"
            if whole is not None or Path(name).parent.name != "__pycache__":
                (self.tree / name).unlink()
        for name, stamp in self.stamps.items():
            if found.get(name) != stamp:
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                os.link(self.whole / name, self.tree / name, follow_symlinks=False)

    @cached_property
    def programs(self) -> tuple[Forking, ...]:
        """What runs the tests, that which has imported more first."""
        return Forking(self, FLOOR), Forking(self)

    def run(self, touched: Collection[str], *arguments: str) -> tuple[int, str]:
        """Run pytest in the tree: its exit code and what it said."""
        program = next(one for one in self.programs if one.imported.isdisjoint(touched))
        return program.run(*arguments)


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Of every file below, by its path. Folders that are links are files here."""
    found = {}
    places = [folder]
    while places:
        for entry in os.scandir(places.pop()):
            if entry.is_dir(follow_symlinks=False):
                places.append(Path(entry.path))
            else:
                one = entry.stat(follow_symlinks=False)
                found[os.path.relpath(entry.path, folder)] = Stamp(one.st_ino, one.st_size, one.st_mtime_ns)
    return found


class Forking:
    """The program of `forking.py` in the tree of a workshop, with these modules imported."""

    def __init__(self, shop: Workshop, modules: Sequence[str] = ()) -> None:
        self._said = shop.folder / "said"
        self._process = subprocess.Popen(
            [str(shop.venv / "bin" / "python"), str(Path(__file__).with_name("forking.py")), *modules],
            cwd=shop.tree,
            env=_environment(shop.tree),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.imported = frozenset(json.loads(self._answer()))

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run pytest with these arguments: its exit code and what it said."""
        assert self._process.stdin is not None
        order = {"arguments": arguments, "said": str(self._said), "longest_s": LONGEST_S}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return int(self._answer()), self._said.read_text("utf-8", "replace")

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """The environment, and a tree in which the product is compiled, for all builds of a process."""
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
    # What is not compiled would be compiled anew by every sandbox, which keeps nothing.
    product = [folder.name for folder in shop.tree.iterdir() if (folder / "__init__.py").exists()]
    compiled = _run(shop.tree, "-m", "compileall", "-q", *product)
    assert compiled.returncode == 0, compiled.stdout
    shop.tree.rename(shop.whole)
    shutil.copytree(shop.whole, shop.tree, symlinks=True, copy_function=os.link)
    yield shop
    for program in shop.programs:
        program.end()
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


def _environment(tree: Path) -> dict[str, str]:
    """That of a program which runs in the tree."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "PYTHON"))}
    return {**inherited, "PYTHONPATH": str(tree), "VIRTUAL_ENV": str(tree.parent / "venv")}


def _run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(tree.parent / "venv" / "bin" / "python"), *arguments]
    return subprocess.run(
        command, cwd=tree, env=_environment(tree), capture_output=True, text=True, check=False, timeout=LONGEST_S
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
def test_the_copy_and_its_workers_import_the_copy(workshop: Workshop) -> None:
    tree = workshop.tree
    (tree / "collectors" / "where.py").write_text(
        "def work(request, inputs, out):\n    return {'file': __file__}\n", "utf-8"
    )
    for arguments in (("-c", PROBE, "weak", "full"), ("-c", "import cli; print(cli.__file__)")):
        result = _run(tree, *arguments)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split()
        assert [line for line in result.stdout.split() if not line.startswith(f"{tree}/")] == []
    workshop.mend(["collectors/where.py"])
    assert not list((tree / "collectors").glob("**/where.*"))


@pytest.mark.campaign
@by_name
def test_the_named_test_fails_on_the_broken_build(patch: Path, workshop: Workshop) -> None:
    build, tree = read_build(patch), workshop.tree
    applied = _apply(patch, tree)
    assert applied.returncode == 0, applied.stderr
    _forget_compiled(build.touches, tree)
    report = workshop.folder / "report.xml"
    report.unlink(missing_ok=True)
    quickly = WITH_HYPOTHESIS if "hypothesis" in (tree / build.file).read_text("utf-8") else ()
    try:
        code, text = workshop.run(build.touches, *PYTEST, "-x", *quickly, f"--junitxml={report}", build.caught_by)
    finally:
        workshop.mend(build.touches)
    said = f"{build.breaks}\n{text[-6000:]}"
    assert code == 1, f"not caught: {said}"
    suite = Xml.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert suite.get("errors") == "0", f"an error is no catch: {said}"
    messages = [failure.get("message", "") for failure in suite.iter("failure")]
    assert any(not message.startswith(NOT_A_CATCH) for message in messages), f"not for the reason: {said}"

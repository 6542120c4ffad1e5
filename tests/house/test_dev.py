"""`./dev` installs what is locked, once, and is honest about what it cannot install.

The script is run in a folder of its own with stand-ins for Python, apt-get, npm and the programs it looks for, each
of which notes how it was called.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ORDINARY = "uname sed sh cat cksum cmp cp cut dirname awk grep head id ls mkdir rm tr bash env"
NEEDED = ("bwrap", "ffmpeg", "exiftool", "chromium", "strace", "postgres", "npm")
BUILT = Path(".venv", "lib", "python3.11", "site-packages", "pdqhash")
INSTALLING = [
    "python -m uv pip install --no-deps --require-hashes -r requirements-build.lock -q",
    "python -m uv pip sync --no-build-isolation --require-hashes requirements-dev.lock -q",
    "python -m uv pip install --no-deps --no-build-isolation --no-index -e . -q",
]
PACKAGES = {"bwrap": "bubblewrap", "exiftool": "libimage-exiftool-perl", "postgres": "postgresql"}


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder with `dev`, and a search path that holds nothing but stand-ins and the ordinary programs."""

    folder: Path
    programs: Path
    calls: Path

    def dev(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.folder / "dev"), *arguments],
            cwd=cwd or self.folder, env={"PATH": str(self.programs)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def stand_in(self, path: Path, then: str = "") -> None:
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>"{self.calls}"\n{then}\n')
        path.chmod(0o755)

    def called(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(root: Path, tmp_path: Path) -> Machine:
    folder, programs = tmp_path / "house", tmp_path / "bin"
    made = Machine(folder, programs, tmp_path / "calls")
    (folder / "tools").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / BUILT).mkdir(parents=True)
    programs.mkdir()
    locks = [f"requirements{kind}.lock" for kind in ("", "-dev", "-build", "-judges")]
    for name in ("dev", "pyproject.toml", *locks, "tools/package-lock.json"):
        shutil.copy(root / name, folder / name)
    for name in ORDINARY.split():
        (programs / name).symlink_to(shutil.which(name) or name)
    for name in ("python", "casefile"):
        made.stand_in(folder / ".venv" / "bin" / name, "pwd" if name == "casefile" else "")
    for name in NEEDED:
        made.stand_in(programs / name)
    return made


def test_everything_is_installed_by_hash_from_the_locks(machine: Machine) -> None:
    assert machine.dev("test").returncode == 0
    calls = machine.called()
    installing = [call for call in calls if "pip " in call]
    assert [call.rsplit(" --python ")[0] for call in installing] == INSTALLING
    assert "npm ci --silent --ignore-scripts" in calls
    assert calls[-1].startswith("python tests/without_network.py ")
    assert calls[-1].endswith(" -m pytest -n 3 -m not campaign")


def test_a_second_call_installs_nothing_and_costs_less_than_a_second(machine: Machine) -> None:
    machine.dev("test")
    machine.called()
    begun = time.monotonic()
    assert machine.dev("test", "tests/house", "-k", "x y").returncode == 0
    assert time.monotonic() - begun < 1
    tried, run = machine.called()
    assert tried == "python tests/without_network.py true"
    assert run.endswith(" -m pytest -n 3 -m not campaign tests/house -k x y")


def test_a_changed_lock_is_installed_again(machine: Machine) -> None:
    machine.dev("test")
    machine.called()
    with (machine.folder / "requirements-dev.lock").open("a") as lock:
        lock.write("# changed\n")
    machine.dev("test")
    assert any("uv pip sync" in call for call in machine.called())


def test_without_uv_pip_installs_the_same_lock_by_hash(machine: Machine) -> None:
    machine.stand_in(
        machine.folder / ".venv/bin/python", 'case "$*" in *"-m uv"*|*" -r requirements-build"*) exit 1 ;; esac'
    )
    assert machine.dev("test").returncode == 0
    pip = [call for call in machine.called() if "--require-hashes --no-deps" in call]
    assert [call.split("--no-deps ")[1] for call in pip[1:]] == [
        "-r .dev/build.lock",
        "--no-build-isolation -r requirements-dev.lock",
    ]
    assert "\nuv==" not in (machine.folder / ".dev" / "build.lock").read_text()


@pytest.mark.parametrize(("command", "status"), [(("test",), 0), (("test", "--all"), 1)])
def test_what_is_missing_is_named_and_fails_only_a_strict_run(
    machine: Machine, command: tuple[str, ...], status: int
) -> None:
    for name in ("bwrap", "exiftool"):
        (machine.programs / name).unlink()
    result = machine.dev(*command)
    assert result.returncode == status
    assert "bwrap: the sandbox" in result.stderr
    assert "Works without it: everything, with --containment weak" in result.stderr
    assert "apt-get install bubblewrap libimage-exiftool-perl" in result.stderr
    assert "brew install exiftool" in result.stderr
    assert any("-m pytest" in call for call in machine.called()) is (status == 0)


def test_root_with_apt_gets_what_is_missing_and_no_more(machine: Machine) -> None:
    (machine.programs / "bwrap").unlink()
    (machine.programs / "id").unlink()
    machine.stand_in(machine.programs / "id", "echo 0")
    installed = machine.programs / "bwrap"
    machine.stand_in(machine.programs / "apt-get", f'case "$*" in install*) cp "$0" {installed} ;; esac')
    result = machine.dev("test", "--all")
    assert result.returncode == 0, result.stderr
    apt = [call for call in machine.called() if call.startswith("apt-get")]
    assert apt == ["apt-get update -q", "apt-get install -yq --no-install-recommends bubblewrap"]


def test_a_compiler_is_brought_only_where_something_has_to_be_built(machine: Machine) -> None:
    (machine.folder / BUILT).rmdir()
    (machine.programs / "id").unlink()
    machine.stand_in(machine.programs / "id", "echo 0")
    machine.stand_in(machine.programs / "apt-get")
    machine.stand_in(machine.programs / "uname", "echo Linux")
    assert machine.dev("run").returncode == 0
    assert "apt-get install -yq --no-install-recommends g++ python3-dev" in machine.called()
    machine.stand_in(machine.programs / "uname", "echo Darwin")
    (machine.folder / ".dev" / "stamp").unlink()
    assert machine.dev("run").returncode == 0
    assert not any("g++" in call for call in machine.called())


def test_running_needs_no_program_that_only_tests_need(machine: Machine) -> None:
    for name in ("strace", "postgres"):
        (machine.programs / name).unlink()
    assert "Missing" not in machine.dev("run").stderr
    assert machine.called()[-1] == "python -m examples.run"


def test_the_command_line_runs_in_the_folder_of_its_caller(machine: Machine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    assert machine.dev("casefile", "items", "--tag", "a b", cwd=elsewhere).stdout.strip() == str(elsewhere)


def test_a_failure_of_the_installation_stops_everything(machine: Machine) -> None:
    machine.stand_in(machine.folder / ".venv/bin/python", 'case "$*" in *"pip sync"*) exit 2 ;; esac')
    assert machine.dev("test").returncode != 0
    assert not any("-m pytest" in call for call in machine.called())
    assert not (machine.folder / ".dev" / "stamp").exists()


def test_an_unknown_command_is_a_usage_error(machine: Machine) -> None:
    assert machine.dev("tset").returncode == 2
    assert machine.dev("help").returncode == 0

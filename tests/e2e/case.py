"""A workspace and the command line that works on it, from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from e2e.commands import commands

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


@dataclass
class Case:
    """A workspace and the command line that works on it."""

    root: Path
    allowed: Sequence[str] = ()
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the command line is started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEFILE_")}
        return {
            **kept,
            "PYTHONPATH": str(REPOSITORY),
            "CASEFILE_EGRESS__ALLOW": json.dumps(list(self.allowed)),
            "CASEFILE_RESERVE__BYTES": "0",
            "CASEFILE_RESERVE__INODES": "0",
            # What needs no key points does not wait for them.
            "CASEFILE_EXAMINE__LOCAL_FEATURES": "false",
            **self.extra,
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line of one command."""
        return [sys.executable, "-m", "cli.main", "--workspace", str(self.root), *arguments]

    def run(self, *arguments: str, stdin: str = "", timeout: int = 180) -> Said:
        """Run one command to its end, in a process that forks from an interpreter that is already running."""
        assert not [name for name in self.extra if name.startswith("PYTHON")], "only a new interpreter heeds it"
        with TemporaryFile("w+") as asked, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            asked.write(stdin)
            asked.seek(0)
            line = ["--workspace", str(self.root), *arguments]
            code = commands().run(line, self.environment, (asked, out, err), timeout)
            out.seek(0)
            err.seek(0)
            return Said(code, out.read(), err.read())

    def run_anew(self, *arguments: str, timeout: int = 180) -> Said:
        """Run one command in an interpreter of its own, which is what heeds Python's variables."""
        command, environment = self.command(*arguments), self.environment
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one command and let it run, in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def must(self, *arguments: str, code: int = 0, stdin: str = "") -> Any:
        """The document of a command that has to end with that code."""
        said = self.run("--json", *arguments, stdin=stdin)
        assert said.code == code, f"{arguments}: exit {said.code}\n{said.out}\n{said.err}"
        return said.json

    def open(self) -> Case:
        """Create the workspace."""
        done = self.run("init", str(self.root), "--title", "A case", "--investigator", "Ana Marić")
        assert done.code == 0, done.err
        return self

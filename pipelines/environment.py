"""What this process runs on, as each of its captures says."""

from __future__ import annotations

import functools
import platform
import subprocess
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

from casefile.digests import digest_file
from casefile.model import Environment, ToolUse

CODE = Path(__file__).resolve().parents[1]
LOCK = "requirements.lock"
RESOLVERS = Path("/etc/resolv.conf")
PRIVATE = "private"
GIT_TIMEOUT_S = 10
PACKAGE = "casefile-investigations"


@functools.cache
def environment() -> Environment:
    """Read once; what changes while a process runs does not change the code that it runs."""
    lock = CODE / LOCK
    return Environment(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        casefile=version(PACKAGE),
        code=code_commit(CODE),
        lock=digest_file(lock).sha256 if lock.is_file() else "",
        resolver=resolvers(RESOLVERS.read_text("utf-8", "replace")) if RESOLVERS.is_file() else (),
    )


@functools.cache
def ourselves() -> ToolUse:
    """Casefile as a tool: its version, and the commit of its code where that is known."""
    known = environment()
    return ToolUse(name="casefile", version=f"{known.casefile}+{known.code}" if known.code else known.casefile)


def code_commit(folder: Path) -> str:
    """The commit that a checkout is at, ending in `-dirty` when files differ from it; empty where there is none."""
    if not (folder / ".git").exists():
        return ""
    command = ("git", "--no-optional-locks", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40")
    try:
        said = subprocess.run(
            (*command, "--exclude=*"), capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        # Without git, or with a checkout that it refuses to read, the commit is not known.
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def resolvers(configuration: str) -> tuple[str, ...]:
    """The addresses in resolv.conf(5); one that only a local network has would say where the collector sits."""
    lines = map(str.split, configuration.splitlines())
    found = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return tuple(dict.fromkeys(_shown(address) for address in found))


def _shown(address: str) -> str:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return PRIVATE
    return str(known) if known.is_global or known.is_loopback else PRIVATE

"""How a worker's Python is started: inside bubblewrap with nothing of the host but what it needs, or plainly.

`full`: own user, process, network, mount, ipc and host-name namespaces, no capabilities, an empty environment, the
system and our code read-only, `/inputs` read-only, `/out` writable, `/tmp` in bounded memory, a network of its own
that has nothing but loopback. `weak`: a child process with an empty environment, and nothing else enforced.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import UsageError

USER_ID = 1000
"""Inside, never 0: programs that drop their guard for root do not meet it here."""
TEMPORARY_BYTES = 512 << 20
"""Size of `/tmp`, which is memory. Content goes to `/out`."""
SHARED_MEMORY_BYTES = 64 << 20
PROBE_TIMEOUT_S = 20

CODE = Path("/code")
SITE = Path("/site")
INPUTS = Path("/inputs")
OUT = Path("/out")
TEMPORARY = Path("/tmp")  # noqa: S108

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
CONFIGURATION = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/mime.types",
    "/etc/perl",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
"""Read by programs that workers start. Not among them: accounts, host names, keys, the resolver's configuration."""

OURS = ("casefile", "containment")
"""Packages that every worker gets besides its own."""
TOOLS = "tools"
"""The repository's folder of programs that are installed beside it."""

NO_BYTECODE_NO_SITE = ("-I", "-S", "-B", "-X", "utf8")
"""Isolated: no PYTHON* variables, no user folder, no sitecustomize, nothing imported from the working folder."""
START = "import sys; sys.path[:0] = sys.argv[2].split(':'); from containment.zygote import main; main(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether the full level can be had here, and what is lacking when it cannot."""

    full: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a worker's folders are outside. `code` are folders or single modules that it may import, read-only."""

    inputs: Path | None
    out: Path
    code: tuple[Path, ...]


@functools.cache
def available() -> Availability:
    """Whether bubblewrap really starts here with all that we ask of it; tried once in a process."""
    program = shutil.which("bwrap")
    if program is None:
        return Availability(False, "bubblewrap (bwrap) is not installed")
    argv = [program, *_isolation(), *_system(), "--", "/usr/bin/true"]
    try:
        ended = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Availability(False, f"bubblewrap could not be run: {error}")
    if ended.returncode != 0:
        said = ended.stderr.decode("utf-8", "replace").strip()[:300]
        return Availability(False, f"bubblewrap does not start here: {said}")
    return Availability(True)


def code_of(module: str) -> Path:
    """The folder of the top package of `module`, or its file; found without importing it. Raises UsageError."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    if spec is not None and spec.origin is not None and Path(spec.origin).is_file():
        return Path(spec.origin).resolve()
    raise UsageError(f"the worker module {module} is not to be found")


def environment(temporary: Path) -> dict[str, str]:
    """All the variables that a worker sees."""
    return {
        "HOME": str(temporary),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{CODE / TOOLS / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": str(temporary),
        "TZ": "UTC",
        "YTDLP_NO_PLUGINS": "1",
    }


def full_argv(places: Places, configuration: str) -> list[str]:
    """The command line that starts a worker's Python inside bubblewrap; `configuration` is the zygote's, in JSON."""
    argv = [shutil.which("bwrap") or "bwrap", *_isolation(), *_system(), *_python()]
    for name, value in environment(TEMPORARY).items():
        argv += ["--setenv", name, value]
    for folder in places.code:
        argv += ["--ro-bind", str(folder), str(CODE / folder.name)]
    argv += _ours(places.code)
    argv += ["--bind", str(places.out.resolve()), str(OUT)]
    argv += ["--ro-bind", str(places.inputs.resolve()), str(INPUTS)] if places.inputs else ["--dir", str(INPUTS)]
    argv += ["--remount-ro", "/", "--chdir", str(TEMPORARY), "--"]
    path = ":".join(str(one) for one in (CODE, *(SITE / str(number) for number in range(len(_site_packages())))))
    return [*argv, _interpreter(), *NO_BYTECODE_NO_SITE, "-c", START, configuration, path]


def weak_argv(places: Places, configuration: str) -> list[str]:
    """The command line that starts a worker's Python without a sandbox."""
    folders = [str(folder.parent) for folder in places.code]
    path = ":".join(dict.fromkeys([str(_repository()), *folders, *map(str, _site_packages())]))
    return [_interpreter(), *NO_BYTECODE_NO_SITE, "-c", START, configuration, path]


def _isolation() -> list[str]:
    return [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--uid",
        str(USER_ID),
        "--gid",
        str(USER_ID),
        "--cap-drop",
        "ALL",
        "--hostname",
        "worker",
        "--new-session",
        "--die-with-parent",
        "--clearenv",
    ]


def _system() -> Iterator[str]:
    for folder in SYSTEM:
        if os.path.islink(folder):
            yield from ("--symlink", os.readlink(folder), folder)
        elif os.path.isdir(folder):
            yield from ("--ro-bind", folder, folder)
    for one in CONFIGURATION:
        if os.path.exists(one):
            yield from ("--ro-bind", one, one)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--size", str(TEMPORARY_BYTES), "--tmpfs", str(TEMPORARY))


def _python() -> Iterator[str]:
    """The base installation where it is, since Python finds its library by its own place."""
    base = Path(sys.base_prefix).resolve()
    if not base.is_relative_to("/usr"):
        yield from ("--ro-bind", str(base), str(base))
    for number, folder in enumerate(_site_packages()):
        yield from ("--ro-bind", str(folder), str(SITE / str(number)))


def _ours(already: Sequence[Path]) -> Iterator[str]:
    taken = {folder.name for folder in already}
    for name in OURS:
        if name not in taken:
            yield from ("--ro-bind", str(_repository() / name), str(CODE / name))
    if (_repository() / TOOLS).is_dir():
        yield from ("--ro-bind", str(_repository() / TOOLS), str(CODE / TOOLS))


def _interpreter() -> str:
    return os.path.realpath(sys.executable)


def _repository() -> Path:
    return Path(__file__).resolve().parent.parent


@functools.cache
def _site_packages() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys(Path(paths[name]).resolve() for name in ("purelib", "platlib")))

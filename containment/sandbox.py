"""How a worker's Python is started: inside bubblewrap with nothing of the host but what it needs, or plainly.

`full`: own user, process, network, mount, ipc and host-name namespaces, no capabilities, an empty environment, the
system, Python and our code read-only and where they are outside, `/inputs` read-only, `/out` writable, temporary files
in bounded memory, a network of its own that has nothing but loopback. `weak`: a child process with an environment of
its own, and nothing else enforced.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import certifi

from casefile.errors import UsageError

USER_ID = 1000
"""Inside, never 0: programs that drop their guard for root do not meet it here."""
TEMPORARY_BYTES = 512 << 20
"""Size of the temporary folder, which is memory. Content goes to `/out`."""
SHARED_MEMORY_BYTES = 64 << 20
PROBE_TIMEOUT_S = 20

INPUTS = Path("/inputs")
OUT = Path("/out")
SCRATCH = Path("/scratch")
USUAL_TEMPORARY = Path("/tmp")  # noqa: S108
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
CERTIFICATES = "/etc/ssl/certs"
BUNDLE = "ca-certificates.crt"
"""In that folder, all certificates in one file."""
KEY_DIGEST = "recorder.key-digest"
"""In that folder, where the recorder is in between: the digest of its authority's public key."""
CONFIGURATION = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/mime.types",
    "/etc/perl",
    CERTIFICATES,
    "/etc/ssl/openssl.cnf",
)
"""Read by programs that workers start. Not among them: accounts, host names, keys, the resolver's configuration."""

HIDDEN = (
    "kcore",
    "keys",
    "kmsg",
    "latency_stats",
    "sched_debug",
    "slabinfo",
    "timer_list",
    "vmallocinfo",
)
"""Files of /proc that show the kernel's inside to root, by number and without any capability."""

OURS = ("casefile", "containment")
"""Packages that every worker gets besides its own."""
TOOLS = "tools"
"""The repository's folder of programs that are installed beside it."""
PROGRAMS = ("deno",)
"""Programs that come as Python packages, into the `bin` of the environment that we run in."""

ISOLATED = ("-I", "-S", "-B", "-X", "utf8")
"""No PYTHON* variables, no user folder, no sitecustomize, nothing imported from the working folder, no bytecode."""
START = "import sys; sys.path += sys.argv[2].split(':'); from containment.zygote import main; main(sys.argv[1])"


WEAK_LACKS = (
    "network: a program can go around the broker, to any address, and its packets are in no record",
    "files: a program sees and changes whatever the user can, keys and other investigations too",
    "processes: a program sees those of the user, and can signal and read them",
    "privileges: a program has the user's, and no system call is refused",
    "recording: traffic is not kept by the broker, so that no page is shown in a browser",
)
"""What the full level enforces and the weak one does not."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether the full level can be had here, and what is lacking when it cannot."""

    full: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a worker's folders are outside. `code` are packages or single modules that it may import.

    `trust` is a folder of certificates that stands for the system's, and its bundle for every other there is.
    """

    inputs: Path | None
    out: Path
    code: tuple[Path, ...]
    trust: Path | None = None

    @property
    def call(self) -> Path:
        """Where the running call writes to."""
        return self.out / "call"


@functools.cache
def available() -> Availability:
    """Whether bubblewrap really starts here with all that we ask of it; tried once in a process."""
    program = shutil.which("bwrap")
    if program is None:
        return Availability(False, "bubblewrap (bwrap) is not installed")
    argv = [program, *_isolation(), *_system(), *_writable(()), "--remount-ro", "/", "--", "/usr/bin/true"]
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
    """All the variables that a worker starts with."""
    return {
        "HOME": str(temporary),
        "LC_ALL": "C.UTF-8",
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{Path(sys.prefix) / 'bin'}",
        "TMPDIR": str(temporary),
        "TZ": "UTC",
        "YTDLP_NO_PLUGINS": "1",
    }


def full_argv(places: Places, configuration: str, info: int, seccomp: int) -> list[str]:
    """The command line that starts a worker's Python inside bubblewrap.

    `configuration` is the zygote's, in JSON; `info` a descriptor on which bubblewrap says what it started, `seccomp`
    one from which it reads the filter, or -1.
    """
    argv = [shutil.which("bwrap") or "bwrap", *_isolation(), "--info-fd", str(info)]
    argv += ["--seccomp", str(seccomp)] if seccomp >= 0 else []
    for name, value in environment(SCRATCH).items():
        argv += ["--setenv", name, value]
    code = tuple(_code(places))
    argv += [*_system(), *_writable(code)]
    for one in code:
        argv += ["--ro-bind", str(one), str(one)]
    argv += _trusting(places.trust) if places.trust else []
    argv += ["--bind", str(places.out.resolve()), str(OUT)]
    argv += ["--ro-bind", str(places.inputs.resolve()), str(INPUTS)] if places.inputs else ["--dir", str(INPUTS)]
    return [*argv, "--remount-ro", "/", "--chdir", str(SCRATCH), "--", *python_argv(places, configuration)]


def python_argv(places: Places, configuration: str) -> list[str]:
    """The command line that starts a worker's Python, without the sandbox."""
    folders = (*(one.parent for one in places.code), _repository(), *_site_packages())
    path = ":".join(dict.fromkeys(map(str, folders)))
    return [os.path.realpath(sys.executable), *ISOLATED, "-c", START, configuration, path]


def _isolation() -> list[str]:
    user = str(USER_ID)
    # Our zygote is the first process itself: a reaper of bubblewrap's in that place would outlive each call, and its
    # memory would be open to all of them.
    return [
        "--as-pid-1",
        *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", user, "--gid", user),
        *("--cap-drop", "ALL", "--hostname", "worker", "--new-session", "--die-with-parent", "--clearenv"),
    ]


def _trusting(trust: Path) -> Iterator[str]:
    """Put certificates over the system's, and over the bundle that comes as a Python package.

    No variable names them: programs that ask for none find them where they always look.
    """
    yield from ("--ro-bind", str(trust), CERTIFICATES)
    bundle = os.path.realpath(certifi.where())
    if not bundle.startswith(CERTIFICATES + "/"):
        yield from ("--ro-bind", str(trust / BUNDLE), bundle)


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
    for one in _kernel_files():
        yield from ("--ro-bind", "/dev/null" if os.path.basename(one) in HIDDEN else one, one)


@functools.cache
def _kernel_files() -> tuple[str, ...]:
    """What in /proc is not a process and could be written to, or should not be read.

    Such files belong to root by number: a sandbox that root has started could write to them without any capability,
    to the point of naming a program that the kernel then runs outside. bubblewrap covers some of these folders, but
    looks at the folder only, and finds that it is read-only already.
    """
    entries = [path for path in Path("/proc").iterdir() if not path.name.isdigit() and not path.is_symlink()]
    return tuple(str(one) for one in entries if one.is_dir() or one.stat().st_mode & 0o222 or one.name in HIDDEN)


def _writable(code: tuple[Path, ...]) -> Iterator[str]:
    """Where a call can write besides `/out`: both are emptied after each call, and nothing else there is writable."""
    yield from ("--size", str(SHARED_MEMORY_BYTES), "--tmpfs", str(SHARED_MEMORY), "--remount-ro", "/dev")
    yield from ("--size", str(TEMPORARY_BYTES), "--tmpfs", str(SCRATCH))
    # Where our own code lies below the usual folder, a writable one would hold a part of the module search path.
    if not any(one.is_relative_to(USUAL_TEMPORARY) for one in code):
        yield from ("--symlink", str(SCRATCH), str(USUAL_TEMPORARY))


def _code(places: Places) -> Iterator[Path]:
    """What Python needs besides the system: its own installation, packages, our code, and programs beside it."""
    base, site = Path(sys.base_prefix).resolve(), _site_packages()
    if not base.is_relative_to("/usr"):
        yield base
    yield from (one for one in site if not one.is_relative_to("/usr"))
    ours = (_repository() / name for name in OURS)
    programs = (Path(sys.prefix) / "bin" / name for name in PROGRAMS)
    for one in dict.fromkeys((*places.code, *ours, _repository() / TOOLS, *programs)):
        if one.exists() and not any(one.is_relative_to(folder) for folder in (*site, Path("/usr"))):
            yield one


def _repository() -> Path:
    return Path(__file__).resolve().parent.parent


@functools.cache
def _site_packages() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys(Path(paths[name]).resolve() for name in ("purelib", "platlib")))

"""Worker: tries to get out of the sandbox, and answers how far it came. Runs as the code of an exploited parser would.

Each attack answers {"gained": […]}: what it got hold of, empty when it was kept out.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import stat
import termios
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)


def work(request, inputs, out):
    return {"gained": ATTACKS[request["attack"]](request, inputs, out) or []}


def read_paths(request, inputs, out):
    gained = []
    for path in request["paths"]:
        with contextlib.suppress(OSError):
            os.stat(path)
            gained.append(path)
    return gained


def search_everything(request, inputs, out):
    """Looks for a name anywhere below the root, and for a text in small files outside the system."""
    gained = []
    for place, folders, files in os.walk("/"):
        folders[:] = [one for one in folders if os.path.join(place, one) not in ("/proc", "/usr", "/dev")]
        gained += [os.path.join(place, one) for one in (*folders, *files) if request["called"] in one]
    return gained


def other_environments(request, inputs, out):
    gained = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            for name in ("environ", "cmdline"):
                with contextlib.suppress(OSError):
                    if request["secret"].encode() in Path("/proc", entry, name).read_bytes():
                        gained.append(f"{entry} {name}")
    return gained + [name for name, value in os.environ.items() if request["secret"] in value]


def other_processes(request, inputs, out):
    mine = {1, os.getpid(), os.getppid()}
    gained = [entry for entry in os.listdir("/proc") if entry.isdigit() and int(entry) not in mine]
    for process in request["processes"]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, 0)
            # In a process namespace of one's own low numbers are one's own.
            if process not in mine:
                gained.append(f"signal {process}")
    return gained


def connect_out(request, inputs, out):
    gained = []
    for host, port in request["targets"]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with contextlib.suppress(OSError), socket.socket(family, kind) as one:
                one.settimeout(2)
                one.connect((host, port))
                one.send(b"x")
                # A datagram to one's own loopback goes nowhere; to any other place it needs a route.
                if kind == socket.SOCK_STREAM or not one.getpeername()[0].endswith(("127.0.0.1", "127.0.0.2", "::1")):
                    gained.append(f"{host}:{port}")
    for name in request["names"]:
        with contextlib.suppress(OSError):
            gained.append(str(socket.getaddrinfo(name, 80)[0][4]))
    return gained


def host_sockets(request, inputs, out):
    gained = []
    for path in request["paths"]:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
            gained.append(repr(path))
    return gained


def other_address_families(request, inputs, out):
    gained = []
    for family in range(1, 46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            with contextlib.suppress(OSError), socket.socket(family, kind):
                if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6) or kind == socket.SOCK_RAW:
                    gained.append(f"{family} {kind}")
    return [one for one in gained if not one.startswith("1 ")]


def write_outside(request, inputs, out):
    gained = []
    for path in [*request["paths"], *request["folders"]]:
        target = os.path.join(path, "planted") if path in request["folders"] else path
        with contextlib.suppress(OSError):
            descriptor = os.open(target, os.O_WRONLY | (os.O_CREAT if path in request["folders"] else 0))
            os.close(descriptor)
            gained.append(target)
        with contextlib.suppress(OSError):
            os.rename(target, target + ".moved")
            gained.append(f"moved {target}")
    return gained


def kernel_settings(request, inputs, out):
    """Everything below /proc that is not a process: what can be opened for writing, and what is not for everybody."""
    gained = []
    for place, folders, files in os.walk("/proc"):
        if place == "/proc":
            folders[:] = [one for one in folders if not one.isdigit() and one not in ("self", "thread-self")]
        for name in files:
            path = os.path.join(place, name)
            with contextlib.suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                gained.append(path)
    mounts = [line.split()[4:6] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    covered = [place for place, options in mounts if options.split(",")[0] == "ro"]
    gained += [f"{place} is not covered" for place in ("/proc/sys", "/proc/irq") if place not in covered]
    for name in ("kcore", "kmsg", "keys", "timer_list", "sched_debug", "vmallocinfo", "slabinfo"):
        with contextlib.suppress(OSError):
            if Path("/proc", name).read_bytes():
                gained.append(name)
    return gained


def become_more(request, inputs, out):
    gained = []
    for act in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.seteuid(0)):
        with contextlib.suppress(OSError):
            act()
            gained.append("an identity")
    for process in (1, os.getppid(), os.getpid()):
        status = Path("/proc", str(process), "status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        gained += [name for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(fields[name], 16)]
        if "0" in fields["Uid"].split() + fields["Gid"].split():
            gained.append("root")
        if fields["NoNewPrivs"] != "1":
            gained.append("new privileges")
        if fields["Seccomp"] != "2":
            gained.append("no filter")
    return gained


CALLS = {
    # name: (x86_64, arguments); all of them valid enough to succeed, or to fail otherwise than by being refused
    "unshare user namespace": (272, (0x10000000,)),
    "unshare mount namespace": (272, (0x20000,)),
    "mount": (165, (b"none", b"/scratch", b"tmpfs", 0, None)),
    "keyctl": (250, (0, -3, 1)),
    "add_key": (248, (b"user", b"a", b"b", 1, -3)),
    "bpf": (321, (0, None, 0)),
    "perf_event_open": (298, (None, 0, -1, -1, 0)),
    "userfaultfd": (323, (1,)),
    "io_uring_setup": (425, (1, ctypes.create_string_buffer(256))),
    "ptrace": (101, (16, os.getppid(), 0, 0)),
    "process_vm_readv": (310, (os.getppid(), None, 0, None, 0, 0)),
    "personality": (135, (0x0040000,)),
    "shmget": (29, (0, 4096, 0o1600)),
    "msgget": (68, (0, 0o1600)),
    "open_by_handle_at": (304, (0, None, 0)),
    "kexec_load": (246, (0, 0, None, 0)),
    "syslog": (103, (2, None, 0)),
    "setns": (308, (0, 0)),
    "a call of x32": (0x40000000 + 39, ()),
}
REFUSED = (errno.EPERM, errno.ENOSYS)


def refused_calls(request, inputs, out):
    gained = []
    for name, (number, arguments) in CALLS.items():
        ctypes.set_errno(0)
        result = LIBC.syscall(
            ctypes.c_long(number), *[ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
        )
        if result != -1 or ctypes.get_errno() not in REFUSED:
            gained.append(f"{name}: {result} {errno.errorcode.get(ctypes.get_errno())}")
    return gained


def set_id_bits(request, inputs, out):
    gained = []
    path = out / "program"
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755))
    path.write_bytes(b"#!")
    for mode in (0o4755, 0o2755, 0o6777):
        for change in (lambda mode: os.chmod(path, mode), lambda mode: os.mkdir(out / f"d{mode}", mode)):
            with contextlib.suppress(OSError):
                change(mode)
    for entry in os.scandir(out):
        if entry.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
            gained.append(entry.name)
    for name, kind in (("disk", stat.S_IFBLK), ("memory", stat.S_IFCHR)):
        with contextlib.suppress(OSError):
            os.mknod(out / name, kind | 0o600, os.makedev(1, 1))
            gained.append(name)
    return gained


def the_zygote(request, inputs, out):
    """Its memory and its descriptors: what a call could use to speak in its name."""
    gained = []
    parent = os.getppid()
    for name in ("mem", "environ", "maps", "auxv"):
        with contextlib.suppress(OSError):
            os.close(os.open(f"/proc/{parent}/{name}", os.O_RDWR if name == "mem" else os.O_RDONLY))
            gained.append(name)
    for number in range(64):
        with contextlib.suppress(OSError):
            os.close(os.open(f"/proc/{parent}/fd/{number}", os.O_RDWR | os.O_NONBLOCK))
            gained.append(f"descriptor {number}")
        with contextlib.suppress(OSError):
            gained.append(os.readlink(f"/proc/{parent}/fd/{number}"))
    return gained


def inherited_descriptors(request, inputs, out):
    """Everything open that is neither a pipe nor nothing."""
    gained = []
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{entry}")
            if not target.startswith(("pipe:", "/dev/null", "/proc/")):
                gained.append(target)
    return gained


def the_terminal(request, inputs, out):
    gained = []
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR)
        gained.append("terminal")
        fcntl.ioctl(terminal, termios.TIOCSTI, b"i")
    return gained


def what_the_machine_is_called(request, inputs, out):
    return [one for one in (socket.gethostname(),) if one == request["hostname"]]


ATTACKS = {
    attack.__name__: attack
    for attack in (
        read_paths,
        search_everything,
        other_environments,
        other_processes,
        connect_out,
        host_sockets,
        other_address_families,
        write_outside,
        kernel_settings,
        become_more,
        refused_calls,
        set_id_bits,
        the_zygote,
        inherited_descriptors,
        the_terminal,
        what_the_machine_is_called,
    )
}

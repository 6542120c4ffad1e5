"""Worker: tries to get out of the sandbox, and answers how far it came. Runs as the code of an exploited parser would.

Each attack answers {"gained": […]}: what it got hold of, empty when it was kept out.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import termios
import time
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


def memory_of_others(request, inputs, out):
    """Reads the memory of every process that is to be seen, in each way that there is."""
    gained = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        for name in ("mem", "environ", "maps", "stack", "syscall"):
            with contextlib.suppress(OSError):
                descriptor = os.open(f"/proc/{entry}/{name}", os.O_RDONLY)
                # The kernel opens some of these for everybody, and then gives nothing.
                if os.read(descriptor, 1):
                    gained.append(f"{entry} {name}")
        if LIBC.ptrace(16, int(entry), 0, 0) == 0:
            gained.append(f"{entry} traced")
    return gained


def roots_of_others(request, inputs, out):
    """The folders of other processes, which may lie outside."""
    mine = set(os.listdir("/"))
    gained = []
    for entry in os.listdir("/proc"):
        for name in ("root", "cwd"):
            with contextlib.suppress(OSError):
                found = os.listdir(f"/proc/{entry}/{name}/")
                if entry.isdigit() and name == "root" and set(found) != mine:
                    gained.append(f"{entry} {found}")
    for path in ("/..", "/../..", os.path.join("/proc/self/root", ".."), "/out/../..", "/inputs/../.."):
        if set(os.listdir(path)) != mine:
            gained.append(path)
    return gained


def change_root(request, inputs, out):
    """The old way out of a chroot: a second one, and a descriptor from before it."""
    gained = []
    before = os.open("/", os.O_RDONLY)
    for act in (lambda: os.chroot(out), lambda: os.fchdir(before) or os.chroot(".")):
        with contextlib.suppress(OSError):
            act()
            gained.append("another root")
    os.close(before)
    return gained


def mounts(request, inputs, out):
    gained = []
    calls = {
        "remount": lambda: LIBC.mount(None, b"/inputs", None, 32 | 4096, None),
        "bind": lambda: LIBC.mount(b"/", bytes(out), None, 4096, None),
        "tmpfs": lambda: LIBC.mount(b"none", bytes(out), b"tmpfs", 0, None),
        "proc": lambda: LIBC.mount(b"none", bytes(out), b"proc", 0, None),
        "unmount": lambda: LIBC.umount2(b"/inputs", 2),
        "pivot": lambda: LIBC.syscall(155, bytes(out), bytes(out)),
    }
    for name, call in calls.items():
        if call() == 0:
            gained.append(name)
    return gained


def namespaces(request, inputs, out):
    """A new user namespace would give back every capability in it; another process's would give its view."""
    gained = []
    for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x4000000, 0x8000000, 0x2000000):
        if LIBC.unshare(flag) == 0:
            gained.append(f"unshare {flag:#x}")
    for process in ("1", str(os.getppid())):
        for name in ("user", "mnt", "net", "pid"):
            with contextlib.suppress(OSError):
                descriptor = os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)
                if LIBC.setns(descriptor, 0) == 0:
                    gained.append(f"entered {name} of {process}")
                os.close(descriptor)
    return gained


def sandbox_in_the_sandbox(request, inputs, out):
    """Programs that make namespaces or change the user, where they are there to be run."""
    gained = []
    lines = (
        ["bwrap", "--bind", "/", "/", "true"],
        ["unshare", "-Ur", "true"],
        ["nsenter", "-t", "1", "-m", "true"],
        ["chroot", "/", "true"],
        ["su", "-c", "true"],
        ["sudo", "-n", "true"],
        ["runuser", "-u", "root", "true"],
        ["mount", "-t", "tmpfs", "none", str(out)],
        ["pkexec", "true"],
        ["newgrp", "root"],
        ["capsh", "--user=root", "--"],
    )
    for line in lines:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            ended = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
            if ended.returncode == 0:
                gained.append(line[0])
    return gained


def set_id_programs(request, inputs, out):
    """Every set-user-ID program that can be seen, run: its effective user tells whether the bit counted."""
    gained = []
    for folder in ("/usr/bin", "/bin", "/usr/sbin", "/usr/lib/openssh", "/usr/libexec"):
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    if status.st_mode & (stat.S_ISUID | stat.S_ISGID) and entry.is_file():
                        held = os.statvfs(entry.path).f_flag & os.ST_NOSUID
                        without = "NoNewPrivs:\t1" in Path("/proc/self/status").read_text()
                        if not held and not without:
                            gained.append(entry.path)
    return gained


def devices(request, inputs, out):
    harmless = {"null", "zero", "full", "random", "urandom", "tty"}
    gained = []
    for place, folders, files in os.walk("/dev"):
        folders[:] = [one for one in folders if os.path.join(place, one) not in ("/dev/shm", "/dev/fd")]
        for name in files:
            path = os.path.join(place, name)
            with contextlib.suppress(OSError):
                status = os.stat(path)
                if os.path.basename(os.path.realpath(path)) not in harmless and (
                    stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)
                ):
                    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
                    gained.append(path)
    # A terminal of one's own is nobody else's.
    return [one for one in gained if not one.startswith(("/dev/pts/", "/dev/ptmx"))]


def interfaces(request, inputs, out):
    """Every network interface: only loopback is there, and nobody can raise, rename, address or route another."""
    listed = [line.partition(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]
    gained = [name for name in listed if name != "lo" and not _is_down(name)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for number in (0x8914, 0x8916, 0x890B, 0x8923, 0x89F1):
            for name in (b"lo", b"eth0", b"tunl0"):
                with contextlib.suppress(OSError):
                    fcntl.ioctl(control, number, struct.pack("16sH22s", name, 0x1043, b""))
                    gained.append(f"{number:#x} {name.decode()}")
    for family in (16, 17):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_RAW):
            gained.append(f"family {family}")
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    return gained + [f"route {line}" for line in routes]


def _is_down(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        raw = fcntl.ioctl(control, 0x8913, struct.pack("16sH22s", name.encode(), 0, b""))
    return not struct.unpack("16sH22s", raw)[1] & 1


def broker_for_other_things(request, inputs, out):
    """Asks the broker for what is no web: files, sockets, other schemes and methods, its own address."""
    gained = []
    port = int(os.environ["http_proxy"].rpartition(":")[2])
    canary = request.get("port", 9)
    asks = (
        "GET file:///etc/passwd HTTP/1.1",
        "GET ftp://127.0.0.1/ HTTP/1.1",
        "GET unix:/run/docker.sock HTTP/1.1",
        "GET / HTTP/1.1",
        "GET /etc/passwd HTTP/1.1",
        f"CONNECT 127.0.0.1:{port} HTTP/1.1",
        f"CONNECT 127.0.0.1:{canary} HTTP/1.1",
        f"CONNECT localhost:{canary} HTTP/1.1",
        "CONNECT /run/docker.sock HTTP/1.1",
        "CONNECT @abstract:80 HTTP/1.1",
        "BIND 0.0.0.0:80 HTTP/1.1",
        "PRI * HTTP/2.0",
        "OPTIONS * HTTP/1.1",
        "TRACE http://127.0.0.1/ HTTP/1.1",
    )
    for ask in asks:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            one.sendall(ask.encode() + b"\r\nHost: x\r\n\r\n")
            answer = one.recv(65536)
            if b" 200 " in answer.partition(b"\r\n")[0]:
                gained.append(ask)
    return gained


def speak_for_the_broker(request, inputs, out):
    """Takes the broker's place: its port cannot be bound a second time, and its socket is nowhere open here."""
    gained = []
    port = int(os.environ["http_proxy"].rpartition(":")[2])
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            one.listen()
            gained.append("its port")
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{entry}").startswith("socket:"):
                gained.append(f"socket {entry}")
    return gained


def links_to_inputs(request, inputs, out):
    """A second name of an input, or of a file of the system, where the call can write."""
    gained = []
    for source in ("/inputs/file", sys.executable, "/usr/bin/env", "/etc/ld.so.cache"):
        for target in (out / "again", Path("/scratch/again"), Path("/dev/shm/again")):
            with contextlib.suppress(OSError):
                os.link(source, target)
                gained.append(f"{source} at {target}")
    return gained


def change_inputs(request, inputs, out):
    gained = []
    before = (inputs / "file").read_bytes()
    acts = {
        "mode": lambda: os.chmod(inputs / "file", 0o777),
        "owner": lambda: os.chown(inputs / "file", 1000, 1000),
        "times": lambda: os.utime(inputs / "file", (1, 1)),
        "length": lambda: os.truncate(inputs / "file", 0),
        "attribute": lambda: os.setxattr(inputs / "file", b"user.a", b"b"),
        "removal": lambda: os.unlink(inputs / "file"),
        "through its descriptor": lambda: os.open(f"/proc/self/fd/{os.open(inputs / 'file', os.O_RDONLY)}", os.O_RDWR),
    }
    for name, act in acts.items():
        with contextlib.suppress(OSError):
            act()
            gained.append(name)
    return gained + (["content"] if (inputs / "file").read_bytes() != before else [])


def plant_for_later(request, inputs, out):
    """Files that Python, a shell, the loader or a tool would run the next time: none can be put where they are read."""
    folders = [one for one in sys.path if one and os.path.isdir(one)]
    places = [os.path.join(one, name) for one in folders for name in ("sitecustomize.py", "a.pth", "containment.py")]
    places += ["/etc/ld.so.preload", "/etc/profile.d/a.sh", "/usr/local/bin/ffmpeg", "/usr/bin/exiftool", "/bin/sh.new"]
    gained = []
    for place in places:
        with contextlib.suppress(OSError):
            Path(place).write_text("raise SystemExit")
            gained.append(place)
    return gained


def keep_for_the_next(request, inputs, out):
    """Leaves what another call could find: in shared memory, in the temporary folders, in System V memory and keys."""
    gained = []
    # Where the code lies below one of these, the way to it is there from the start, and read-only.
    code = {Path(*Path(one).parts[:3]) for one in sys.path if one}
    listed = (Path(place, name) for place in ("/dev/shm", "/scratch", "/tmp") for name in os.listdir(place))
    found = [path.name for path in listed if path.name != "call" and path not in code]
    gained += found
    for place in ("/dev/shm", "/scratch"):
        with contextlib.suppress(OSError):
            Path(place, "message").write_text("for the next")
    if LIBC.shmget(0x4242, 4096, 0o1666) >= 0:
        gained.append("System V memory")
    if LIBC.msgget(0x4242, 0o1666) >= 0:
        gained.append("a message queue")
    if LIBC.semget(0x4242, 1, 0o1666) >= 0:
        gained.append("a semaphore")
    return gained


def kernel_interfaces(request, inputs, out):
    """What lies below /sys, debugging and control groups."""
    gained = []
    for path in ("/sys/kernel/debug", "/sys/fs/cgroup", "/sys/class/net", "/sys/firmware", "/proc/sys/kernel/random"):
        with contextlib.suppress(OSError):
            for name in os.listdir(path):
                with contextlib.suppress(OSError):
                    os.close(os.open(os.path.join(path, name), os.O_WRONLY | os.O_NONBLOCK))
                    gained.append(os.path.join(path, name))
    return gained


def the_clock_and_the_name(request, inputs, out):
    gained = []
    with contextlib.suppress(OSError):
        time.clock_settime(time.CLOCK_REALTIME, 0)
        gained.append("clock")
    with contextlib.suppress(OSError):
        socket.sethostname("owned")
        gained.append("name")
    if LIBC.setdomainname(b"owned", 5) == 0:
        gained.append("domain")
    return gained


def wider_limits(request, inputs, out):
    """Its own bounds, which the kernel holds, made wider; and those of the process that started it."""
    gained = []
    for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_CORE"):
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (hard + 4096, hard + 4096))
            gained.append(name)
    return gained


def more_of_the_machine(request, inputs, out):
    """Real-time scheduling, a better priority, memory that is never paged out."""
    gained = []
    with contextlib.suppress(OSError):
        os.nice(-5)
        gained.append("priority")
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        gained.append("real time")
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 1, -5)
        gained.append("priority of the first process")
    return gained


def signal_everybody(request, inputs, out):
    """A signal to all: what is outside does not notice, and is asked afterwards whether it is still there."""
    child = os.fork()
    if child == 0:
        for process in [*range(2, 400), *request["processes"]]:
            if process not in (os.getpid(), os.getppid()):
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGCONT)
        os._exit(0)
    os.waitpid(child, 0)
    return []


def a_core_of_the_dead(request, inputs, out):
    """A process that dies and leaves its memory behind: nowhere, and no program outside is started for it."""
    child = os.fork()
    if child == 0:
        os.chdir(out)
        os.kill(os.getpid(), signal.SIGSEGV)
    _, status = os.waitpid(child, 0)
    return (["a core"] if os.WCOREDUMP(status) else []) + [name for name in os.listdir(out) if "core" in name]


def disks_and_swap(request, inputs, out):
    """Free space and other file systems tell of the machine; only what is mounted read-only or ours is writable."""
    gained = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, options = line.split()[4], line.split()[5].split(",")
        if (
            "rw" in options
            and place not in ("/out", "/scratch", "/dev/shm")
            and not place.startswith(("/dev", "/proc"))
        ):
            gained.append(place)
    return gained


def other_programs_of_the_host(request, inputs, out):
    """Tools that talk to the host's services, where they are there: none has anybody to talk to."""
    gained = []
    lines = (
        ["systemctl", "list-units"],
        ["docker", "ps"],
        [
            "dbus-send",
            "--system",
            "--print-reply",
            "--dest=org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.ListNames",
        ],
        ["dmesg"],
        ["ssh-add", "-l"],
        ["crontab", "-l"],
        ["at", "-l"],
    )
    for line in lines:
        if shutil.which(line[0]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                ended = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
                if ended.returncode == 0 and ended.stdout.strip():
                    gained.append(line[0])
    return gained


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
        memory_of_others,
        roots_of_others,
        change_root,
        mounts,
        namespaces,
        sandbox_in_the_sandbox,
        set_id_programs,
        devices,
        interfaces,
        broker_for_other_things,
        speak_for_the_broker,
        links_to_inputs,
        change_inputs,
        plant_for_later,
        keep_for_the_next,
        kernel_interfaces,
        the_clock_and_the_name,
        wider_limits,
        more_of_the_machine,
        signal_everybody,
        a_core_of_the_dead,
        disks_and_swap,
        other_programs_of_the_host,
    )
}

"""Worker: does too much of one thing, or dies in one way."""

import contextlib
import mmap
import os
import signal
import socket
import sys
import time
from pathlib import Path


def work(request, inputs, out):
    return EXCESSES[request["excess"]](request, out) or {}


def nothing(request, out):
    return {"asked": request, "pid": os.getpid()}


def memory(request, out):
    return {"bytes": len(b"x" * request["bytes"])}


def reserved(request, out):
    """Reserves more than it may use, and then uses more than it may."""
    # Here, since an ordinary user's Python in these tests may lack what it imports in turn.
    from containment.tools import reserve_freely

    reserve_freely()
    with mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ):
        (out / "reserved").touch()
        return {"bytes": len(b"x" * request["bytes"])}


def memory_in_many(request, out):
    for _ in range(request["processes"]):
        if os.fork() == 0:
            held = b"x" * request["bytes"]
            time.sleep(60)
            os._exit(len(held) and 0)
    time.sleep(60)


def cpu(request, out):
    while True:
        pass


def wall(request, out):
    time.sleep(600)


def big_file(request, out):
    with (out / "big").open("wb") as file:
        while True:
            file.write(b"x" * (1 << 16))


def many_bytes(request, out):
    for number in range(200):
        (out / f"f{number}").write_bytes(b"x" * 500_000)
        time.sleep(request.get("pause_ms", 0) / 1000)


def many_files(request, out):
    for number in range(3_000):
        (out / f"f{number}").touch()


def big_answer(request, out):
    return {"answer": "x" * (70 << 20)}


def odd_answer(request, out):
    return {
        "float": {"a": 1.5},
        "null": {"a": None},
        "list": [1],
        "text": "x",
        "set": {"a": {1}},
        "surrogate": {"a": "\ud800"},
        "big number": {"a": 1 << 60},
        "nan": {"a": float("nan")},
    }[request["which"]]


def forged_answer(request, out):
    """Writes to the answer's pipe by itself, as an exploited worker could."""
    content = bytes.fromhex(request["content"])
    for entry in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if int(entry) > 2 and os.readlink(f"/proc/self/fd/{entry}").startswith("pipe:"):
                os.set_blocking(int(entry), False)
                os.write(int(entry), content)
    os._exit(request.get("code", 0))


def raise_error(request, out):
    raise ValueError("\x1b[31mred\u202e\ud800 text\n of a page " + "x" * 10_000)


def leave(request, out):
    sys.exit(3)


def leave_hard(request, out):
    os._exit(7)


def die(request, out):
    os.kill(os.getpid(), request["signal"])
    time.sleep(10)


def deep_recursion(request, out):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return {"deep": deep}


def fork_bomb(request, out):
    started = 0
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            started += 1
        (out / "started").write_text(str(started))
        if started > 2_000:
            break
    return {"started": started}


def print_much(request, out):
    for stream in (sys.stdout, sys.stderr):
        for _ in range(16):
            stream.write("\x1b]0;title\x07" + "n" * (1 << 16) + '{"ended": 0}\n')
    os.write(1, b"\x00\x00\x00\x00\x00\x00\x00\x02{}" * 1000)
    return {"printed": True}


def kill_zygote(request, out):
    os.kill(os.getppid(), request["signal"])
    time.sleep(60)


def linger(request, out):
    """Leaves a process behind that is nobody's child, in a session of its own, and ignores what it can."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            while True:
                with contextlib.suppress(OSError):
                    (out.parent / "call").mkdir(exist_ok=True)
                    (out.parent / "call" / "late").write_text("late")
                time.sleep(0.001)
        os._exit(0)
    os.wait()
    return {}


def leave_traces(request, out):
    traces = [Path(os.environ["HOME"]), Path(os.environ["TMPDIR"]), *map(Path, request["places"])]
    for place in traces:
        with contextlib.suppress(OSError):
            (place / ".trace").write_text("trace")
            (place / "trace").mkdir()
            (place / "trace" / "deep").mkdir(mode=0o000)
    return find_traces(request, out)


def find_traces(request, out):
    places = [Path(os.environ["HOME"]), Path(os.environ["TMPDIR"]), *map(Path, request["places"])]
    found = []
    for place in dict.fromkeys(places):
        with contextlib.suppress(OSError):
            found += [str(place / one) for one in os.listdir(place) if "trace" in one]
    return {"found": found}


def outputs_in_reach(request, out):
    return {"found": sorted(os.listdir(out.parent))}


def leave_behind(request, out):
    """Puts something into the output that is not a file of ours."""
    BEHIND[request["what"]](out)
    with contextlib.suppress(OSError):
        (out / "fine").write_text("fine")


def _second_name(out):
    (out / "a").write_text("a")
    os.link(out / "a", out.parent / "b")


def _two_names(out):
    (out / "a").write_text("a")
    os.link(out / "a", out / "b")


def _socket(out):
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(out)
        one.bind("socket")


def _swap_folder(target):
    def swap(out):
        out.rmdir()
        out.symlink_to(target)

    return swap


BEHIND = {
    "link to a file": lambda out: (out / "a").symlink_to("/etc/passwd"),
    "link to a folder": lambda out: (out / "a").symlink_to("/"),
    "link within": lambda out: (out / "a").symlink_to("fine"),
    "link to nothing": lambda out: (out / "a").symlink_to("nowhere"),
    "fifo": lambda out: os.mkfifo(out / "a"),
    "socket": _socket,
    "file with two names": _two_names,
    "file beside": lambda out: (out.parent / "beside").write_text("x"),
    "second name beside": _second_name,
    "upper case": lambda out: (out / "A").touch(),
    "option": lambda out: (out / "-a").touch(),
    "hidden": lambda out: (out / ".a").touch(),
    "space": lambda out: (out / "a b").touch(),
    "newline": lambda out: (out / "a\nb").touch(),
    "not unicode": lambda out: os.close(os.open(bytes(out) + b"/a\xff", os.O_CREAT)),
    "right to left": lambda out: (out / "a\u202eb").touch(),
    "long": lambda out: (out / ("a" * 65)).touch(),
    "deep": lambda out: (out / "a" / "b" / "c" / "d" / "e").mkdir(parents=True),
    "folder for a link": _swap_folder("/"),
    "folder for a link to inputs": _swap_folder("/inputs"),
    "closed folder": lambda out: ((out / "a").mkdir(), (out / "a" / "B").touch(), os.chmod(out / "a", 0)),
}


def closed_modes(request, out):
    """Fine by its names, but with modes that would keep the parent out."""
    (out / "folder").mkdir()
    (out / "folder" / "file").write_text("kept")
    os.chmod(out / "folder" / "file", 0)
    os.chmod(out / "folder", 0)
    os.chmod(out, 0)
    os.chmod(out.parent, 0)


EXCESSES = {
    one.__name__: one
    for one in (
        nothing,
        memory,
        reserved,
        memory_in_many,
        cpu,
        wall,
        big_file,
        many_bytes,
        many_files,
        big_answer,
        odd_answer,
        forged_answer,
        raise_error,
        leave,
        leave_hard,
        die,
        deep_recursion,
        fork_bomb,
        print_much,
        kill_zygote,
        linger,
        leave_traces,
        find_traces,
        outputs_in_reach,
        leave_behind,
        closed_modes,
    )
}

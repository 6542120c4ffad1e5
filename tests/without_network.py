"""Runs a command where there is no network but loopback, for it and for everything that it starts.

    python tests/without_network.py COMMAND ARGUMENTS…

The kernel holds it: a network namespace of its own, in which nothing but `lo` exists. An ordinary user gets one inside
a user namespace. Where neither can be had, the command does not run.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
MARK = "CASEFILE_TESTS_WITHOUT_NETWORK"


def main(command: list[str]) -> None:
    """Leave the network behind and become `command`."""
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    user, group = os.geteuid(), os.getegid()
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(flags) != 0:
        sys.exit(f"no network namespace can be had here: {os.strerror(ctypes.get_errno())}")
    if flags & CLONE_NEWUSER:
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{user} {user} 1")
        write("/proc/self/gid_map", f"{group} {group} 1")
    raise_loopback()
    os.environ[MARK] = "1"
    os.execvp(command[0], command)


def write(path: str, text: str) -> None:
    """Write one of the kernel's own files."""
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def raise_loopback() -> None:
    """Switch `lo` on: a new namespace has it switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | IFF_UP, b""))


if __name__ == "__main__":
    main(sys.argv[1:])

"""System calls that no worker needs, refused by the kernel (seccomp(2)). Pure: it builds the filter's bytes.

A list of what is refused, not of what is allowed: decoders and interpreters change what they call with each release,
and namespaces, not this list, are what contains a worker. It takes away parts of the kernel that have no business with
untrusted bytes, memory that outlives the call that made it, the address families that leave a network namespace, and
the set-user-ID bit on what is written.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from dataclasses import dataclass

REFUSED = {
    # name: (x86_64, aarch64); -1 where there is none. linux: arch/x86/entry/syscalls/syscall_64.tbl, unistd.h
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, -1),
    "iopl": (172, -1),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "modify_ldt": (154, -1),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
MODES = {
    # name: (x86_64, aarch64, position of the mode among the arguments)
    "chmod": (90, -1, 1),
    "creat": (85, -1, 1),
    "fchmod": (91, 52, 1),
    "fchmodat": (268, 53, 2),
    "fchmodat2": (452, 452, 2),
    "mkdir": (83, -1, 1),
    "mkdirat": (258, 34, 2),
    "mknod": (133, -1, 1),
    "mknodat": (259, 33, 2),
}
"""Calls that set a file's mode. openat2 has its arguments in memory, where no filter sees them, and is refused."""
OPENS = {"open": (2, -1, 1), "openat": (257, 56, 2)}
"""Calls that set it when they create; with the position of their flags, which the mode follows."""
OPENAT2 = 437
SOCKET = (41, 198)
SOCKETPAIR = (53, 199)
CLONE = (56, 220)
CLONE3 = 435

FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
"""The others reach the kernel's own services, or, like AF_VSOCK, the machine below, whatever the network namespace."""
SET_ID_BITS = 0o6000
CLONE_NAMESPACES = 0x7E02_0000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of sched.h."""
X32_BIT = 0x4000_0000
CREATES = 0o100 | 0o20000000
"""O_CREAT and O_TMPFILE: without them the mode means nothing and may hold anything."""

ARCHITECTURES = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}
"""Column of the tables above, and AUDIT_ARCH of linux/audit.h."""

LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""linux/bpf_common.h: BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, …JGE…, …JSET…, BPF_RET|BPF_K."""
ALLOW = 0x7FFF_0000
REFUSE = 0x0005_0000 | errno.EPERM
ABSENT = 0x0005_0000 | errno.ENOSYS
NO_FAMILY = 0x0005_0000 | errno.EAFNOSUPPORT
KILL = 0x8000_0000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data."""


@dataclass(frozen=True, slots=True)
class Step:
    """One BPF instruction; jumps count the instructions to skip."""

    code: int
    value: int
    then: int = 0
    otherwise: int = 0

    def packed(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.then, self.otherwise, self.value)


def filter_program(machine: str = "") -> bytes:
    """The filter for `machine` (this one when empty), as bubblewrap reads it; empty where we know no numbers."""
    known = ARCHITECTURES.get(machine or platform.machine())
    if known is None:
        return b""
    column, audit = known
    steps = [
        Step(LOAD, ARCHITECTURE),
        Step(JUMP_EQUAL, audit, 1, 0),
        # Calls of another architecture have other numbers: none of ours makes any.
        Step(RETURN, KILL),
        Step(LOAD, NUMBER),
        Step(JUMP_GREATER_EQUAL, X32_BIT, 0, 1),
        Step(RETURN, ABSENT),
    ]
    for numbers in REFUSED.values():
        steps += _when(numbers[column], [Step(RETURN, REFUSE)])
    # A C library asks for the older call when it is told that there is no newer one.
    for number in (CLONE3, OPENAT2):
        steps += _when(number, [Step(RETURN, ABSENT)])
    steps += _when(CLONE[column], _refuse_if_set(0, CLONE_NAMESPACES))
    for *by_column, position in MODES.values():
        steps += _when(by_column[column], _refuse_if_set(position, SET_ID_BITS))
    for *by_column, position in OPENS.values():
        unless_it_creates = [Step(LOAD, ARGUMENTS + 8 * position), Step(JUMP_SET, CREATES, 1, 0), Step(RETURN, ALLOW)]
        steps += _when(by_column[column], [*unless_it_creates, *_refuse_if_set(position + 1, SET_ID_BITS)])
    for numbers in (SOCKET, SOCKETPAIR):
        steps += _when(numbers[column], _allow_families())
    steps.append(Step(RETURN, ALLOW))
    return b"".join(step.packed() for step in steps)


def _when(number: int, body: list[Step]) -> list[Step]:
    """`body`, which ends in a return on every path, for the system call `number`."""
    return [] if number < 0 else [Step(JUMP_EQUAL, number, 0, len(body)), *body]


def _refuse_if_set(position: int, bits: int) -> list[Step]:
    return [
        Step(LOAD, ARGUMENTS + 8 * position),
        Step(JUMP_SET, bits, 0, 1),
        Step(RETURN, REFUSE),
        Step(RETURN, ALLOW),
    ]


def _allow_families() -> list[Step]:
    steps = [Step(LOAD, ARGUMENTS)]
    for left, family in enumerate(reversed(FAMILIES)):
        steps.insert(1, Step(JUMP_EQUAL, int(family), left + 1, 0))
    return [*steps, Step(RETURN, NO_FAMILY), Step(RETURN, ALLOW)]

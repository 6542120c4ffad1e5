"""The filter of system calls, decided by an interpreter of its instructions that is written from the kernel's manual.

What the kernel makes of it is shown by the escapes.
"""

from __future__ import annotations

import errno
import socket
import stat
import struct

import pytest

from containment.seccomp import filter_program

ALLOW = 0x7FFF0000
KILL = 0x80000000
ERRNO = 0x00050000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = pytest.mark.parametrize("machine", list(AUDIT))


def decide(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel does: classic BPF over struct seccomp_data (seccomp(2)), for the instructions that we use."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program))
    accumulator = position = 0
    while True:
        code, then, otherwise, value = steps[position]
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value
        else:
            taken = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            position += then if taken else otherwise


NUMBERS = {
    # From each architecture's table in the kernel, apart from the product's own.
    "x86_64": {"read": 0, "execve": 59, "ptrace": 101, "mount": 165, "keyctl": 250, "socket": 41, "clone": 56},
    "aarch64": {"read": 63, "execve": 221, "ptrace": 117, "mount": 40, "keyctl": 219, "socket": 198, "clone": 220},
}
OPENAT = {"x86_64": 257, "aarch64": 56}
FCHMODAT = {"x86_64": 268, "aarch64": 53}


@MACHINES
def test_the_usual_is_allowed_and_what_is_listed_is_refused(machine: str) -> None:
    program = filter_program(machine)
    decided = {name: decide(program, AUDIT[machine], number) for name, number in NUMBERS[machine].items()}
    refused = ERRNO | errno.EPERM
    assert decided == {
        "read": ALLOW,
        "execve": ALLOW,
        "ptrace": refused,
        "mount": refused,
        "keyctl": refused,
        "socket": ERRNO | errno.EAFNOSUPPORT,
        "clone": ALLOW,
    }


@MACHINES
def test_only_three_families_of_sockets_are_left(machine: str) -> None:
    program, number = filter_program(machine), NUMBERS[machine]["socket"]
    allowed = [family for family in range(64) if decide(program, AUDIT[machine], number, family) == ALLOW]
    assert allowed == sorted((socket.AF_UNIX, socket.AF_INET, socket.AF_INET6))


@MACHINES
@pytest.mark.parametrize("flag", [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
def test_no_namespace_is_made(machine: str, flag: int) -> None:
    program, number = filter_program(machine), NUMBERS[machine]["clone"]
    assert decide(program, AUDIT[machine], number, flag | 17) == ERRNO | errno.EPERM
    # What a thread is made with (clone(2)): CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, …
    assert decide(program, AUDIT[machine], number, 0x3D0F00) == ALLOW
    assert decide(program, AUDIT[machine], 435) == ERRNO | errno.ENOSYS


@MACHINES
def test_no_file_gets_a_set_id_bit(machine: str) -> None:
    program, create, write = filter_program(machine), 0o100, 0o1

    def opened(flags: int, mode: int) -> int:
        return decide(program, AUDIT[machine], OPENAT[machine], 0, 0, flags, mode)

    assert opened(create | write, 0o644) == ALLOW
    assert opened(create | write, stat.S_ISUID | 0o755) == ERRNO | errno.EPERM
    assert opened(create | write, stat.S_ISGID | 0o755) == ERRNO | errno.EPERM
    # Without O_CREAT the mode is whatever lies in the register.
    assert opened(0, stat.S_ISUID) == ALLOW
    assert decide(program, AUDIT[machine], FCHMODAT[machine], 0, 0, 0o755) == ALLOW
    assert decide(program, AUDIT[machine], FCHMODAT[machine], 0, 0, 0o4755) == ERRNO | errno.EPERM


def test_calls_of_another_architecture_end_the_process() -> None:
    assert decide(filter_program("x86_64"), 0x40000003, 4) == KILL
    assert decide(filter_program("x86_64"), AUDIT["x86_64"], 0x40000000 | 59) == ERRNO | errno.ENOSYS


def test_where_no_numbers_are_known_there_is_no_filter() -> None:
    assert filter_program("riscv64") == b""

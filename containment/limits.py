"""Bounds of one call, and the ways in which a call ends abnormally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["crashed", "killed", "timeout", "memory", "output", "malformed", "signal"]
"""`crashed`: the worker raised, or left without an answer. `killed`: ended from outside, or the whole sandbox did, or
too many processes ran. `timeout`: wall or CPU seconds. `memory`, `output`: that bound was met. `malformed`: the answer
or the files are not what they should be. `signal`: the process died of its own fault."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call. Seconds and bytes.

    `cpu_s` and `memory_bytes` hold for each process (all together may take twice the memory), `file_bytes` for each
    file, `output_bytes` for all files together, `processes` for all that run at the same time. The kernel, where it
    counts, counts threads as processes: decoders start as many as there are cores.
    """

    wall_s: int
    cpu_s: int
    memory_bytes: int
    file_bytes: int
    output_bytes: int
    processes: int = 256


class Ended(Exception):
    """A call ended abnormally. `usable` says whether the sandbox can take another one."""

    def __init__(self, kind: Kind, detail: str, *, usable: bool = True) -> None:
        super().__init__(detail)
        self.kind: Kind = kind
        self.detail = detail
        self.usable = usable

"""The tool register: every program and library that had part in an event, and what each of them had part in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import eq, ge, gt, le, lt

from casefile.digests import sha256
from casefile.errors import UsageError
from casefile.events.envelope import Subject
from casefile.events.port import Draft, draft
from casefile.events.types import ToolRegistered
from casefile.ids import LogId, ToolId, machine_event_id, tool_id
from casefile.model import ToolUse
from casefile.records.engine import reading
from casefile.records.tools import ToolRecord, list_tools
from pipelines.services import Services

Compare = Callable[[tuple[int, ...], tuple[int, ...]], bool]
SIGNS: Mapping[str, Compare] = {"<=": le, ">=": ge, "==": eq, "<": lt, ">": gt, "=": eq}
WANTED = re.compile(r"\s*([^<>=]+?)\s*(?:(<=|>=|==|<|>|=)\s*(\S+)\s*)?")


def register_tools(services: Services, tools: Iterable[ToolUse]) -> None:
    """Record those tools that the log does not know yet. Repeating it changes nothing."""
    fresh = {identity: tool for tool in tools if (identity := id_of(services.log.id, tool)) not in services.known_tools}
    if fresh:
        services.append(*(_registration(services.log.id, identity, tool) for identity, tool in fresh.items()))
        services.known_tools.update(fresh)


def id_of(log: LogId, tool: ToolUse) -> ToolId:
    """The register id of a tool: the same for the same name, version, path and digest."""
    return tool_id(log, sha256(tool.canonical()))


def _registration(log: LogId, identity: ToolId, tool: ToolUse) -> Draft:
    return draft(
        "tool.registered",
        Subject(kind="tool", id=identity),
        body=ToolRegistered(tool=tool),
        id=machine_event_id(log, identity, "registered", 1),
    )


def tools_meant(services: Services, wanted: str) -> tuple[ToolRecord, ...]:
    """The registered tools that `NAME`, `NAME<VERSION`, `NAME>=VERSION` and the like mean.

    Versions are compared by the numbers in them, in their order. Raises UsageError for what cannot be read, and when
    no tool of that name is registered.
    """
    parsed = WANTED.fullmatch(wanted)
    if parsed is None:
        raise UsageError(f"{wanted!r} is no tool; write NAME, or NAME<VERSION")
    name, sign, version = parsed.groups()
    if sign and not numbers_of(version):
        raise UsageError(f"{version!r} is no version")
    return tuple(one for one in registered_as(services, name) if not sign or meets(one.version or "", sign, version))


def registered_as(services: Services, name: str) -> tuple[ToolRecord, ...]:
    """Every registered version of a tool. Raises UsageError when there is none."""
    with reading(services.engine) as connection:
        registered = list_tools(connection)
    named = tuple(tool for tool in registered if tool.name == name)
    if not named:
        known = ", ".join(sorted({tool.name for tool in registered if tool.name})) or "none"
        raise UsageError(f"no tool {name!r} is registered; registered are: {known}")
    return named


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers of a version, such as 2026, 7, 4 of `2026.07.04`."""
    return tuple(int(one) for one in re.findall(r"[0-9]+", version.partition("+")[0]))


def meets(own_version: str, sign: str, version: str) -> bool:
    """Whether a version stands so to another, by the numbers in both."""
    own, other = (_padded(numbers_of(one)) for one in (own_version, version))
    return SIGNS[sign](own, other)


def _padded(numbers: Sequence[int]) -> tuple[int, ...]:
    """1.2 and 1.2.0 are one version."""
    kept = list(numbers)
    while kept and kept[-1] == 0:
        kept.pop()
    return tuple(kept)

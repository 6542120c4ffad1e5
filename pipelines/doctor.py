"""What is here, what is missing, what for, and what still works without it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casefile.errors import WorkspaceUnusable
from casefile.legible import spoken
from casefile.model import ToolUse
from casefile.settings import load_settings, merge_settings
from casefile.vocabulary import ContainmentLevel
from casefile.workspace import Workspace
from containment.register import describe_tools
from containment.sandbox import WEAK_LACKS, available
from containment.upstream import DIRECT, ask_whether_it_answers
from pipelines.egress_policy import egress_policy
from pipelines.installed_tools import REMEDY, lacking_tools
from pipelines.services import open_services
from pipelines.unfinished import unfinished
from pipelines.vetting import unvetted


@dataclass(frozen=True, slots=True)
class Need:
    """A program, what it is for, how to install it, and what still works without it."""

    name: str
    needed_for: str
    debian: str
    without: str


NEEDS = (
    Need("bwrap", "full containment", "bubblewrap", "everything, at `--containment weak`, which each capture records"),
    Need("ffmpeg", "viewing copies of video in parts", "ffmpeg", "collection; parts are kept as they came"),
    Need("ffprobe", "facts about audio and video", "ffmpeg", "collection, and the other checks"),
    Need("exiftool", "metadata", "libimage-exiftool-perl", "collection, and the other checks"),
)
OPTIONAL = (
    Need("chromium", "pages as they are shown (`--method browser`)", "chromium", "pages as they are sent"),
    Need("deno", "video from sites that need JavaScript", "", "all other sites"),
)
BYTES_PER_CAPTURE = 2_500_000
FILES_PER_CAPTURE = 16
"""Of a page with a picture or two; for the estimate of what a million captures need."""


def best_level() -> ContainmentLevel:
    """Full containment where it can be had here."""
    return ContainmentLevel.FULL if available().full else ContainmentLevel.WEAK


def containment_here() -> dict[str, Any]:
    """The level that this machine has, why not more, and what that one lacks."""
    found = available()
    return {"level": best_level(), "reason": found.reason, "lacks": [] if found.full else list(WEAK_LACKS)}


def examine_machine(root: Path, level: ContainmentLevel) -> dict[str, Any]:
    """Tools with versions, containment, free space, and what a million captures would take."""
    names = [need.name for need in (*NEEDS, *OPTIONAL)]
    described: Mapping[str, ToolUse] = {tool.name: tool for tool in describe_tools(names, level)}
    found = available()
    problems = {} if found.full else {"bwrap": found.reason}
    tools = [_tool(need, described.get(need.name), problems.get(need.name, ""), required=True) for need in NEEDS]
    tools += [_tool(need, described.get(need.name), "", required=False) for need in OPTIONAL]
    free = os.statvfs(root if root.exists() else Path.cwd())
    return {
        "tools": tools,
        "containment": containment_here(),
        "space": {
            "bytes_free": free.f_bavail * free.f_frsize,
            "inodes_free": free.f_favail,
            "bytes_for_a_million_captures": BYTES_PER_CAPTURE * 1_000_000,
            "inodes_for_a_million_captures": FILES_PER_CAPTURE * 1_000_000,
        },
        "root_key_here": str(Workspace(root.absolute()).root_key)
        if Workspace(root.absolute()).root_key.exists()
        else "",
        "missing": [tool["name"] for tool in tools if tool["required"] and (tool["problem"] or not tool["found"])],
    }


def examine_upstream(root: Path, environment: Mapping[str, str], *, ask: bool) -> dict[str, Any]:
    """The way out that is set; with `ask` also what is wrong with the proxy, which is contacted for it and no further.

    Raises SettingsError for settings that name no way.
    """
    try:
        settings = load_settings(root, environment)
    except WorkspaceUnusable:
        settings = merge_settings({}, environment)
    upstream = egress_policy(settings.egress).upstream
    found: dict[str, Any] = {"way": upstream.shown, "asked": ask and upstream != DIRECT}
    if found["asked"]:
        found["problem"] = ask_whether_it_answers(upstream)
        found["answers"] = not found["problem"]
    return found


def examine_register(root: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The tools of this workspace that nobody has answered for, and those that it was told to use and lacks; what
    exports that died have left on media that are away.

    None where there is no workspace.
    """
    try:
        with open_services(root, environment) as services:
            left = unfinished(services.workspace)
            return {"unvetted": unvetted(services), "lacks": lacking_tools(services), "unfinished": left}
    except WorkspaceUnusable:
        return {"unvetted": [], "lacks": [], "unfinished": []}


def _tool(need: Need, tool: ToolUse | None, problem: str, *, required: bool) -> dict[str, Any]:
    """What is known of a program. `problem` says why one that is here does not do what it is needed for."""
    return {
        "name": need.name,
        "found": tool is not None,
        "problem": problem if tool is not None else "",
        "version": tool.version if tool else "",
        "path": tool.path if tool else "",
        "sha256": tool.sha256 if tool else "",
        "needed_for": need.needed_for,
        "without_it": need.without,
        "install": f"apt-get install {need.debian}" if need.debian else f"pip install {need.name}",
        "required": required,
    }


def doctor_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    for tool in found["tools"]:
        if tool["found"] and tool["problem"]:
            yield f"USELESS  {tool['name']} {tool['version']}, needed for {tool['needed_for']}: {tool['problem']}"
            yield f"         still works: {tool['without_it']}; see docs/containment.md"
        elif tool["found"]:
            yield f"ok       {tool['name']} {tool['version']}  ({tool['needed_for']})"
        else:
            yield f"{'MISSING' if tool['required'] else 'optional'}  {tool['name']}, needed for {tool['needed_for']}"
            yield f"         still works: {tool['without_it']}; install: {tool['install']}"
    level = found["containment"]
    yield f"containment: {level['level']}" + (f", as {level['reason']}" if level["reason"] else "")
    for lack in level["lacks"]:
        yield f"         lacks {lack}"
    if "upstream" in found:
        yield _upstream_line(found["upstream"])
    space = found["space"]
    yield f"free: {space['bytes_free']:,} bytes, {space['inodes_free']:,} inodes"
    yield (
        f"a million captures need about {space['bytes_for_a_million_captures']:,} bytes and "
        f"{space['inodes_for_a_million_captures']:,} inodes"
    )
    if found["root_key_here"]:
        yield f"ROOT KEY  {found['root_key_here']} lies beside what it is to confirm: move it to a disk kept elsewhere"
    for tool in found.get("lacks", ()):
        yield f"LACKS    {tool}, which this workspace was told to use: {REMEDY.replace('NAME', tool.split()[0])}"
    for place in found.get("unfinished", ()):
        yield f"LEFT     {place}, of an export that died; it goes when that medium is here, or remove it yourself"
    if found.get("unvetted"):
        yield f"nobody has answered for: {', '.join(found['unvetted'])}; see `casefile tools vet TOOL --template`"
    if "locator" in found:
        yield ""
        yield from _named(found["locator"])


def _named(values: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name.replace('_', ' ')}:"
            yield from _named(value, f"{indent}    ")
        else:
            yield f"{indent}{name.replace('_', ' ')}: {spoken(value)}"


def _upstream_line(upstream: Mapping[str, Any]) -> str:
    if not upstream["asked"]:
        return f"upstream: {upstream['way']}"
    return f"upstream: {upstream['way']}, " + ("answers" if upstream["answers"] else f"FAILS: {upstream['problem']}")

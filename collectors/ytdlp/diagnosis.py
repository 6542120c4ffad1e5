"""A worker that says which extractor would take a locator and what it needs; it asks nothing of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.extractor.common import InfoExtractor

from casefile.canonical import Json
from casefile.model import readable
from collectors.ytdlp.answer import tool_use
from collectors.ytdlp.extraction import Messages
from collectors.ytdlp.lookups import Diagnosis, ScriptRuntime
from collectors.ytdlp.matching import extractors, key_for

GENERAL = "Generic"


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Diagnose `request["locator"]`; the answer is a Diagnosis."""
    return diagnose(str(request["locator"])).plain()


def diagnose(locator: str) -> Diagnosis:
    """The extractor for `locator` and its needs."""
    key = key_for(locator) or GENERAL
    kind = extractors()[key]
    return Diagnosis(
        extractor=readable(str(kind.IE_NAME), 256),
        description=readable(str(kind.IE_DESC or ""), 256),
        general=key == GENERAL,
        working=bool(kind.working()),
        login=bool(kind._NETRC_MACHINE),
        needs_script_runtime=_runs_scripts(kind),
        script_runtimes=_script_runtimes(),
        tools=(tool_use(),),
    )


def _runs_scripts(kind: type[InfoExtractor]) -> bool:
    """Whether the extractor sets up yt-dlp's director of JavaScript challenges when it begins."""
    begin: Any = getattr(kind, "real_class", kind)._real_initialize
    return "initialize_jsc_director" in begin.__code__.co_names


def _script_runtimes() -> tuple[ScriptRuntime, ...]:
    """The runtimes that yt-dlp is allowed to use here, with the versions that they give of themselves."""
    with yt_dlp.YoutubeDL({"logger": Messages(), "cachedir": False}, auto_init=False) as asked:
        found = {name: runtime.info if runtime else None for name, runtime in asked._js_runtimes.items()}
    return tuple(
        ScriptRuntime(name=name, version=readable(info.version, 64), supported=bool(info.supported))
        if info
        else ScriptRuntime(name=name)
        for name, info in sorted(found.items())
    )

"""What `doctor` says of keeping: when stored bytes were read last, and which copies there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from casefile.errors import CasefileError
from casefile.records.engine import reading
from pipelines.fixity import age_lines, when_read
from pipelines.replicas import lacking, list_replicas
from pipelines.services import open_services


def examine_keeping(root: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The same for a program; empty without a workspace, only `problem` where it cannot be opened."""
    if not (root / "casefile.toml").is_file():
        return {}
    try:
        with open_services(root, environment) as services, reading(services.engine) as connection:
            now = services.clock.read().wall
            replicas = list_replicas(connection)
            return {
                "read": when_read(connection, now).plain(),
                "copies": 1 + sum(one.counts(now) for one in replicas),
                "lacking": lacking(replicas, services.settings.replicas, now),
                "erased_left": [one.name for one in replicas if one.erased_left],
            }
    except CasefileError as error:
        return {"problem": str(error)}


def keeping_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    if "problem" in found:
        yield f"UNUSABLE this workspace: {found['problem']}"
    if "read" in found:
        yield from age_lines(found["read"])
        for one in found["lacking"]:
            yield f"COPIES   {one}: see `casefile replicas`"
        for name in found["erased_left"]:
            yield f"ERASED   {name} still holds what was erased: back up to it and check it again"

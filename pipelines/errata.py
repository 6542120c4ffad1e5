"""The errata: known defects of tools by version, and which registered tools they touch."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from casefile.canonical import canonical_json
from casefile.model import Value
from casefile.records.tools import ToolRecord
from pipelines.tool_register import meets

COMPARISON = re.compile(r"(<=|>=|==|<|>|=)(\S+)")


class Erratum(Value):
    """One defect. A version is affected when it meets every comparison in `affected`."""

    id: str
    published: str
    tool: str
    affected: tuple[str, ...]
    effect: str
    remedy: str

    def touches(self, tool: ToolRecord) -> bool:
        """Whether a registered tool has the defect; one whose version is not known may have it."""
        if tool.name != self.tool:
            return False
        return not tool.version or all(meets(tool.version, *_parts(one)) for one in self.affected)


@cache
def errata() -> tuple[Erratum, ...]:
    """The errata that this version of Casefile knows, in the order of their numbers."""
    stated = tomllib.loads(files("pipelines").joinpath("errata.toml").read_text("utf-8"))
    return tuple(Erratum.model_validate_json(canonical_json(one)) for one in stated["erratum"])


def errata_of(tools: Iterable[ToolRecord]) -> tuple[Erratum, ...]:
    """Those that touch one of the tools."""
    known = tuple(tools)
    return tuple(one for one in errata() if any(one.touches(tool) for tool in known))


def _parts(comparison: str) -> tuple[str, str]:
    parsed = COMPARISON.fullmatch(comparison)
    if parsed is None:
        raise ValueError(f"{comparison!r} is no comparison of versions")
    return parsed[1], parsed[2]

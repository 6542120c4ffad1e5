"""What the rules about an investigation as a whole ask, each of it found once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from casefile.records.acts import Act, list_acts
from casefile.records.engine import Connection
from pipelines.due import Due, list_due
from pipelines.services import Services

OVERRIDDEN, WARNED = "overridden", "warned"


@dataclass(slots=True)
class Investigation:
    """What the rules ask; `newest` is the last event of each type there is, `opened` the first of all."""

    services: Services
    newest: Mapping[str, str]
    opened: str
    due: list[Due] = field(default_factory=list)

    def due_of(self, code: str) -> list[str]:
        """What is due of a kind, in words."""
        self.due = self.due or list_due(self.services)
        return [one.said for one in self.due if one.code == code]

    def last(self, *names: str) -> tuple[str, ...]:
        """The last event of each of these types, else the first of all."""
        return tuple(self.newest[name] for name in names if name in self.newest) or (self.opened,)


def gates_passed(rows: Connection, gate: str, *, status: str = OVERRIDDEN) -> list[Act]:
    """Each time that somebody went on although this gate lacked something: for a reason, or after a warning."""
    return [act for act in list_acts(rows, "gate.overridden") if act.status == status and _of(act, gate)]


def _of(act: Act, gate: str) -> bool:
    return f'"gate":"{gate}"' in (act.body or "")


def reason_of(act: Act) -> str:
    """The reason for which somebody went on; that it was erased, where it was."""
    return str(json.loads(act.body)["reason"]) if act.body else "(erased)"

"""The effects of an event as golden vectors hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casefile.events.effects import Effect, Forget, Insert


def effect_of(effect: Effect) -> Mapping[str, Any]:
    """An effect as JSON."""
    if isinstance(effect, Forget):
        return {"forget": effect.target, "part": effect.part}
    erasable = {name: list(columns) for name, columns in effect.from_part.items()}
    if isinstance(effect, Insert):
        rows = [dict(row) for row in effect.rows]
        return {"insert": effect.table, "rows": rows, "numbered": effect.numbered, "from_part": erasable}
    return {"update": effect.table, effect.key: effect.key_value, "values": dict(effect.values), "from_part": erasable}

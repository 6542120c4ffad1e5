"""Writes the golden vectors that are missing: `python tests/vectors/write.py`. Never writes over one that is there.

A vector is what one published (type, schema) looks like for ever: the bytes of an envelope, its parts with fixed
salts, the leaf, and the effects on the view tables. A new type needs a specimen beside tests/events/specimens.py.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "events")]

from effect_form import effect_of  # noqa: E402
from planning_specimens import PLANNING_SPECIMENS  # noqa: E402
from specimens import CLOCK, EARLIER, LOG, PERSON, REMARK, RUN, SPECIMENS  # noqa: E402

from casefile.events.envelope import Envelope, Event, Part, leaf_hash  # noqa: E402
from casefile.events.port import Draft  # noqa: E402
from casefile.events.projecting import project  # noqa: E402
from casefile.ids import derived  # noqa: E402


def event_of(draft: Draft) -> Event:
    """The draft as an event whose id, time and salts are fixed."""
    event_id = REMARK if draft.type == "remark.added" else derived(LOG, "vector", draft.type, str(draft.schema))
    parts = {
        name: Part(event_id, name, hashlib.sha256(f"{event_id} {name}".encode()).digest(), value.canonical())
        for name, value in draft.parts.items()
    }
    envelope = Envelope(
        actor=f"person:{PERSON}",
        clock=CLOCK,
        id=event_id,
        log=LOG,
        outcome=draft.outcome,
        parts={name: part.commitment for name, part in parts.items()},
        recorded_at=EARLIER,
        run=RUN,
        schema_number=draft.schema,
        subject=draft.subject,
        type=draft.type,
    )
    return Event(envelope, parts)


def vector_of(event: Event) -> Mapping[str, Any]:
    """The vector of one event."""
    content = event.envelope.to_bytes()
    return {
        "envelope": content.decode(),
        "leaf": leaf_hash(content).hex(),
        "parts": {
            name: {"salt": part.salt.hex(), "content": part.content.decode()} for name, part in event.parts.items()
        },
        "effects": [effect_of(effect) for effect in project(event)],
    }


def name_of(draft: Draft) -> str:
    """The vector's file name."""
    return f"{draft.type}.{draft.schema}.json"


def main() -> None:
    for draft in (*SPECIMENS, *PLANNING_SPECIMENS):
        path = HERE / name_of(draft)
        if not path.exists():
            text = json.dumps(vector_of(event_of(draft)), ensure_ascii=False, indent=1, sort_keys=True)
            path.write_text(text + "\n", "utf-8")
            print("written", path.name)


if __name__ == "__main__":
    main()

"""What machines found on an item, as suggestions beside the checks that people make. None of it is a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casefile.legible import spoken
from casefile.records.assessments import newest_examination_event
from casefile.records.engine import Connection
from casefile.records.queries import ItemFilter, ItemRecord, list_items, newest_examination
from casefile.vocabulary import Judgement
from casefile.vocabulary_verification import Check
from pipelines.sight import edges_seen
from verification.edges import score
from verification.interface import ClaimField

Suggestion = Mapping[str, Any]
CONFLICT = "casefile:conflict"
"""The origin of a conflict between claims, which no machine resolves."""
OF_FIELD: Mapping[str, tuple[Check, ...]] = {
    ClaimField.CREATED: (Check.CHRONOLOCATION, Check.METADATA),
    ClaimField.DIGITISED: (Check.CHRONOLOCATION, Check.METADATA),
    ClaimField.MODIFIED: (Check.INTEGRITY, Check.METADATA),
    ClaimField.POSTED: (Check.CHRONOLOCATION, Check.PROVENANCE, Check.ATTENUATION),
    ClaimField.LOCATION: (Check.GEOLOCATION, Check.METADATA),
    ClaimField.DEVICE_MAKE: (Check.METADATA,),
    ClaimField.DEVICE_MODEL: (Check.METADATA,),
    ClaimField.SERIAL: (Check.METADATA,),
    ClaimField.SOFTWARE: (Check.INTEGRITY, Check.METADATA),
    ClaimField.AUTHOR: (Check.ATTRIBUTION,),
    ClaimField.RIGHTS: (Check.ATTRIBUTION,),
}
"""Which checks a claimed value is of use to."""


def suggestions_of(rows: Connection, item: ItemRecord, viewer: str) -> dict[Check, list[Suggestion]]:
    """By check, what the newest examination and the comparison of pictures found; each with where it comes from.

    Pairs that somebody called different are left out, as far as `viewer` may see that they did.
    """
    found: dict[Check, list[Suggestion]] = {}
    examination = newest_examination(rows, item.id)
    if examination is not None:
        event = newest_examination_event(rows, item.id)
        for group in examination.claims:
            for claim in group.get("claims", ()):
                for check in OF_FIELD.get(claim["field"], ()):
                    text = f"{claim['field']} {claim['value']}"
                    _add(found, check, {"text": text, "origin": claim["origin"], "event": event})
                if str(claim["origin"]).startswith("EXIF:"):
                    text = f"{claim['field']} {claim['value']}"
                    _add(found, Check.EXIF, {"text": text, "origin": claim["origin"], "event": event})
            for conflict in group.get("conflicts", ()):
                values = " / ".join(f"{one['value']} [{one['origin']}]" for one in conflict["claims"])
                text = f"conflict in {conflict['field']} ({conflict['kind']}): {values}"
                _add(found, Check.METADATA, {"text": text, "origin": CONFLICT, "event": event})
        for finding in examination.findings:
            for notice in finding.get("notices", ()):
                text = f"{notice['code']}: {spoken(notice['text'])}"
                _add(found, Check.INTEGRITY, {"text": text, "origin": f"casefile:{finding['check']}", "event": event})
    if item.outcome == "partial":
        text = f"the capture is partial ({item.cause or 'no cause'})"
        _add(found, Check.COMPLETENESS, {"text": text, "origin": "casefile:capture", "event": None})
    for one in _likenesses(rows, item, viewer):
        _add(found, Check.PROVENANCE, one)
        _add(found, Check.CORROBORATION, one)
    return found


def _likenesses(rows: Connection, item: ItemRecord, viewer: str) -> list[Suggestion]:
    edges = [edge for edge in edges_seen(rows, viewer, item=item.id) if edge.judgement != Judgement.DIFFERENT]
    others = {edge.item_b if edge.item_a == item.id else edge.item_a for edge in edges}
    labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=tuple(others)))} if others else {}
    return [
        {
            "text": f"looks like {labels.get(other, other)}, score {score(edge.distance, edge.bits)}, one origin if so",
            "origin": f"casefile:{edge.method}",
            "event": None,
            "edge": edge.edge,
        }
        for edge in edges
        for other in [edge.item_b if edge.item_a == item.id else edge.item_a]
    ]


def _add(found: dict[Check, list[Suggestion]], check: Check, suggestion: Suggestion) -> None:
    several = found.setdefault(check, [])
    if suggestion not in several:
        several.append(suggestion)

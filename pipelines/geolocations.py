"""Places that people established, as GeoJSON (RFC 7946), and parts of items as Web Annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from casefile.events.types_verification import Quote, Region
from casefile.records.assessments import StepRecord, items_with_places
from casefile.records.engine import Connection, reading
from casefile.records.people import list_people
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items
from pipelines.services import Services
from pipelines.sight import look, viewer_of
from verification.regions import quotation_of, target_of


def geojson_of(services: Services, items: Sequence[str] = ()) -> dict[str, Any]:
    """The current steps with a place that whoever asks may see, of these items or of all. Raises UnknownItem.

    Coordinates are WGS 84, longitude first; the radius and what was written are among the properties, so that nothing
    of the uncertainty is lost. A place is a point with a radius, and drawing it as a point alone says too much.
    """
    with reading(services.engine) as rows:
        found = find_items(rows, items) if items else _all(rows)
        seen = look(rows, [one.id for one in found], viewer_of(services))
        people = {person.id: person.name or "(erased)" for person in list_people(rows)}
    features = [
        _feature(item, step, people.get(step.recorded_by, step.recorded_by))
        for item in found
        for step in seen[item.id].current
        if step.body and step.body.get("place")
    ]
    return {"type": "FeatureCollection", "features": features}


def annotations_of(services: Services, item: str) -> list[dict[str, Any]]:
    """The evidence of each visible current step on an item as a Web Annotation. Raises UnknownItem."""
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
        steps = look(rows, [found.id], viewer_of(services))[found.id].current
        named = {region["item"] for step in steps for region in _evidence(step)}
        digests = {one.id: one.sha256 or "" for one in list_items(rows, ItemFilter(ids=tuple(named)))} if named else {}
    return [
        {
            "@context": "http://www.w3.org/ns/anno.jsonld",
            "id": f"urn:casefile:event:{step.event}",
            "type": "Annotation",
            "motivation": "assessing",
            "created": step.recorded_at,
            "creator": f"urn:casefile:person:{step.recorded_by}",
            "body": {"type": "TextualBody", "purpose": "classifying", "value": f"{step.check}: {step.result}"},
            "target": [*_targets(step, digests)],
        }
        for step in steps
        if _evidence(step)
    ]


def _evidence(step: StepRecord) -> list[dict[str, Any]]:
    return [*(step.body or {}).get("regions", ()), *(step.words or {}).get("quotes", ())]


def _targets(step: StepRecord, digests: dict[str, str]) -> Iterator[dict[str, Any]]:
    for stated in (step.body or {}).get("regions", ()):
        yield dict(target_of(Region.model_validate(stated), digests.get(stated["item"], "")))
    for stated in (step.words or {}).get("quotes", ()):
        yield dict(quotation_of(Quote.model_validate(stated), digests.get(stated["item"], "")))


def _all(rows: Connection) -> list[ItemRecord]:
    items = items_with_places(rows)
    return list_items(rows, ItemFilter(ids=tuple(items))) if items else []


def _feature(item: ItemRecord, step: StepRecord, author: str) -> dict[str, Any]:
    body, words = step.body or {}, step.words or {}
    place = body["place"]
    return {
        "type": "Feature",
        "id": step.event,
        "geometry": {"type": "Point", "coordinates": [place["longitude_e7"] / 1e7, place["latitude_e7"] / 1e7]},
        "properties": {
            "item": item.label,
            "locator": item.locator,
            "check": step.check,
            "result": step.result,
            "precision_m": place["precision_m"],
            "written": words.get("place_as_written"),
            "form": place["form"],
            "when": body.get("when"),
            "method": words.get("method"),
            "alternatives": words.get("alternatives", []),
            "references": words.get("references", []),
            "by": author,
            "at": step.recorded_at,
        },
    }

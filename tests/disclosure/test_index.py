"""The index of a package: every field that handing over asks for, out of what leaves and of nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import ItemClaims, ItemExamined
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.posts import Post, PostClaim, PostField
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.vocabulary_planning import DocumentKind
from pipelines.documents import record_document
from pipelines.exporting import Exported
from pipelines.services import Services, open_services
from pipelines.verifying import correct_step, record_step
from pipelines.written import checked
from verification.steps import NewStep

from .workspaces import AGREED, ENVIRONMENT, RECIPIENT, exported

SEEN = {"method": "looked at it", "finding": "nothing speaks against it", "alternatives": ["the next bay"]}
REFERENCE = {"provider": "Maps", "imagery_date": "2026-03", "licence": "CC BY 4.0", "features": ["tower", "jetty"]}
PLACE = {
    **SEEN,
    "check": "geolocation",
    "result": "supports",
    "place": "47.6101, 9.4203",
    "precision": "25 m",
    "references": [REFERENCE],
}
TIME = {
    **SEEN,
    "check": "chronolocation",
    "result": "supports",
    "when": "2026-05-04T10:21+02:00",
    "basis": "the shadow of the tower",
    "references": [REFERENCE],
}


def claims_of(services: Services, item: str) -> None:
    """What an examination and a reading of posts state of an item."""
    stated = {"created_time": "2026-05-04T10:20:00", "location": "47.5 9.5"}
    claims = [{"field": field, "value": value, "origin": "EXIF:x"} for field, value in stated.items()]
    said = PostClaim(field=PostField.LANGUAGE, value="ar", origin="page:lang")
    services.append(
        draft(
            "item.examined",
            Subject(kind="item", id=item),
            body=ItemExamined(),
            personal=ItemClaims(claims=({"check": "metadata", "claims": claims, "conflicts": []},)),
            outcome=EventOutcome(status="examined"),
        ),
        draft(
            "posts.read",
            Subject(kind="item", id=item),
            Subject(kind="post", id=item, count=1),
            body=PostsRead(version="1"),
            personal=PostsSaid(posts=(Post(source="page", claims=(said,)),)),
            outcome=EventOutcome(status="read"),
        ),
    )


def row_of(made: Exported) -> dict[str, str]:
    (row,) = csv.DictReader(io.StringIO((made.path / "index.csv").read_text("utf-8-sig")))
    return row


@pytest.fixture
def told(own: Path) -> Path:
    with open_services(own, ENVIRONMENT) as services:
        with reading(services.engine) as connection:
            item = find_items(connection, ["I-0001"])[0].id
        claims_of(services, item)
        record_document(
            services,
            DocumentKind.AGREEMENT,
            RECIPIENT,
            {
                "assessed_on": "2026-05-03", "review_by": "2199-01-01", "agreement": AGREED, "purpose": "one case",
                "until": "2199-01-01", "conditions": "not to be published",
            },
        )  # fmt: skip
    return own


def test_five_times_place_languages_and_the_condition_of_sharing_are_told(told: Path, tmp_path: Path) -> None:
    stated = row_of(exported(told, tmp_path / "stated", "I-0001"))
    assert stated["created_time"] == "2026-05-04T10:20:00"
    assert stated["place"] == "47.5 9.5 (as stated by the file)"
    assert (stated["languages"], stated["event_time"]) == ("ar", "")
    assert stated["sharing_condition"] == f"under {AGREED}; for one case; not to be published; until 2199-01-01"
    assert stated["captured_time"]
    assert stated["recorded_time"]
    with open_services(told, ENVIRONMENT) as services:
        early = record_step(services, "I-0001", checked({**TIME, "when": "2026-05-03"}, NewStep))
        correct_step(services, early.event, checked(TIME, NewStep), "a day off")
        record_step(services, "I-0001", checked(PLACE, NewStep))
    found = row_of(exported(told, tmp_path / "found", "I-0001"))
    assert found["event_time"] == "2026-05-04T10:21+02:00 (supports)"
    assert found["place"] == "47.6101000 9.4203000 within 25 m (supports)"

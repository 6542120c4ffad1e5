"""The golden vectors: what was published is read, written and projected as it always was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from casefile.events.effects import Insert
from casefile.events.envelope import Envelope, Event, Part, PartName, commitment, leaf_hash
from casefile.events.journal import framed
from casefile.events.private import encode
from casefile.events.projecting import project
from casefile.events.types import PUBLISHED, payload
from casefile.events.upcasting import upcast
from casefile.model import Value

from .effect_form import effect_of
from .places import independent_report

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
EARLIER = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "earlier").glob("*.json"))}
"""Forms that were written before a vector of the same pair of type and schema, and are read as they were."""

by_name = pytest.mark.parametrize(
    "vector", [*VECTORS.values(), *EARLIER.values()], ids=[*VECTORS, *(f"earlier-{name}" for name in EARLIER)]
)
Vector = Mapping[str, Any]


def event_of(vector: Vector) -> Event:
    envelope = Envelope.from_bytes(vector["envelope"].encode())
    parts = {
        PartName(name): Part(envelope.id, PartName(name), bytes.fromhex(part["salt"]), part["content"].encode())
        for name, part in vector["parts"].items()
    }
    return Event(envelope, parts)


ERASED_PART = ("content.erased", 1)


def test_every_published_type_has_a_vector() -> None:
    assert set(VECTORS) == {f"{name}.{schema}" for name, schema in PUBLISHED}


@by_name
def test_the_bytes_of_an_envelope_are_written_as_they_were(vector: Vector) -> None:
    content = vector["envelope"].encode()
    assert Envelope.from_bytes(content).to_bytes() == content
    assert rfc8785.dumps(json.loads(content)) == content


@by_name
def test_the_bytes_of_a_part_are_written_as_they_were(vector: Vector) -> None:
    event = event_of(vector)
    for name, part in event.parts.items():
        value = payload(event, name, Value)
        assert isinstance(value, Value)
        assert value.canonical() == part.content
        assert rfc8785.dumps(json.loads(part.content)) == part.content


@by_name
def test_leaf_and_commitments_are_the_hashes_that_they_are_said_to_be(vector: Vector) -> None:
    event = event_of(vector)
    content = vector["envelope"].encode()
    assert leaf_hash(content) == hashlib.sha256(b"\0" + content).digest() == bytes.fromhex(vector["leaf"])
    for name, part in event.parts.items():
        expected = "sha256:" + hashlib.sha256(part.salt + part.content).hexdigest()
        assert commitment(part.salt, part.content) == event.envelope.parts[name] == expected
        assert part.fulfils(event.envelope)


@by_name
def test_the_effects_on_the_tables_are_what_they_were(vector: Vector) -> None:
    effects = [effect_of(effect) for effect in project(upcast(event_of(vector)))]
    assert json.loads(json.dumps(effects)) == vector["effects"]


@by_name
def test_every_part_may_have_been_erased(vector: Vector) -> None:
    event = event_of(vector)
    for name in PartName:
        for effect in project(upcast(event.without(name))):
            for row in getattr(effect, "rows", None) or [getattr(effect, "values", {})]:
                erased = {column: row[column] for column in getattr(effect, "from_part", {}).get(name, ())}
                assert erased == dict.fromkeys(erased)


def test_a_judgement_is_read_from_both_forms_of_a_decision() -> None:
    judgements, kept = [], []
    for vector in (VECTORS["duplicate.decided.1"], EARLIER["duplicate.decided.1"]):
        event = event_of(vector)
        for one, told in ((event, judgements), (event.without(PartName.BODY), kept)):
            (insert,) = project(upcast(one))
            assert isinstance(insert, Insert)
            told.append(insert.rows[0]["judgement"])
    assert (judgements, kept) == (["same", "same"], [None, "same"])


def test_the_independent_checker_agrees(tmp_path: Path) -> None:
    """It reads the vectors as a log; the bytes of the files are put together here, from their description."""
    for folder in ("journal", "private"):
        (tmp_path / folder).mkdir()
    events = [event_of(vector) for vector in VECTORS.values()]
    parts_erased = [
        one.envelope for one in events if one.envelope.type == "content.erased" and one.envelope.schema_number == 1
    ]
    erased = {(one.subject_of("event"), "personal") for one in parts_erased}
    journal = b"".join(framed(vector["envelope"].encode()) for vector in VECTORS.values())
    parts = [part for event in events for part in event.parts.values() if (part.event, part.name) not in erased]
    (tmp_path / "journal" / "0000").write_bytes(journal)
    (tmp_path / "private" / "0000").write_bytes(b"".join(framed(encode(part)) for part in parts))
    report = independent_report(tmp_path)
    assert report["problems"] == []
    assert (report["events"], report["parts"]) == (len(VECTORS), len(parts))

"""Canonical JSON and the envelope's own form of it, against an implementation that is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from casefile.canonical import INTEGER_LIMIT, NotCanonical, canonical_json, parse_canonical
from casefile.errors import RecordUnreadable
from casefile.events.envelope import Envelope, EventOutcome, PartName, Subject
from casefile.model import ClockRecord, Value

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = texts | st.booleans() | st.integers(1 - INTEGER_LIMIT, INTEGER_LIMIT - 1)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(values)
@example({"\ue000": 1, "\U00010000": 2, "a": 3})
@example({"": [], "\x00\x1f\x7f\u2028": '\b\f\n\r\t"\\/'})
def test_the_bytes_are_those_of_another_implementation(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(values)
def test_reading_gives_the_value_back(value: Any) -> None:
    assert parse_canonical(canonical_json(value)) == value


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    # U+10000 is D800 DC00 in UTF-16, which comes before U+E000; by code point it comes after.
    assert canonical_json({"\ue000": 1, "\U00010000": 2}) == '{"\U00010000":2,"\ue000":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0, None, float("nan"), {"a": None}, ["x", 1.5], {1: "a"}, {None: "a"}, b"bytes", {"a": b"b"}, {"s"},
        INTEGER_LIMIT, -INTEGER_LIMIT, [2**64], "\ud800", {"\udfff": 1}, {"a": ["\ud800"]}, object(),
    ],
)  # fmt: skip
def test_what_another_reader_could_take_differently_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(value)


@pytest.mark.parametrize("value", [INTEGER_LIMIT - 1, 1 - INTEGER_LIMIT, 0, True, ""])
def test_the_bounds_themselves_are_within(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_the_place_of_what_is_refused_is_named() -> None:
    with pytest.raises(NotCanonical) as caught:
        canonical_json({"items": [{"size": 1.5}]})
    assert caught.value.path == ("items", "0", "size")


@pytest.mark.parametrize(
    "content",
    [
        b'{"b":1,"a":2}', b'{ "a":1}', b'{"a":1}\n', b'{"a":1,"a":1}', b'"\\u0041"', b"1.0", b"-0", b"1e2", b"NaN",
        b"9007199254740992", b'{"a":null}', b'"\\ud800"', b"\xff", b"", b"[" * 100_000, b'"\\/"', b"\xef\xbb\xbf1",
    ],
)  # fmt: skip
def test_bytes_in_any_other_form_are_refused(content: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(content)


def test_nesting_without_end_is_refused_and_does_not_end_the_program() -> None:
    value: Any = []
    for _level in range(100_000):
        value = [value]
    with pytest.raises(NotCanonical):
        canonical_json(value)


envelopes = st.builds(
    Envelope,
    actor=words,
    causes=st.lists(words, max_size=3),
    clock=st.builds(
        ClockRecord, boot=words, monotonic_ns=words, source=words, offset_ms=st.none() | st.integers(-1000, 1000)
    ),
    id=words,
    identity=st.sampled_from(["asserted", "authenticated"]),
    log=words,
    outcome=st.none() | st.builds(EventOutcome, status=words, cause=st.none() | words),
    parts=st.dictionaries(st.sampled_from(PartName), words),
    recorded_at=words,
    run=words,
    schema_number=st.integers(1, 9),
    subject=st.lists(st.builds(Subject, kind=words, id=words, count=st.none() | st.integers(0, 99)), max_size=3),
    tools=st.lists(words, max_size=2),
    type=words,
)


@given(envelopes)
def test_an_envelope_is_written_as_its_model_says(envelope: Envelope) -> None:
    # `Envelope.plain` is written out by hand for speed; the model's own dump is what it stands for.
    assert canonical_json(envelope.plain()) == canonical_json(Value.plain(envelope))
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope


@given(envelopes, st.data())
def test_an_envelope_in_any_other_form_is_refused(envelope: Envelope, data: st.DataObject) -> None:
    content = envelope.to_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        other = Envelope.from_bytes(bytes(flipped))
    except RecordUnreadable:
        return
    # A flip inside a word can give another envelope, which is then another leaf; never the same one.
    assert other != envelope
    assert other.to_bytes() == flipped


@pytest.mark.parametrize(
    "change",
    [{"more": 1}, {"schema": "1"}, {"envelope": 2}, {"actor": ""}, {"outcome": {}}, {"parts": {"secret": "x"}}],
)
def test_an_envelope_with_what_this_version_does_not_know_is_refused(change: dict[str, Any]) -> None:
    envelope = Envelope(
        actor="a", clock=ClockRecord(boot="b", monotonic_ns="1", source="s"), id="i", log="l", recorded_at="t", run="r",
        type="x",
    )  # fmt: skip
    plain = json.loads(envelope.to_bytes())
    with pytest.raises(RecordUnreadable):
        Envelope.from_bytes(canonical_json({**plain, **change}))


def test_an_envelope_of_more_than_8_kib_is_refused() -> None:
    long = Envelope(
        actor="a", clock=ClockRecord(boot="b", monotonic_ns="1", source="s"), id="i", log="l", recorded_at="t", run="r",
        type="x", causes=["c" * 128] * 64,
    )  # fmt: skip
    with pytest.raises(RecordUnreadable):
        long.to_bytes()

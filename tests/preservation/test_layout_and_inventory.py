"""Paths and inventories against an independent implementation, and the one form that is accepted back."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocfl.inventory_validator import InventoryValidator
from ocfl.layout_registry import get_layout

from casefile.digests import Digest, DigestSet, digest_stream
from preservation import layout
from preservation.inventory import (
    NotAnInventory,
    VersionNote,
    build_inventory,
    build_sidecar,
    inventory_digest,
    parse_inventory,
)

NOTE = VersionNote("2026-11-22T01:02:04.000000Z", "Captured by method http 1", "somebody", "urn:uuid:somebody")
CONTENTS = {"capture.json": b"{}", "files/0001": b"one", "files/0002": b"one", "record/capture.warc.gz": b""}


def digests(contents: dict[str, bytes]) -> dict[str, DigestSet]:
    return {path: digest_stream(io.BytesIO(content)) for path, content in contents.items()}


INVENTORY = build_inventory("urn:uuid:x", digests(CONTENTS), NOTE)


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()))
def test_objects_are_where_ocfl_py_puts_them(identifier: str) -> None:
    theirs = get_layout("0003-hash-and-id-n-tuple-storage-layout")
    theirs.tuple_size = layout.TUPLE_SIZE
    theirs.number_of_tuples = layout.NUMBER_OF_TUPLES
    assert layout.object_path(identifier).as_posix() == theirs.identifier_to_path(identifier)


def test_an_object_of_the_vault_is_where_it_was_in_the_first_version() -> None:
    assert layout.object_path("urn:uuid:0192f7a0-0000-7000-8000-000000000001").as_posix() == (
        "96/2a/urn%3auuid%3a0192f7a0-0000-7000-8000-000000000001"
    )


paths = st.from_regex(r"(files|record)/[a-z0-9]{1,8}", fullmatch=True)


@given(st.dictionaries(paths, st.binary(max_size=4), min_size=1, max_size=8))
def test_an_inventory_says_what_it_was_given_and_satisfies_ocfl_py(contents: dict[str, bytes]) -> None:
    given_digests = digests(contents)
    inventory = build_inventory("urn:uuid:x", given_digests, NOTE)
    parsed = parse_inventory(inventory)
    assert dict(parsed.sha512) == {path: one.sha512 for path, one in given_digests.items()}
    assert dict(parsed.sha256) == {path: one.sha256 for path, one in given_digests.items()}
    theirs = InventoryValidator(default_spec_version="1.1")
    theirs.validate(inventory=json.loads(inventory))
    assert theirs.log.num_errors == 0, theirs.log.status_str()


def test_the_inventory_names_both_digests_of_every_file() -> None:
    plain = json.loads(INVENTORY)
    for path, content in CONTENTS.items():
        assert f"v1/content/{path}" in plain["manifest"][hashlib.sha512(content).hexdigest()]
        assert f"v1/content/{path}" in plain["fixity"]["sha256"][hashlib.sha256(content).hexdigest()]


@given(st.integers(0, len(INVENTORY) - 1), st.integers(0, 7))
def test_an_inventory_with_a_flipped_bit_has_another_digest_and_another_sidecar(at: int, bit: int) -> None:
    flipped = bytearray(INVENTORY)
    flipped[at] ^= 1 << bit
    assert build_sidecar(inventory_digest(bytes(flipped))) != build_sidecar(inventory_digest(INVENTORY))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_inventory_are_refused(content: bytes) -> None:
    with pytest.raises(NotAnInventory):
        parse_inventory(content)


@pytest.mark.parametrize(
    "changed",
    [
        INVENTORY + b"\n",
        INVENTORY.replace(b'"head":"v1"', b'"head":"v2"'),
        INVENTORY.replace(b'"versions":{"v1"', b'"versions":{"v2"'),
        INVENTORY.replace(b'"fixity":', b'"fixitY":'),
        INVENTORY.replace(b"v1/content/files/0001", b"v1/content/files/0009", 1),
        INVENTORY.replace(b'"state"', b'"state" '),
        b"[" * 5000,
        b'{"manifest":{"x":"y"}}',
    ],
)
def test_an_inventory_of_another_form_is_refused(changed: bytes) -> None:
    with pytest.raises(NotAnInventory):
        parse_inventory(changed)


def test_a_sidecar_is_what_sha512sum_writes_for_the_inventory() -> None:
    assert build_sidecar(Digest("sha512:ab")) == b"ab inventory.json\n"

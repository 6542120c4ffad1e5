"""Canonical JSON (RFC 8785): the only bytes that are ever hashed for a record.

The vocabulary is narrower than JSON's, so that no two implementations can differ: strings, integers whose
magnitude is below 2**53, booleans, lists and objects. A null, a float or a lone surrogate is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json]"

INTEGER_LIMIT = 1 << 53
"""RFC 8785 section 3.2.2.3: integers beyond this are not exact in every implementation."""


class NotCanonical(ValueError):
    """A value lies outside the vocabulary; `path` says where, as a list of keys and indices."""

    def __init__(self, path: tuple[str, ...], problem: str) -> None:
        super().__init__(f"{'/'.join(path) or 'value'}: {problem}")
        self.path = path
        self.problem = problem


def canonical_json(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`.

    Raises NotCanonical for anything outside the vocabulary.
    """
    try:
        # The encoder sorts by code point, which for ASCII keys is the order of RFC 8785 section 3.2.3.
        if _is_simple(value):
            return _SORTING.encode(value).encode("utf-8")
        # It keeps the order of keys, which `_checked` has made that of the RFC.
        return _KEEPING.encode(_checked(value, ())).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical((), "lone surrogate") from error
    except RecursionError as error:
        raise NotCanonical((), "nested too deeply") from error


_SORTING = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)
_KEEPING = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def parse_canonical(content: bytes) -> Json:
    """The value of canonical bytes; raises NotCanonical when encoding it again gives other bytes."""
    try:
        value: Json = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotCanonical((), f"not JSON: {error}") from error
    if canonical_json(value) != content:
        raise NotCanonical((), "not in canonical form")
    return value


def _is_simple(value: object) -> bool:
    """Whether `value` is of plain types within the vocabulary and every key is ASCII: what nearly every record is."""
    if type(value) is dict:
        for key, one in value.items():
            if type(key) is not str or not key.isascii() or not (type(one) is str or _is_simple(one)):
                return False
        return True
    if type(value) is list or type(value) is tuple:
        return all(map(_is_simple, value))
    if type(value) is int:
        return -INTEGER_LIMIT < value < INTEGER_LIMIT
    return type(value) is str or type(value) is bool


def _checked(value: object, path: tuple[str, ...]) -> Json:
    """The value with every object's keys in canonical order; raises NotCanonical with the place of what is not."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) >= INTEGER_LIMIT:
            raise NotCanonical(path, "integer of 2**53 or more")
        return value
    if isinstance(value, Mapping):
        return {key: _checked(value[key], (*path, key)) for key in _ordered(value, path)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_checked(one, (*path, str(index))) for index, one in enumerate(value)]
    raise NotCanonical(path, f"{type(value).__name__} is not in the vocabulary")


def _ordered(value: Mapping[object, object], path: tuple[str, ...]) -> list[str]:
    keys = [key for key in value if isinstance(key, str)]
    if len(keys) != len(value):
        raise NotCanonical(path, "key that is not a string")
    if all(key.isascii() for key in keys):
        return sorted(keys)
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))

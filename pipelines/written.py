"""What people hand in as TOML or JSON, read strictly: every refusal names the field and the rule it breaks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from casefile.model import Value
from verification.refusing import refused

V = TypeVar("V", bound=Value)
LONGEST = 1 << 20
"""Characters of a sheet."""
RULES: Mapping[str, str] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no field of this name",
    "string_type": "it is a text",
    "bool_type": "it is true or false",
    "bool_parsing": "it is true or false",
    "tuple_type": "it is a list",
    "model_type": "it is a table of its own",
    "model_attributes_type": "it is a table of its own",
}
"""Our words for what the validation of values calls errors."""


def read_written(text: str, kind: type[V]) -> V:
    """The value that a sheet holds: JSON where it begins with a brace, else TOML. Raises FieldRefused."""
    if len(text) > LONGEST:
        raise refused("sheet", f"{len(text)} characters, where at most {LONGEST} are read")
    return checked(_json(text) if text.lstrip().startswith("{") else _toml(text), kind)


def checked(stated: Mapping[str, Any], kind: type[V]) -> V:
    """The value with these fields; raises FieldRefused for the first that is not as it should be."""
    try:
        return kind.model_validate(stated)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "sheet"
        raise refused(field, RULES.get(first["type"], first["msg"].lower())) from error


def pairs(field: str, texts: Sequence[str]) -> dict[str, str]:
    """Texts of the form NAME=VALUE by their names; raises FieldRefused for another form, and for a name said twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise refused(field, "it is NAME=VALUE")
        if name in found:
            raise refused(name, "a field is given once")
        found[name] = value
    return found


def _json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise refused("sheet", f"it is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise refused("sheet", "it is an object with fields")
    return found


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused("sheet", f"it is not TOML: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise refused(twice, "a field is given once")
    return found


def _no_number(name: str) -> Any:
    raise refused("sheet", f"{name} is no number of JSON")

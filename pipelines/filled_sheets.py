"""Sheets that people filled in, read from a file: TOML, or JSON where its name ends so. Bounded, and no key twice."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from casefile.errors import UsageError
from casefile.refusals import FieldRefused

MAX_BYTES = 1 << 20
STANDARD_INPUT = "-"


def read_sheet_file(source: str) -> Mapping[str, Any]:
    """The fields of a sheet; `-` is standard input, as TOML.

    Raises UsageError for a file that cannot be read, and FieldRefused for one that is no sheet.
    """
    try:
        if source == STANDARD_INPUT:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    return parse_sheet(content, Path(source).name, as_json=source.endswith(".json"))


def parse_sheet(content: bytes, name: str, *, as_json: bool, limit: int = MAX_BYTES) -> Mapping[str, Any]:
    """The fields of a sheet's bytes; raises FieldRefused, which says where it cannot be read."""
    if len(content) > limit:
        raise FieldRefused(name, (("file", f"is longer than a sheet may be, {limit:,} bytes"),))
    try:
        text = content.decode("utf-8")
        given = _json(text) if as_json else tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise FieldRefused(name, (("file", f"is not UTF-8 at byte {error.start}"),)) from error
    except RecursionError as error:
        raise FieldRefused(name, (("file", "is nested too deeply"),)) from error
    except ValueError as error:
        raise FieldRefused(name, (("file", f"cannot be read: {error}"),)) from error
    if not isinstance(given, Mapping):
        raise FieldRefused(name, (("file", "has no fields with names"),))
    return given


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is there twice")
        found[key] = value
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no value")

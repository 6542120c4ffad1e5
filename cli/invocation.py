"""What was said on the command line besides the command: workspace, person, form of output. Pure but for the paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SIGN_WITH = "CASEFILE_SIGN_WITH"
"""As casefile.settings names it, which `--help` does without."""
WITH_VALUE = {"--workspace": "workspace", "--as": "person", "--sign-with": "key"}
FLAGS = {"--json": "json"}
END_OF_OPTIONS = "--"


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options, after the environment has had its say."""

    workspace: Path
    person: str
    json: bool
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Split:
    """Arguments without the global options, and what those said. `missing` is an option that lacks its value."""

    arguments: tuple[str, ...]
    values: Mapping[str, str]
    missing: str = ""


def split_global(arguments: Sequence[str]) -> Split:
    """Take the global options out of the arguments, wherever they stand before a `--`."""
    kept: list[str] = []
    values: dict[str, str] = {}
    remaining = list(arguments)
    while remaining:
        argument = remaining.pop(0)
        name, equals, value = argument.partition("=")
        if argument == END_OF_OPTIONS:
            kept += [argument, *remaining]
            break
        if argument in FLAGS:
            values[FLAGS[argument]] = "1"
        elif name in WITH_VALUE and equals:
            values[WITH_VALUE[name]] = value
        elif argument in WITH_VALUE:
            if not remaining:
                return Split(tuple(kept), values, argument)
            values[WITH_VALUE[argument]] = remaining.pop(0)
        else:
            kept.append(argument)
    return Split(tuple(kept), values)


def invocation_of(values: Mapping[str, str], environment: Mapping[str, str]) -> Invocation:
    """The invocation: an option wins over the environment, and the environment over the current folder."""
    return Invocation(
        workspace=Path(values.get("workspace") or environment.get("CASEFILE_WORKSPACE") or "."),
        person=values.get("person") or environment.get("CASEFILE_PERSON") or "",
        json="json" in values,
        environment={**environment, SIGN_WITH: values["key"]} if "key" in values else environment,
    )

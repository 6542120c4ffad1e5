"""The references in docs/: every command, setting, error and finding as the program itself knows them.

`python -m cli.reference DIRECTORY` writes them; a test compares what is there with what would be written.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel

from casefile import errors, refusals
from casefile.settings import Settings
from cli.main import build_app
from pipelines.package_audit import kinds_of_findings

MADE = "This page is made from the program by `python -m cli.reference docs`.\n"


def references() -> Mapping[str, str]:
    """The pages by file name."""
    return {
        "cli.md": "\n".join(_commands()),
        "settings.md": "\n".join(_settings()),
        "errors.md": "\n".join(_errors()),
        "findings.md": "\n".join(_findings()),
    }


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield MADE
    command: Any = typer.main.get_command(build_app())
    yield f"{command.help}\n"
    for name, one in command.commands.items():
        below = getattr(one, "commands", None)
        if below is None:
            yield from _command(f"casefile {name}", one)
            continue
        yield f"## casefile {name}\n"
        yield f"{one.help}\n"
        for own_name, own in below.items():
            yield from _command(f"casefile {name} {own_name}", own, level=3)


def _command(name: str, command: Any, level: int = 2) -> Iterator[str]:
    yield f"{'#' * level} {name}\n"
    yield f"{command.help}\n"
    rows = [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        yield "| | |\n|---|---|"
        yield from rows
        yield ""


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        shown = parameter.name.strip("_").upper() + ("" if parameter.required else ", optional")
    else:
        shown = ", ".join([*parameter.opts, *parameter.secondary_opts])
    kind = parameter.type_descriptor.annotation
    if inspect.isclass(kind) and issubclass(kind, Enum):
        shown += f" ({', '.join(str(one.value) for one in kind)})"
    default = parameter.default
    said = ""
    if parameter.param_type_name == "option" and default not in (None, "", False, ()) and not callable(default):
        said = f" Default: `{getattr(default, 'value', default)}`."
    needed = " Required." if parameter.param_type_name == "option" and parameter.required else ""
    return f"| `{shown}` | {parameter.help or ''}{said}{needed} |"


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield MADE
    yield (
        "They stand in `casefile.toml` of a workspace. The environment wins over the file: `CASEFILE_` and the names "
        "of both levels joined by `__`, such as `CASEFILE_EGRESS__ALLOW='[\"127.0.0.1:8080\"]'`.\n"
    )
    for name, group in Settings.model_fields.items():
        kind = group.annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            continue
        yield f"## {name}\n"
        if kind.__doc__ and kind.__doc__ != BaseModel.__doc__:
            yield f"{kind.__doc__}\n"
        yield "| setting | default | meaning |\n|---|---|---|"
        for key, field in kind.model_fields.items():
            yield f"| `{name}.{key}` | `{_plain(field.default)}` | {field.description or ''} |"
        yield ""


def _plain(value: object) -> str:
    if value == ():
        return "[]"
    return str(getattr(value, "value", value)) or '""'


def _errors() -> Iterator[str]:
    yield "# Errors and exit codes\n"
    yield MADE
    yield "| error | exit code | tried again | when |\n|---|---|---|---|"
    known = {**dict(inspect.getmembers(refusals, inspect.isclass)), **dict(inspect.getmembers(errors, inspect.isclass))}
    for name, kind in sorted(known.items()):
        if issubclass(kind, errors.CasefileError):
            yield f"| `{name}` | {kind.exit_code} | {'yes' if kind.retryable else 'no'} | {_first_line(kind)} |"
    yield ""


def _findings() -> Iterator[str]:
    yield "# What an audit can find\n"
    yield MADE
    yield "| code | finding | rule |\n|---|---|---|"
    for code, kind in kinds_of_findings().items():
        yield f"| {code} | {kind.text} | {kind.rule} |"
    yield ""


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]


def main() -> None:
    """Write every page into the folder that is named."""
    folder = Path(sys.argv[1])
    for name, text in references().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()

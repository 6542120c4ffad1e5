"""The entry point: global options from anywhere on the line, one lazily imported command, one exit code.

Exiting happens here and nowhere else. An error of ours is printed with its advice and gives its own exit code.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from casefile.errors import CasefileError, UsageError
from cli import output
from cli.commands import COMMANDS, GROUPS
from cli.invocation import SIGN_WITH, invocation_of, split_global
from cli.passphrases import with_passphrase

INTERRUPTED = 130
UNEXPECTED = 1
RESUMES = "What was acknowledged is kept; the same command resumes."
INCOMPLETE = "the command needs a further word"
PARSER_PREFIX = "Value error, "
"""What the validation of values puts before the reason; it tells a person nothing."""
CHOICES = re.compile(r"\. Choose from:\n(?P<words>(?:\t[^\n]+\n?)+)")
"""How the parser lists the words that one argument may be."""


def build_app(word: str = "") -> typer.Typer:
    """The command line, as a whole or only as far as this first word of a line goes.

    Importing a command's module imports nothing heavy, but describing all of them to the parser takes longer than
    many a command.
    """
    app = typer.Typer(
        name="casefile",
        help="Collect, preserve, examine and verify online material so that a hostile expert can check it.\n\n"
        "Global options, before or after the command: --workspace DIR (else CASEFILE_WORKSPACE, else the current "
        "folder), --as PERSON (else CASEFILE_PERSON, else whoever was named at init), --json (one JSON document on "
        "standard output), --sign-with FILE (else CASEFILE_SIGN_WITH): a person's own key, with which what is done is "
        "signed; its passphrase is asked for, else CASEFILE_PASSPHRASE.\n\n"
        "Exit codes: 0 done, 1 some items failed or are partial, 2 usage, 3 a tool is missing, 4 refused by a gate "
        "or a policy, 5 integrity problem, 6 workspace busy or unusable.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_before_commands)
    is_one = word in COMMANDS or word in GROUPS
    for name, command in COMMANDS.items():
        if is_one and name != word:
            continue
        app.command(name, short_help=_first_sentence(command))(_exiting(command))
    for name, group in GROUPS.items():
        if is_one and name != word:
            continue
        below = typer.Typer(help=group.help, no_args_is_help=group.default is None, rich_markup_mode=None)
        if group.default is not None:
            below.callback(invoke_without_command=True)(_unless_more(group.default))
        for own_name, command in group.commands.items():
            below.command(own_name, short_help=_first_sentence(command))(_exiting(command))
        app.add_typer(below, name=name, short_help=group.help)
    return app


def _first_sentence(command: Callable[..., int]) -> str:
    """What stands beside the command in a list of commands, whole: its first sentence."""
    said = " ".join((command.__doc__ or "").split())
    return said.partition(". ")[0].removesuffix(".") + "."


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        output.line(f"casefile {version('casefile-investigations')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say which Casefile this is, and exit.")
]


def _before_commands(version: Version = False) -> None:
    """Nothing: the option answers by itself."""


def _exiting(command: Callable[..., int]) -> Callable[..., None]:
    """The command with its number as the exit code."""

    @functools.wraps(command)
    def run_command(*arguments: object, **options: object) -> None:
        raise typer.Exit(command(*arguments, **options))

    return run_command


def _unless_more(command: Callable[..., int]) -> Callable[..., None]:
    """The command that a word stands for when no further word follows it."""

    @functools.wraps(command)
    def run_command(context: typer.Context, *arguments: object, **options: object) -> None:
        if context.invoked_subcommand is None:
            raise typer.Exit(command(context, *arguments, **options))

    return run_command


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Carry out one command line and return its exit code."""
    split = split_global(arguments)
    invocation = invocation_of(split.values, environment)
    if split.missing:
        return output.failing(CommandMisused(f"{split.missing} needs a value"), as_json=invocation.json)
    try:
        if invocation.environment.get(SIGN_WITH):
            invocation = replace(invocation, environment=with_passphrase(invocation.environment))
        word = next((one for one in split.arguments if not one.startswith("-")), "")
        code = build_app(word)(args=list(split.arguments), obj=invocation, standalone_mode=False)
    except typer.TyperException as error:
        return _misused(error, as_json=invocation.json)
    except CasefileError as error:
        return output.failing(error, as_json=invocation.json)
    except KeyboardInterrupt:
        # Before the parser is at work; what comes later it turns into this code itself.
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to be told.
        return UNEXPECTED
    except Exception as error:  # noqa: BLE001  (the last line: what nobody foresaw still ends as an exit code)
        return output.failing_unexpectedly(error, as_json=invocation.json)
    # No command ends so by itself.
    if code == INTERRUPTED:
        output.note(f"Interrupted. {RESUMES}")
        if invocation.json:
            output.error_document("Interrupted", "interrupted", RESUMES)
    return code if isinstance(code, int) else 0


def _misused(error: typer.TyperException, *, as_json: bool) -> int:
    """Say why the parser refuses a command line; a word that needs another one has its whole help as the reason."""
    problem = error.format_message().replace(PARSER_PREFIX, "")
    choices = CHOICES.sub(lambda found: f": {' or '.join(found['words'].replace(',', ' ').split())}", problem)
    if "\n" not in choices:
        return output.failing(CommandMisused(choices), as_json=as_json)
    for text in problem.splitlines():
        output.note(text)
    if as_json:
        misused = CommandMisused(INCOMPLETE)
        output.error_document(type(misused).__name__, INCOMPLETE, misused.advice())
    return CommandMisused.exit_code


class CommandMisused(UsageError):
    """A command line that the parser refuses."""

    def advice(self) -> str:
        return "`casefile --help` lists the commands, `casefile COMMAND --help` the options of one."


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()

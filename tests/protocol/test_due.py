"""What is due comes with a command that the program takes."""

from __future__ import annotations

import shlex

import typer

from casefile.vocabulary import Pathway
from casefile.vocabulary_planning import DocumentKind
from cli.main import build_app
from pipelines.assessing import Source, find_leads
from pipelines.inquiries import open_inquiry
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.protecting import give_consent, state_pseudonym

from .bench import DATES, Bench

PROGRAM = typer.main.get_command(build_app())


def parse(arguments: list[str]) -> None:
    """Parse as the program does, without doing anything; raises what the parser raises."""
    context = PROGRAM.make_context("casefile", arguments)
    while rest := [*context._protected_args, *context.args]:
        name, below, left = context.command.resolve_command(context, rest)
        context = below.make_context(name, list(left), parent=context)
        if not hasattr(below, "resolve_command"):
            return


def commands(line: str) -> list[list[str]]:
    """The commands of a line for a shell, without where their output goes."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";>")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word == ";":
            found.append([])
        else:
            found[-1].append(word)
    return [command[: command.index(">")] if ">" in command else command for command in found]


def test_every_command_is_one_that_the_program_takes(bench: Bench) -> None:
    bench.record(DocumentKind.PLAN)
    task = {**DATES, "what": "search", "person": "Bo", "review_by": "2026-11-29"}
    bench.record(DocumentKind.TASK, "it's; late", **task)
    with bench.services() as services:
        open_inquiry(services, {"question": "Who?", "task": "nobody's"})
        find_leads(services, ["http://example.test/1"], Source(person="Bo"))
        add_leads(services, [Candidate("http://example.test/2")], Origin(Pathway.BY_HAND))
        state_pseudonym(services, {"pseudonym": "Heron", "role": "victim"})
        consent = {"use": "court", "recipient": "the prosecutor's office", "until": "2026-12-01", "how": "signed"}
        give_consent(services, "Heron", consent)
    bench.clock.now = bench.clock.now.replace(year=2028)
    due = bench.due()
    assert {one.code for one in due} == {
        "missing", "unapproved", "review", "task", "undeclared",
        "coverage", "orphan", "unassessed", "origin", "consent",
    }  # fmt: skip
    assert [one.since for one in due[:3]] == ["2026-11-29", "2026-12-01", "2027-05-01"]
    for one in due:
        for command in commands(one.command):
            assert command[0] == "casefile"
            parse(command[1:])

"""What the command line prints, and where: results on standard output, everything else on standard error.

With `--json` standard output holds one JSON document and nothing else. Text from outside is escaped before it reaches
a terminal, so that no name or title can move the cursor, change a colour or turn a line around.
"""

from __future__ import annotations

import codecs
import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from casefile.errors import CasefileError
from casefile.legible import escaped, marked
from casefile.vocabulary import Content, Outcome

if TYPE_CHECKING:  # a quarter of a second that `--help` and pipes do without
    from rich.console import Console
    from rich.progress import Progress, TaskID

UNEXPECTED = 1
FRAMES_SHOWN = 6
OUR_FAULT = "This is a fault in Casefile. What was acknowledged is kept; `casefile audit` checks it."
LISTED = 8
"""Item numbers that are named one by one in a line."""
UNBROKEN_CHARACTERS = 19
"""A time to the second, the longest thing that is read as one."""
GOOD, DOUBTFUL, BAD = "green", "yellow", "red"
OUTCOME_STYLES = {
    Outcome.CAPTURED: GOOD,
    Outcome.ALREADY: "dim",
    Outcome.PARTIAL: DOUBTFUL,
    Outcome.REFUSED: BAD,
    Outcome.FAILED: BAD,
}
CONTENT_STYLES = {Content.PRESENT: GOOD, Content.DOUBTFUL: DOUBTFUL, Content.ABSENT: BAD}


@dataclass(frozen=True, slots=True)
class Landing:
    """What became of one locator, as soon as it is known. `items` and `duplicates` are item numbers such as I-0042.

    `title`, `author` and `claimed_time` are what the content says of itself; `contents` counts the items by it.
    `methods` are those that were tried, with the reason for each.
    """

    locator: str
    outcome: Outcome
    cause: str = ""
    items: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    claimed_time: str = ""
    contents: Mapping[Content, int] = field(default_factory=dict)
    duplicates: tuple[str, ...] = ()
    detail: str = ""
    advice: str = ""
    methods: tuple[str, ...] = ()


Styled = list[tuple[str, str]]
"""Pieces of one line with a style each; empty for none."""


def landing_lines(landing: Landing) -> list[Styled]:
    """A landing as lines of a few words: first the outcome, the items and the locator, then what is known of them."""
    verdict = f"{landing.outcome.value}: {landing.cause}" if landing.cause else landing.outcome.value
    style = OUTCOME_STYLES[landing.outcome]
    if landing.cause and style == GOOD:
        style = DOUBTFUL
    items = f" {' '.join(landing.items)}" if landing.items else ""
    lines: list[Styled] = [[(verdict, style), (items, "bold"), (f" {landing.locator}", "")]]
    claims = [("title", landing.title), ("author", landing.author), ("time", landing.claimed_time)]
    said = "; ".join(f"{name} (claim): {text}" for name, text in claims if text)
    if said:
        lines.append([(said, "")])
    found: Styled = []
    several = len(landing.contents) > 1
    for content, count in sorted(landing.contents.items()):
        words = f"content {content.value}" + (f" of {count}" if several else "")
        found.append((f"{', ' if found else ''}{words}", CONTENT_STYLES[content]))
    if landing.duplicates:
        found.append((f"{'; ' if found else ''}near-duplicate of {_listed(landing.duplicates)}", "cyan"))
    if found:
        lines.append(found)
    lines += [[(text, "dim")] for text in (*landing.methods, landing.detail, landing.advice) if text]
    return lines


def _listed(numbers: Sequence[str]) -> str:
    more = len(numbers) - LISTED
    return ", ".join(numbers[:LISTED]) + (f" and {more} more" if more > 0 else "")


def document(value: object) -> None:
    """The one JSON document of a command. Characters that act on a terminal are escaped, which changes no value.

    Raises ValueError for a number that JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=not _is_unicode(sys.stdout), indent=2, allow_nan=False)
    sys.stdout.write(marked(text, lambda one: f"\\u{ord(one):04x}", over_lines=True) + "\n")
    sys.stdout.flush()


def line(text: str) -> None:
    """One line of the result, for a command without `--json`."""
    _say([(text, "")], sys.stdout)


def sheet(text: str, *, as_json: bool) -> None:
    """A sheet to fill in, line by line."""
    if as_json:
        document({"template": text})
        return
    for one in text.splitlines():
        line(one)


def counted(number: int, word: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def note(text: str) -> None:
    """One line beside the result: what is being done, what is doubtful."""
    _say([(text, "")], sys.stderr)


def landing(landed: Landing, *, as_json: bool = False) -> None:
    """One locator has come to its end; with `--json` this is said beside the result."""
    for position, pieces in enumerate(landing_lines(landed)):
        _say([("    ", ""), *pieces] if position else pieces, sys.stderr if as_json else sys.stdout)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str = "Nothing was found.") -> None:
    """A table on a terminal, else lines of cells with tabulators between and the columns' names first.

    `none` is said beside the result when there is no row, so that nobody takes an empty table for a failure.
    """
    texts = [["" if cell is None else escaped(str(cell)) for cell in row] for row in rows]
    if not texts:
        note(none)
    if not sys.stdout.isatty():
        for row in [list(columns), *texts]:
            _write("\t".join(row), sys.stdout)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, cells in zip(columns, zip(*texts, strict=True) if texts else ((),) * len(columns), strict=True):
        # Times, numbers and outcomes stay whole; what is long gives way.
        whole = max(map(len, cells), default=0) <= UNBROKEN_CHARACTERS
        shown.add_column(Text(column), overflow="fold", no_wrap=whole)
    for row in texts:
        shown.add_row(*(Text(cell) for cell in row))
    _console(sys.stdout).print(shown)


@contextmanager
def progress(total: int, doing: str) -> Iterator[Advance]:
    """A bar on standard error while that is a terminal, else one line at the start; `Advance.step` moves it.

    What is printed meanwhile appears above the bar.
    """
    if not sys.stderr.isatty():
        note(f"{doing}: {total}")
        yield Advance()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    live = Progress(
        *columns,
        console=_console(sys.stderr),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=True,
    )
    with live:
        yield Advance(live, live.add_task(escaped(doing), total=total))


class Advance:
    """The hand on a progress bar; without a terminal it does nothing."""

    def __init__(self, live: Progress | None = None, task: TaskID | None = None) -> None:
        self._live = live
        self._task = task

    def step(self, count: int = 1) -> None:
        """So many more are done."""
        if self._live is not None and self._task is not None:
            self._live.advance(self._task, count)


def failing(error: CasefileError, *, as_json: bool = False) -> int:
    """Says what went wrong and what can be done now; answers with the exit code.

    With `as_json` standard output gets `{"error": {"code", "text", "advice"}}`: for a command that has no document yet.
    """
    advice = error.advice()
    _say([("casefile: ", "bold red"), (str(error), "")], sys.stderr)
    if advice:
        note(advice)
    if as_json:
        error_document(type(error).__name__, str(error), advice)
    return error.exit_code


def error_document(code: str, text: str, advice: str) -> None:
    """The document of a command that has none because of an error."""
    document({"error": {"code": code, "text": text, "advice": advice}})


def failing_unexpectedly(error: Exception, *, as_json: bool = False) -> int:
    """Says that Casefile itself is at fault, and where; answers with the exit code.

    Not in the error's words: they may quote what was collected, and such lines are sent to maintainers.
    """
    _say([("casefile: ", "bold red"), (f"unexpected {type(error).__name__}", "")], sys.stderr)
    for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_SHOWN:]:
        note(f"    {frame.filename}:{frame.lineno} in {frame.name}")
    note(OUR_FAULT)
    if as_json:
        error_document("Unexpected", f"unexpected {type(error).__name__}", OUR_FAULT)
    return UNEXPECTED


def _say(pieces: Styled, stream: TextIO) -> None:
    if not stream.isatty():
        _write("".join(escaped(text) for text, _ in pieces), stream)
        return
    from rich.text import Text

    console = _console(stream)
    # Written to the stream itself: rich would go round the bar that has taken the stream's place, and tear it.
    with console.capture() as captured:
        console.print(Text.assemble(*((escaped(text), style) for text, style in pieces)), soft_wrap=True)
    stream.write(captured.get())
    stream.flush()


def _write(text: str, stream: TextIO) -> None:
    if not _is_unicode(stream):
        text = text.encode(stream.encoding, "backslashreplace").decode(stream.encoding)
    stream.write(text + "\n")
    stream.flush()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, emoji=False, markup=False, highlight=False)


def _is_unicode(stream: TextIO) -> bool:
    return codecs.lookup(stream.encoding or "utf-8").name.startswith("utf")

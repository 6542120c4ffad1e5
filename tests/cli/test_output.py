"""What is printed: results apart from remarks, one document, and no text that steers a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casefile.errors import GateRefused, UnknownItem
from casefile.vocabulary import Content, Outcome
from cli import output
from cli.output import Landing

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b[31mred\x1b[0m \x9b2J \x07 cod\u202egpj.exe\u2066\r\n\x00 [bold]b[/bold] :smile: \ud800"
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
OWN_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ENEMY = st.text(st.sampled_from("\x00\x07\x1b[]\x9b\u202e\u2066\r\n\tab\ud800"), max_size=20)
TEXTS = st.one_of(st.text(max_size=40), ENEMY)
PLAIN = st.none() | st.booleans() | st.integers() | TEXTS
DOCUMENTS = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=12)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def printed(*, terminal: bool) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    streams = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        yield streams


def landed(text: str) -> Landing:
    return Landing(text, Outcome.PARTIAL, text, (text,), text, text, text, {Content.DOUBTFUL: 1}, (text,), text, text)


@pytest.mark.parametrize("terminal", [False, True])
@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_no_text_steers_the_screen_wherever_it_is_printed(terminal: bool, text: str) -> None:
    with printed(terminal=terminal) as (stdout, stderr):
        output.line(text)
        output.note(text)
        output.landing(landed(text))
        output.table(("item", "name"), [("I-0001", text)])
        output.failing(UnknownItem(text))
        output.failing(GateRefused(text, text, text))
        output.failing_unexpectedly(ValueError(text))
    for stream in (stdout, stderr):
        assert not STEERING.search(OWN_COLOURS.sub("", stream.getvalue()))


@pytest.mark.parametrize("terminal", [False, True])
def test_every_line_stays_one_line_and_shows_what_it_held(terminal: bool) -> None:
    with printed(terminal=terminal) as (stdout, _):
        output.line(HOSTILE)
    plain = OWN_COLOURS.sub("", stdout.getvalue())
    assert plain.splitlines() == [
        r"\x1b[31mred\x1b[0m \x9b2J \x07 cod\u202egpj.exe\u2066\r\n\x00 [bold]b[/bold] :smile: \ud800"
    ]


def test_scripts_of_all_kinds_and_their_joiners_stay_as_they_are() -> None:
    text = "شبكة می‌خواهم हिन्दी 👩‍👧 Ελληνικά"
    with printed(terminal=False) as (stdout, _):
        output.line(text)
    assert stdout.getvalue() == text + "\n"


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS)
def test_a_document_is_json_of_the_same_value_and_steers_nothing(value: object) -> None:
    with printed(terminal=False) as (stdout, stderr):
        output.document(value)
    assert json.loads(stdout.getvalue()) == value
    assert not STEERING.search(stdout.getvalue())
    assert stderr.getvalue() == ""


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with printed(terminal=False) as (stdout, _), pytest.raises(ValueError, match="JSON"):
        output.document({"score": float("nan")})
    assert stdout.getvalue() == ""


def test_results_go_to_standard_output_and_everything_else_to_standard_error() -> None:
    with printed(terminal=False) as (stdout, stderr):
        output.note("a remark")
        with output.progress(3, "collecting") as bar:
            bar.step()
            output.landing(landed("beside"), as_json=True)
        code = output.failing(UnknownItem("I-9"), as_json=True)
    assert code == 2
    assert json.loads(stdout.getvalue()) == {
        "error": {
            "code": "UnknownItem",
            "text": "no item is known as 'I-9'",
            "advice": "List items with `casefile items`; an id or a number such as I-0042 is accepted.",
        }
    }
    said = stderr.getvalue().splitlines()
    assert said[:3] == ["a remark", "collecting: 3", "partial: beside beside beside"]
    assert said[-2:] == [
        "casefile: no item is known as 'I-9'",
        "List items with `casefile items`; an id or a number such as I-0042 is accepted.",
    ]


def test_a_landing_says_claims_content_duplicates_and_advice() -> None:
    with printed(terminal=False) as (stdout, _):
        output.landing(
            Landing(
                "https://a.example/",
                Outcome.CAPTURED,
                items=("I-0007",),
                title="Market",
                author="reporter",
                claimed_time="2026-11-20",
                contents={Content.PRESENT: 1},
                duplicates=("I-0003", "I-0004"),
            )
        )
        output.landing(Landing("https://b.example/", Outcome.FAILED, "dns", detail="No such name.", advice="Check it."))
    assert stdout.getvalue().splitlines() == [
        "captured I-0007 https://a.example/",
        "    title (claim): Market; author (claim): reporter; time (claim): 2026-11-20",
        "    content present; near-duplicate of I-0003, I-0004",
        "failed: dns https://b.example/",
        "    No such name.",
        "    Check it.",
    ]


def test_a_landing_of_many_items_counts_them() -> None:
    numbers = tuple(f"I-{number:04d}" for number in range(1, 13))
    contents = {Content.PRESENT: 20, Content.ABSENT: 1}
    with printed(terminal=False) as (stdout, _):
        output.landing(Landing("(21 files)", Outcome.CAPTURED, contents=contents, duplicates=numbers))
    assert stdout.getvalue().splitlines()[1].strip() == (
        "content absent of 1, content present of 20; near-duplicate of "
        "I-0001, I-0002, I-0003, I-0004, I-0005, I-0006, I-0007, I-0008 and 4 more"
    )


def test_a_table_is_lines_of_cells_when_nobody_looks() -> None:
    with printed(terminal=False) as (stdout, _):
        output.table(("item", "name"), iter([("I-0001", None), ("I-0002", "a\tb")]))
    assert stdout.getvalue() == "item\tname\nI-0001\t\nI-0002\ta\\tb\n"


def test_a_fault_of_ours_says_where_it_was() -> None:
    def faulty() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError) as caught:
        faulty()
    with printed(terminal=False) as (stdout, stderr):
        code = output.failing_unexpectedly(caught.value)
    assert code == 1
    assert "unexpected KeyError" in stderr.getvalue()
    assert "gone" not in stderr.getvalue()
    assert "in faulty" in stderr.getvalue()
    assert stdout.getvalue() == ""


PROGRAM = """
from cli import output
from cli.output import Landing, Outcome
with output.progress(2, "collecting") as bar:
    output.landing(Landing("https://a.example/", Outcome.FAILED, "dns"))
    bar.step(2)
output.document({"ok": True})
"""


def test_on_a_terminal_a_bar_moves_and_a_redirected_result_stays_clean(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    result = tmp_path / "result"
    with result.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdout=file, stderr=theirs, cwd=ROOT, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        screen = b""
        with contextlib.suppress(OSError):  # EIO: the other side has closed
            while block := os.read(ours, 65_536):
                screen += block
        assert child.wait() == 0
    os.close(ours)
    assert b"2/2" in screen
    first, _, rest = result.read_text().partition("\n")
    assert first == "failed: dns https://a.example/"
    assert json.loads(rest) == {"ok": True}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_old_terminal_encoding_stops_nothing(encoding: str) -> None:
    program = "from cli import output; output.line('\\u0448\\u00e9'); output.document(['\\u0448'])"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True)
    first, _, rest = done.stdout.decode(encoding).partition("\n")
    assert first == ("\\u0448\\xe9" if encoding == "ascii" else "\\u0448é")
    assert json.loads(rest) == ["ш"]


def test_importing_it_costs_nothing_worth_naming() -> None:
    heavy = {"rich", "typer", "pydantic", "sqlalchemy"}
    program = f"import sys; import cli.output; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"

"""What the page of a desk does with what is not taken from it: nothing is gone without a word."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from collectors.browser.driving import TEXT_CHARACTERS
from containment.tools import find_program
from pipelines.desk import FILES, INPUT_BYTES

RUN = Path(__file__).with_name("desk_page.mjs")


def run(act: str, *statuses: str) -> Any:
    """What the page sent and said when that was done to it, and it was answered so."""
    node = find_program("node")
    if node is None:
        pytest.skip("no node")
    argv = [str(node), str(RUN), str(FILES / "desk.js"), act, *statuses]
    return json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=60, text=True).stdout)


def paste(text: str) -> str:
    return f"heard.paste({{ clipboardData: {{ getData: () => {text} }} }});"


GO = "act({ kind: 'go', address: 'https://site.example/' });"


def test_what_nobody_took_yet_waits_and_is_sent_again() -> None:
    done = run("act({ kind: 'move', x: 1, y: 2 });" + GO, "409", "409", "204")
    assert [[one["kind"] for one in sent] for sent in done["sent"]][1:] == [["go"], ["go"]]
    assert "1 actions wait" in done["said"][1]
    assert done["said"][-1] == ""


@pytest.mark.parametrize("status", ["413", "400", "403", "broken"])
def test_what_was_refused_is_said_and_not_done_twice(status: str) -> None:
    done = run(GO, status)
    assert len(done["sent"]) == 1
    assert done["said"][-1].startswith("NOT DONE (")
    assert ": go. Do it again" in done["said"][-1]


def test_of_a_long_text_that_is_taken_which_the_browser_takes_and_the_rest_is_told() -> None:
    done = run(paste(f"'\\u{{1F600}}'.repeat({TEXT_CHARACTERS + 7})"))
    ((event,),) = done["sent"]
    assert event == {"kind": "text", "text": "\U0001f600" * TEXT_CHARACTERS}
    assert "; 7 were left out" in done["said"][-1]


def test_much_at_once_goes_in_requests_that_the_desk_takes() -> None:
    done = run(paste(f"'\\u1019'.repeat({TEXT_CHARACTERS})") * 40)
    assert sum(len(one) for one in done["sent"]) == 40
    assert max(len(json.dumps(one, ensure_ascii=False).encode()) for one in done["sent"]) < INPUT_BYTES

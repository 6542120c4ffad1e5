"""`casefile browse` from its command to what is sealed: a person passes a wall, and the page behind it is captured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from e2e.case import Case
from hand import Hand
from sites.hostile import HostileSite
from sites.pages import PAGES, document

from containment.sandbox import available
from containment.tools import find_program

pytestmark = pytest.mark.campaign

DESK = re.compile(r"http://127\.0\.0\.1:\d+/\?key=\S+")
SECRET = "hunter2-of-the-account"
PLACED = "position:fixed;left:20px;width:200px;height:30px;top:"
WALL = f"""
<button id=pass style="{PLACED}20px" onclick="passed()">I am no machine</button>
<input id=name style="{PLACED}70px"><input id=secret type=password style="{PLACED}120px">
<a target=_blank href="/frame" style="{PLACED}170px">opens a window</a>
<div style="height:3000px"></div>
<script>
const passed = () => fetch("/behind").then((one) => one.text()).then((text) => {{
  document.body.insertAdjacentHTML("beforeend", text);
  document.title = "passed";
}});
document.getElementById("name").addEventListener("keydown", (event) => {{
  if (event.key === "Enter") document.title = "called " + event.target.value;
}});
document.getElementById("secret").addEventListener("input", (event) => fetch("/typed?" + event.target.value));
addEventListener("scroll", () => fetch("/scrolled?" + Math.round(scrollY)), {{ once: true }});
</script>"""


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileSite, Case]]:
    if find_program("chromium") is None or not available().full:
        pytest.skip("no Chromium, or no full containment")
    page = document(WALL, title="a wall")
    extra = {
        "/wall": lambda visit: visit.respond(page),
        "/behind": lambda visit: visit.respond("<p>what stood behind the wall</p>" + "<p>and much more of it</p>" * 40),
        "/typed": lambda visit: visit.respond(""),
        "/scrolled": lambda visit: visit.respond(""),
    }
    with HostileSite({**PAGES, **extra}) as site:
        yield site, Case(tmp_path_factory.mktemp("walled") / "case", [site.address]).open()


@contextmanager
def browse(case: Case, locator: str) -> Iterator[tuple[subprocess.Popen[str], Hand]]:
    """The command, and a hand at its desk."""
    with subprocess.Popen(
        case.command("--json", "browse", locator, "--why", "a wall"),
        env=case.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            found = next(one for line in process.stderr if (one := DESK.search(line)))
            hand = Hand(found.group())
            assert hand.open().status == 303
            yield process, hand
        finally:
            process.kill()


def result_of(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    (result,) = json.loads(out)["results"]
    return result


def test_a_person_passes_a_wall_and_what_they_did_is_kept(walled: tuple[HostileSite, Case]) -> None:
    site, case = walled
    with browse(case, site.url("/wall")) as (process, hand):
        hand.until(lambda view: view["picture"] and view["state"].get("address", "").endswith("/wall"))
        assert hand.ask("/picture").content[:3] == b"\xff\xd8\xff"
        hand.click(60, 135)
        hand.act({"kind": "text", "text": SECRET})
        hand.until(lambda view: "passwords" in view["state"]["said"])
        hand.click(60, 85)
        hand.act({"kind": "text", "text": "Ana"}, {"kind": "key", "key": "Enter"})
        hand.act({"kind": "wheel", "x": 400, "y": 400, "by": 500})
        hand.click(60, 35)
        hand.until(lambda view: "/behind" in site.paths() and not view["state"]["waiting"])
        hand.act({"kind": "finish"})
        result = result_of(process)

    assert (result["outcome"], result["cause"]) == ("captured", None)
    (attempt,) = result["attempts"]
    assert (attempt["method"], attempt["reason"]) == (
        "browse",
        "assisted: a person drove the page, by `casefile browse`",
    )
    shown = case.run("show", result["items"][0]).out
    assert "assisted: a person drove the page" in shown
    (record,) = case.root.glob("vault/**/record/browser.json")
    told = json.loads(record.read_text("utf-8"))
    assert told["page"]["title"] == "passed"
    assert told["assisted"]["ended_by"] == "a person"
    assert told["assisted"]["pictures_shown"] >= 1
    events = [json.loads(line) for line in record.with_name("input.jsonl").read_text("utf-8").splitlines()]
    assert len(events) == told["assisted"]["events"]
    assert [one["kind"] for one in events].count("down") == 3
    assert [one["text"] for one in events if one["kind"] == "text" and "text" in one] == ["Ana"]
    assert not [path for path in site.paths() if path.startswith("/typed")]
    assert any(path.startswith("/scrolled") for path in site.paths())
    text = (record.parent.parent / "page/text.txt").read_text("utf-8")
    assert "what stood behind the wall" in text
    # Everything of it passed the recorder.
    listed = (record.with_name("requests.jsonl")).read_text("utf-8")
    assert "/behind" in listed
    assert (record.parent / "wire.wacz").is_file()
    for path in case.root.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


def test_a_link_that_opens_a_window_is_followed_in_this_one_and_the_last_page_is_taken(
    walled: tuple[HostileSite, Case],
) -> None:
    site, case = walled
    with browse(case, site.url("/wall?window")) as (process, hand):
        hand.until(lambda view: view["picture"] and "/wall" in view["state"].get("address", ""))
        hand.click(60, 180)
        hand.until(lambda view: view["state"]["address"].endswith("/frame") and not view["state"]["waiting"])
        hand.act({"kind": "finish"})
        (item,) = result_of(process)["items"]
    assert case.must("show", item)["locator"] == site.url("/frame")


def test_nothing_is_chosen_by_hand_and_a_file_is_no_page(walled: tuple[HostileSite, Case]) -> None:
    site, case = walled
    assert case.run("collect", site.url("/wall"), "--method", "browse").code == 2
    (result,) = case.must("browse", "file:///etc/passwd", code=4)["results"]
    assert result["cause"] == "unsupported"

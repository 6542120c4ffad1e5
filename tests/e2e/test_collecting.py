"""What DESIGN section 4 promises of `collect`, `items` and `attempts`, asked from outside."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from e2e.case import Case
from openpyxl import Workbook, load_workbook
from sites.hostile import HostileSite
from sites.media_site import make_media, serve

ITEM_KEYS = {
    "id", "number", "locator", "name", "role", "media_type", "sha256", "bytes", "content", "acquisition", "captured_at",
}  # fmt: skip


def test_good_and_bad_locators_each_have_their_outcome_and_cause(case: Case, site: HostileSite) -> None:
    asked = {
        site.url("/page"): ("captured", None),
        site.url("/status/404"): ("captured", "http-status"),
        site.url("/members"): ("captured", "not-the-content"),
        site.url("/truncated"): ("partial", "truncated"),
        site.url("/gzip-cut"): ("partial", "encoding-damaged"),
        site.url("/reset"): ("failed", "reset"),
        site.url("/two-lengths"): ("failed", "malformed"),
        "http://no-such-host.invalid/": ("failed", "dns"),
        "http://127.0.0.1:9/": ("refused", "blocked-by-policy"),
        "ftp://example.org/x": ("refused", "unsupported"),
    }
    results = case.must("collect", *asked, code=1)["results"]
    assert [one["locator"] for one in results] == list(asked)
    assert {one["locator"]: (one["outcome"], one["cause"]) for one in results} == asked
    for one in results:
        assert bool(one["items"]) == (one["outcome"] in ("captured", "partial")), one
    attempts = case.must("attempts")["attempts"]
    assert sorted(one["locator"] for one in attempts) == sorted(asked)
    assert all(one["advice"] for one in attempts if one["status"] in ("failed", "refused"))


def test_an_item_is_the_bytes_that_the_site_sent(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/plain"))
    (item,) = case.must("items")["items"]
    assert set(item) >= ITEM_KEYS
    sent = bytes(site.sent[-1]).partition(b"\r\n\r\n")[2]
    assert item["sha256"] == "sha256:" + hashlib.sha256(sent).hexdigest()
    assert item["bytes"] == len(sent)
    assert (item["number"], item["content"], item["acquisition"]) == ("I-0001", "present", "observed")
    assert item["captured_at"].endswith("Z")
    assert item["allowances"] == [site.address]


def test_all_refused_is_exit_4_and_one_good_is_exit_0(case: Case, site: HostileSite) -> None:
    assert case.run("collect", "http://127.0.0.1:9/", "gopher://x/").code == 4
    assert case.run("collect", site.url("/page")).code == 0


def test_global_options_stand_anywhere(case: Case, site: HostileSite) -> None:
    del site
    assert json.loads(case.run("items", "--json").out) == {"items": []}
    assert case.run("person", "add", "Bora", "--as", "Ana Marić").code == 0
    assert case.run("note", "I-0001", "x", "--as", "Nobody").code == 2


def test_two_pictures_of_one_name_are_two_items(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/a/photo.png"), site.url("/b/photo.png"))
    one, other = sorted(case.must("items")["items"], key=lambda item: item["locator"])
    assert one["sha256"] != other["sha256"]
    assert one["name"] == other["name"] == "photo.png"
    assert one["locator"].endswith("/a/photo.png")
    assert other["locator"].endswith("/b/photo.png")


@pytest.mark.campaign
def test_a_rerun_of_a_job_adds_retries_and_answers_already(case: Case, site: HostileSite, tmp_path: Path) -> None:
    sheet = tmp_path / "list.txt"
    sheet.write_text("\n".join([site.url("/page"), site.url("/truncated"), site.url("/page")]))
    first = case.must("collect", "--from", str(sheet), code=1)["results"]
    assert [one["outcome"] for one in first] == ["captured", "partial", "captured"]
    sheet.write_text(sheet.read_text() + "\n" + site.url("/plain"))
    asked = len(site.paths())
    again = case.must("collect", "--from", str(sheet), code=1)["results"]
    assert [one["outcome"] for one in again] == ["already", "partial", "already", "captured"]
    assert site.paths()[asked:] == ["/truncated", "/plain"] or sorted(site.paths()[asked:]) == ["/plain", "/truncated"]
    everything = case.must("collect", "--from", str(sheet), "--again", code=1)["results"]
    assert [one["outcome"] for one in everything] == ["captured", "partial", "captured", "captured"]


def test_a_workbook_goes_in_and_comes_back_with_outcomes(case: Case, site: HostileSite, tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Link", "Archive status", "Archive location", "Upload title", "Hash", "Notes"])
    sheet.append([site.url("/page"), "", "", "", "", "=1+1"])
    sheet.append(["", "", "", "", "", "no link here"])
    sheet.append([site.url("/status/404"), "", "", "", "", "seen by B."])
    sheet.append(["not an address", "", "", "", "", ""])
    path, out = tmp_path / "job.xlsx", tmp_path / "out.xlsx"
    workbook.save(path)
    case.must("collect", "--from", str(path), "--results", str(out), code=1)
    filled = load_workbook(out).active
    assert filled is not None
    rows = [[str(cell.value or "") for cell in row] for row in filled.iter_rows()]
    assert [row[0] for row in rows[1:]] == [site.url("/page"), "", site.url("/status/404"), "not an address"]
    outcome = rows[0].index("outcome") if "outcome" in rows[0] else [c.lower() for c in rows[0]].index("outcome")
    assert [row[outcome] for row in rows[1:]][::2] == ["captured", "captured"]
    assert rows[4][outcome] == "refused"
    assert rows[1][1] == "archived"


def test_a_csv_comes_back_with_every_row_in_its_order(case: Case, site: HostileSite, tmp_path: Path) -> None:
    path, out = tmp_path / "job.csv", tmp_path / "out.csv"
    wanted = [site.url("/page"), site.url("/reset"), site.url("/page"), "nonsense"]
    path.write_text("url,who\n" + "".join(f"{one},=cmd()\n" for one in wanted))
    case.must("collect", "--from", str(path), "--results", str(out), code=1)
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert [row["url"] for row in rows] == wanted
    assert [row["outcome"] for row in rows] == ["captured", "failed", "captured", "refused"]
    assert all(not row["who"].startswith("=") for row in rows)


@pytest.mark.campaign
def test_a_killed_job_resumes_and_fetches_nothing_twice(case: Case, site: HostileSite, tmp_path: Path) -> None:
    sheet = tmp_path / "job.txt"
    wanted = [f"/page?n={number}" for number in range(12)]
    sheet.write_text("\n".join(site.url(path) for path in wanted))
    running = case.start("collect", "--from", str(sheet))
    deadline = time.monotonic() + 120
    while len(site.paths()) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    sealed = {one["locator"] for one in case.must("items")["items"]}
    asked = len(site.paths())
    results = case.must("collect", "--from", str(sheet))["results"]
    assert {one["outcome"] for one in results} <= {"captured", "already"}
    fetched_again = {site.url(path) for path in site.paths()[asked:]}
    assert not fetched_again & sealed
    items = case.must("items")["items"]
    assert sorted(one["locator"] for one in items) == sorted(site.url(path) for path in wanted)
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_two_processes_with_one_job_do_every_locator_once(case: Case, site: HostileSite, tmp_path: Path) -> None:
    sheet = tmp_path / "job.txt"
    wanted = [f"/page?n={number}" for number in range(10)]
    sheet.write_text("\n".join(site.url(path) for path in wanted))
    both = [
        subprocess.Popen(
            case.command("--json", "collect", "--from", str(sheet)),
            env=case.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _process in range(2)
    ]
    outputs = [process.communicate(timeout=180) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(site.paths()) == sorted(wanted)
    outcomes = [[one["outcome"] for one in json.loads(out)["results"]] for out, _err in outputs]
    for pair in zip(*outcomes, strict=True):
        assert sorted(pair) in (["already", "captured"],), pair
    assert len(case.must("items")["items"]) == len(wanted)
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_the_video_that_a_page_shows_is_taken_too(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    with serve(make_media(folder)) as media:
        locator = media.page("/watch", '<video src="/a.mp4"></video>')
        case = Case(tmp_path / "case", [media.address]).open()
        (result,) = case.must("collect", locator)["results"]
        assert result["outcome"] == "captured"
        items = case.must("items")["items"]
        assert {one["role"] for one in items} >= {"page", "video"}
        assert sorted(one["id"] for one in items) == sorted(result["items"])
        attempts = case.must("attempts")["attempts"]
        assert [one["method"] for one in attempts] == ["http", "ytdlp"]
        assert case.must("audit")["ok"]
        case.extra["CASEFILE_CAPTURE__FOLLOW_MEDIA"] = "false"
        (alone,) = case.must("collect", locator)["results"]
        assert len(alone["items"]) == 1

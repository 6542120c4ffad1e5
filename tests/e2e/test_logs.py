"""What is collected stays out of logs: planted words, looked for in everything that a run leaves beside its results.

Two hundred names, addresses, telephone numbers and tokens stand in locators, titles, headers, cookies, file names,
metadata, sheets and error messages. They belong into vault, log and database, into what a command prints as its
result, and nowhere else: not on standard error, in no log file, in no temporary file, and in nothing of Prefect's.
"""

from __future__ import annotations

import csv
import io
import os
import re
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from sites.hostile import HostileSite, Visit

from casefile.vocabulary import ContainmentLevel
from cli import output
from containment.worker import Limits, WorkerFailed, open_worker
from pipelines.served import complain

from .case import REPOSITORY, Case

EACH = 50
SEEDS = tuple(
    seed
    for number in range(EACH)
    for seed in (f"Zorvana{number:03d}", f"Vashkeri{number:03d}", f"99955501{number:03d}", f"tokq{number:03d}zz")
)
"""Cores of what is planted: a name, a street, a telephone number and a token for each number."""
FOUND = re.compile(b"|".join(seed.encode() for seed in SEEDS), re.IGNORECASE)

EVIDENCE = ("vault", "log", "staging", "quarantine", "keys")
"""What holds truth or evidence. Beside it the database, which is an index of them."""
INDEX = "casefile.db"


def person(number: int) -> str:
    """One planted person in a sentence."""
    name, street, telephone, token = SEEDS[4 * number : 4 * number + 4]
    return f"{name} Telqadi, {street} Street 1, +{telephone}, key={token}"


def path_of(number: int) -> str:
    name, street, telephone, token = SEEDS[4 * number : 4 * number + 4]
    return f"/seeds/{name}/{street}?tel={telephone}&token={token}&number={number}"


def picture(text: str) -> bytes:
    """A PNG of one pixel with a comment (PNG specification, second edition, section 11.3.4)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    comment = chunk(b"tEXt", b"Author\0" + text.encode("latin-1"))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + comment + pixels + chunk(b"IEND", b"")


def seeded(visit: Visit) -> None:
    """A page, a picture, an error, a damaged picture or a redirect, full of the planted words everywhere."""
    number = int(visit.query.get("number", "0"))
    words = person(number)
    headers = {
        "set_cookie": f"session={words}",
        "server": words,
        "etag": f'"{words}"',
        "content_disposition": f'attachment; filename="{words}.html"',
        "x_person": words,
    }
    page = f"<!doctype html><title>{words}</title><meta name=author content='{words}'><p>{words}</p>"
    match number % 5:
        case 0:
            visit.respond(page, **headers)
        case 1:
            visit.respond(picture(words), content_type="image/png", **headers)
        case 2:
            visit.respond(page, status=f"404 {words}", **headers)
        case 3:
            visit.respond(picture(words)[:-20] + words.encode(), content_type=f"image/png; name={words}", **headers)
        case _:
            visit.respond("", status="302 Found", location=f"http://{SEEDS[4 * number]}.invalid/{words}", **headers)


@pytest.fixture
def desk(tmp_path: Path, site: HostileSite) -> Case:
    """A workspace whose temporary files and home are in sight."""
    site.behaviours["/seeds"] = seeded
    for name in ("temporary", "home"):
        (tmp_path / name).mkdir()
    places = {"TMPDIR": str(tmp_path / "temporary"), "HOME": str(tmp_path / "home")}
    return Case(tmp_path / "case", [site.address], places).open()


def beside(case: Case) -> list[Path]:
    """Every file that a run has left and that is neither evidence nor an index of it."""
    kept = []
    for folder in (case.root, case.root.parent / "temporary", case.root.parent / "home"):
        for path in folder.rglob("*"):
            inside = path.relative_to(folder)
            hidden = folder == case.root and (inside.parts[0] in EVIDENCE or str(inside).startswith(INDEX))
            if path.is_file() and not hidden:
                kept.append(path)
    return kept


def leaks(case: Case, *said: str) -> list[str]:
    """Where a planted word was found."""
    found = [f"said: {one[:200]}" for one in said if FOUND.search(one.encode())]
    for path in beside(case):
        content = path.read_bytes()
        if FOUND.search(content) or FOUND.search(str(path).encode()):
            found.append(str(path.relative_to(case.root.parent)))
    return found


def handed_over(folder: Path) -> Path:
    folder.mkdir()
    for number in range(0, EACH, 5):
        (folder / f"{person(number)} {number}.png").write_bytes(picture(person(number)))
        (folder / f"broken {person(number)}.jpg").write_bytes(b"\xff\xd8\xff" + person(number).encode() * 40)
        (folder / f"film {person(number)}.mp4").write_bytes(b"#EXTM3U\n" + person(number).encode())
    return folder


def sheet(folder: Path, site: HostileSite) -> Path:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["url", "who", "notes"])
    for number in range(0, EACH, 7):
        rows.writerow([site.url(path_of(number)), person(number), f"=HYPERLINK({person(number)})"])
    rows.writerow([f"not an address of {person(1)}", person(1), person(2)])
    path = folder / "list.csv"
    path.write_text(text.getvalue(), "utf-8")
    return path


def test_all_two_hundred_are_planted() -> None:
    assert len(set(SEEDS)) == 200
    planted = "".join(person(number) + path_of(number) for number in range(EACH)).encode()
    assert {one.decode().lower() for one in FOUND.findall(planted)} == {seed.lower() for seed in SEEDS}


@pytest.mark.campaign
def test_nothing_collected_stands_in_what_a_run_leaves_beside_its_results(desk, site, tmp_path) -> None:
    locators = [site.url(path_of(number)) for number in range(EACH)]
    locators += [f"http://{SEEDS[0]}.invalid{path_of(0)}", f"http://127.0.0.1:1{path_of(1)}"]
    locators.append(f"https://{site.address}{path_of(2)}")
    said = [
        desk.run("--json", "collect", *locators, "--why", person(3), timeout=600),
        desk.run("--json", "collect", locators[0], "--method", "ytdlp", timeout=300),
        desk.run("--json", "collect", "--from", str(sheet(tmp_path, site)), timeout=600),
        desk.run("collect", locators[1], locators[2], timeout=300),
        desk.run("--json", "import", str(handed_over(tmp_path / "handed")), "--from-person", person(4), timeout=600),
        desk.run("--json", "examine", timeout=600),
        desk.run("--json", "note", "I-0001", person(5)),
        desk.run("--json", "search", SEEDS[0]),
        desk.run("--json", "audit", timeout=300),
    ]
    assert [one.code for one in said[-4:]] == [0, 0, 0, 0], [one.err for one in said]
    assert FOUND.search(said[0].out.encode()), "the words are in the results, as they have to be"
    assert leaks(desk, *(one.err for one in said)) == []


@pytest.mark.campaign
def test_prefect_learns_nothing_of_what_is_collected(desk, site) -> None:
    locators = [site.url(path_of(number)) for number in range(10)]
    said = desk.run("--json", "collect", *locators, "--why", person(3), "--engine", "prefect", timeout=600)
    assert said.code in (0, 1), said.err
    databases = [path for path in desk.root.rglob("*.db") if "prefect" in str(path.relative_to(desk.root))]
    assert databases, "Prefect has been at work"
    for path in databases:
        with sqlite3.connect(path) as connection:
            assert not FOUND.search("\n".join(connection.iterdump()).encode())
    assert leaks(desk, said.err) == []


@pytest.mark.campaign
def test_what_is_known_of_an_identity_stands_in_no_log_and_prefect_does_not_learn_it(desk, site, tmp_path) -> None:
    """The handle and everything said of it, the values of its jar, and a session that ends on the way."""
    site.behaviours["/plain"] = lambda visit: visit.respond("<title>Log in</title><form><input type=password></form>")
    token = SEEDS[4 * 8 + 3]
    jar = tmp_path / "jar.txt"
    jar.write_text(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t{token}{token}\n127.0.0.1\tFALSE\t/\tFALSE\t0\tk\t{token}\n")
    told = ("--why", person(9), "--note", person(10), "--made-by", person(11), "--canary-text", person(12))
    of_site = ("--platform", "site", "--host", "127.0.0.1", "--canary", site.url("/plain/me"))
    added = desk.run(
        "identity", "add", "reader", *of_site, *told, "--jar", str(jar), "--handle", "-", stdin=f"{person(8)}\n"
    )
    assert added.code == 0, added.err
    said = [
        desk.run("--json", "collect", site.url("/plain/1"), "--identity", "reader", "--engine", "prefect", timeout=600),
        desk.run("identity", "resume", "reader", "--jar", str(jar)),
        desk.run("collect", site.url("/plain/2"), "--identity", "reader"),
        desk.run(
            "identity", "add", "other", *of_site, "--jar", str(tmp_path / "none"), "--handle", "-", stdin=person(8)
        ),
    ]
    assert [one.code for one in said] == [1, 0, 1, 2], [one.err for one in said]
    assert said[0].json["results"][0]["cause"] == "session-expired"
    assert f"sid={token}{token}; k={token}" in {one.headers.get("cookie") for one in site.requests}
    assert leaks(desk, *(one.err for one in (added, *said))) == []


def test_a_failing_worker_leaves_no_words_in_a_log(tmp_path, capsys) -> None:
    """What a worker says before it dies is in its record; the log of a service has the kind and the place."""
    module = tmp_path / "raising.py"
    module.write_text(
        f"def work(request, inputs, out):\n    print({person(1)!r})\n    raise ValueError({person(0)!r})\n"
    )
    limits = Limits(wall_s=60, cpu_s=20, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
    settings = {"inputs": None, "out": tmp_path, "egress": None, "level": ContainmentLevel.WEAK, "code": (module,)}
    with open_worker("raising", **settings) as worker, pytest.raises(WorkerFailed) as failed:
        worker.call({"secret": person(2)}, "o", limits)
    assert FOUND.search(failed.value.detail.encode()), "the record gets the words"
    complain("collect_waiting", failed.value)
    output.failing_unexpectedly(failed.value)
    printed = capsys.readouterr()
    assert "collect_waiting: WorkerFailed at worker.py:" in printed.err
    assert not FOUND.search((printed.err + printed.out).encode())


def test_a_fault_of_our_own_prints_a_trace_without_words() -> None:
    program = (
        "import os, sys\n"
        "from cli import main\n"
        "def raising(*arguments, **options):\n"
        f"    raise KeyError({person(7)!r})\n"
        "main.build_app = raising\n"
        "sys.exit(main.main(['items'], os.environ))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (done.returncode, "unexpected KeyError" in done.stderr) == (1, True)
    assert not FOUND.search((done.stdout + done.stderr).encode())

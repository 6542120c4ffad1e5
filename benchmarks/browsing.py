"""Pages captured by the method `browser`, against Chromium's own load and picture of them, in turn in one run.

Chromium alone is started as a capture starts it, with a profile of its own, and makes one picture. A capture makes DOM,
text, PDF and a reference page besides, with the record of everything that passed, and seals all of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from benchmarks.measuring import Figure, Spent, spend
from benchmarks.places import command_of, create
from casefile.clock import parse_rfc3339
from collectors.browser.chromium import FLAGS, program
from containment.processes import descendants
from examples import media
from examples.site import Site, serving

PAGES, PICTURES = 10, 3
WORDS = "<p>There was a report of shelling near the market at noon.</p>" * 40
NOT_ALONE = ("--remote-debugging-pipe", "--no-startup-window")
MOST_S = 4
"""Scoop 0.6.59 took 8 to 10.5 seconds a page on such a machine, auto-archiver's browser 11.9 to 17.6."""
GROWTH_MB = 0.3
"""A page, of all processes that outlive one; auto-archiver's process grew by 0.9 MB a page without a browser."""
SETTLED = 3
"""Pages after which the workers have started and hold what they load once."""
HELD = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
OF_THE_PAGE = ("screenshot", "page.pdf")


def measure(folder: Path) -> Sequence[Figure]:
    """The least and the mean of ten pages in one collection by one worker, the bytes that are kept of them, and how
    what outlives a page grows with each.
    """
    site = build_site(folder / "site")
    workspace = folder / "workspace"
    create(workspace)
    with serving(site) as host:
        locators = [f"http://{host}{path}" for path in site.pages]
        # What is captured is not examined by key points: that is another figure.
        told = {"CASEFILE_EGRESS__ALLOW": json.dumps([host]), "CASEFILE_CAPTURE__WORKERS": "1"}
        told |= {"CASEFILE_EXAMINE__LOCAL_FEATURES": "false"}
        first = [_alone(folder / f"alone-{number}", locator) for number, locator in enumerate(locators[: PAGES // 2])]
        growth_mb = _captured(workspace, locators, {**os.environ, **told})
        last = [_alone(folder / f"again-{number}", locator) for number, locator in enumerate(locators[PAGES // 2 :])]
    alone_s, capture_s = [one.wall_s for one in (*first, *last)], _seconds(workspace)
    served = sum(len(page) for page in site.pages.values()) + PAGES * sum(
        path.stat().st_size for path in site.folder.iterdir()
    )
    kept, pictures = _kept(workspace)
    detail = f"captured: least {min(capture_s):.2f} s, mean {mean(capture_s):.2f}; "
    detail += f"plain: least {min(alone_s):.2f}, mean {mean(alone_s):.2f}"
    bytes_told = f"{kept} B kept, {pictures} of them pictures and PDFs of the pages; {served} B served"
    ratio = mean(capture_s) / mean(alone_s)
    return [
        Figure("a page captured, against Chromium's own load and picture", ratio, 1.8, "x wall", detail),
        Figure("a page of ten in one collection", mean(capture_s), MOST_S, "s wall", detail),
        Figure("bytes kept of a page, for bytes served", (kept - pictures) / served, 2.3, "x", bytes_told),
        Figure(
            "memory that grows with each page", growth_mb, GROWTH_MB, "MB", f"{200 * growth_mb:.0f} MB in 200 pages"
        ),
    ]


def build_site(folder: Path) -> Site:
    """PAGES pages with text and the same pictures each, below a new folder."""
    folder.mkdir()
    for number in range(PICTURES):
        media.save_photo(media.draw_scene(number), folder / f"{number}.jpg")
    shown = "".join(f'<img src="/{number}.jpg" width="600">' for number in range(PICTURES))
    pages = {f"/page/{number}": f"<!doctype html><title>{number}</title>{WORDS}{shown}" for number in range(PAGES)}
    return Site(pages, folder)


def _captured(workspace: Path, locators: Sequence[str], environment: Mapping[str, str]) -> float:
    """Capture all; by how many megabytes each page made the processes grow that outlive it."""
    command = [one for one in command_of(workspace, "collect", "--method", "browser", *locators) if one != "--json"]
    held: list[Mapping[int, int]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            if line.startswith("captured "):
                held.append(_held_kb(process.pid))
    if process.returncode or len(held) != len(locators):
        raise RuntimeError(f"captured {len(held)} of {len(locators)} pages, exit {process.returncode}")
    settled = held[SETTLED:]
    lasting = set.intersection(*(set(one) for one in settled))
    first, last = (sum(one[process] for process in lasting) for one in (settled[0], settled[-1]))
    return (last - first) / 1024 / (len(settled) - 1)


def _held_kb(ancestor: int) -> Mapping[int, int]:
    """The kilobytes that a process and each of its descendants hold."""
    held = {}
    for process in (ancestor, *descendants(ancestor)):
        # Those of a page end with it, at any moment.
        with contextlib.suppress(OSError):
            if found := HELD.search(Path(f"/proc/{process}/status").read_text()):
                held[process] = int(found[1])
    return held


def _alone(folder: Path, locator: str) -> Spent:
    folder.mkdir()
    flags = [flag for flag in FLAGS if flag not in NOT_ALONE]
    own = [f"--user-data-dir={folder}/profile", f"--screenshot={folder}/page.png", locator]
    return spend(lambda: subprocess.run([str(program()), *flags, *own], check=True, capture_output=True))


def _seconds(workspace: Path) -> list[float]:
    """How long each capture took, from its beginning until it was ready to be sealed."""
    records = [json.loads(path.read_bytes())["circumstances"] for path in workspace.glob("vault/**/capture.json")]
    return [(parse_rfc3339(one["ended_at"]) - parse_rfc3339(one["started_at"])).total_seconds() for one in records]


def _kept(workspace: Path) -> tuple[int, int]:
    """Bytes of content and records in the vault, and how many of them are pictures and PDFs of pages."""
    files = [path for path in (workspace / "vault").rglob("content/**/*") if path.is_file()]
    made = [path for path in files if path.name.startswith(OF_THE_PAGE)]
    return sum(path.stat().st_size for path in files), sum(path.stat().st_size for path in made)

"""Pages captured by the method `browser`, against Chromium's own load and picture of them, in turn in one run.

Chromium alone is started as a capture starts it, with a profile of its own, and makes one picture. A capture makes DOM,
text, PDF and a reference page besides, with the record of everything that passed, and seals all of it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import casefile, create
from collectors.browser.chromium import FLAGS, program
from examples import media
from examples.site import Site, serving

PAGES, ROUNDS, PICTURES = 10, 2, 3
WORDS = "<p>There was a report of shelling near the market at noon.</p>" * 40
NOT_ALONE = ("--remote-debugging-pipe", "--no-startup-window")
MOST_S = 4
"""Scoop 0.6.59 took 8 to 10.5 seconds a page on such a machine, auto-archiver's browser 11.9 to 17.6."""
OF_THE_PAGE = ("screenshot", "page.pdf")


def measure(folder: Path) -> Sequence[Figure]:
    """Ten pages in one collection by one worker; and the bytes that are kept of them."""
    site = build_site(folder / "site")
    with serving(site) as host:
        locators = [f"http://{host}{path}" for path in site.pages]
        allowed = {"CASEFILE_EGRESS__ALLOW": json.dumps([host]), "CASEFILE_CAPTURE__WORKERS": "1"}
        workspaces = [folder / f"workspace-{number}" for number in range(ROUNDS)]
        for workspace in workspaces:
            create(workspace)
        fresh, alone = iter(workspaces), iter(range(ROUNDS))
        ours, plain = in_turn(
            ROUNDS,
            lambda: _captured(next(fresh), locators, {**os.environ, **allowed}),
            lambda: _alone(folder / f"alone-{next(alone)}", locators),
        )
    served = sum(len(page) for page in site.pages.values()) + PAGES * sum(
        path.stat().st_size for path in site.folder.iterdir()
    )
    kept, pictures = _kept(workspaces[0])
    detail = both("captured", ours, plain)
    ratio = (kept - pictures) / served
    bytes_told = f"{kept} B kept, {pictures} of them pictures and PDFs of the pages; {served} B served"
    return [
        Figure(
            "a page captured, against Chromium's own load and picture", ours.wall_s / plain.wall_s, 1.8, "x", detail
        ),
        Figure("a page of ten in one collection", ours.wall_s / PAGES, MOST_S, "s wall", detail),
        Figure("bytes kept of a page, for bytes served", ratio, 2.3, "x", bytes_told),
    ]


def build_site(folder: Path) -> Site:
    """PAGES pages with text and the same pictures each, below a new folder."""
    folder.mkdir()
    for number in range(PICTURES):
        media.save_photo(media.draw_scene(number), folder / f"{number}.jpg")
    shown = "".join(f'<img src="/{number}.jpg" width="600">' for number in range(PICTURES))
    pages = {f"/page/{number}": f"<!doctype html><title>{number}</title>{WORDS}{shown}" for number in range(PAGES)}
    return Site(pages, folder)


def _captured(workspace: Path, locators: Sequence[str], environment: Mapping[str, str]) -> None:
    results = casefile(workspace, "collect", "--method", "browser", *locators, environment=environment)["results"]
    if {one["outcome"] for one in results} != {"captured"}:
        raise RuntimeError(f"not captured: {results}")


def _alone(folder: Path, locators: Sequence[str]) -> None:
    folder.mkdir()
    flags = [flag for flag in FLAGS if flag not in NOT_ALONE]
    for number, locator in enumerate(locators):
        own = [f"--user-data-dir={folder}/{number}", f"--screenshot={folder}/{number}.png", locator]
        subprocess.run([str(program()), *flags, *own], check=True, capture_output=True)


def _kept(workspace: Path) -> tuple[int, int]:
    """Bytes of content and records in the vault, and how many of them are pictures and PDFs of pages."""
    files = [path for path in (workspace / "vault").rglob("content/**/*") if path.is_file()]
    made = [path for path in files if path.name.startswith(OF_THE_PAGE)]
    return sum(path.stat().st_size for path in files), sum(path.stat().st_size for path in made)

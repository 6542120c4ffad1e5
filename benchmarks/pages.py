"""Fifty video pages with everything that is done to them, against one plain process doing the least of the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn, spend
from benchmarks.places import casefile, create
from examples import media
from examples.site import Site, serving

PAGES = 50
PLAIN = Path(__file__).with_name("plain_pages.py")
AUTO_ARCHIVER_CPU_S = 0.94
"""Seconds of processor per page that auto-archiver 1.2.9 took for the same kind of page on such a machine."""


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time with two workers, children included."""
    site = _build(folder / "site")
    workspace = folder / "workspace"
    with serving(site) as host:
        locators = [f"http://{host}{path}" for path in site.pages]
        environment = {**os.environ, "CASEFILE_EGRESS__ALLOW": json.dumps([host]), "CASEFILE_CAPTURE__WORKERS": "2"}
        create(workspace)
        ours = spend(lambda: casefile(workspace, "collect", "--method", "ytdlp", *locators, environment=environment))
        exiftool = shutil.which("exiftool") or "exiftool"
        command = [sys.executable, str(PLAIN), str(folder / "plain"), exiftool, *locators]
        (plain,) = in_turn(1, lambda: subprocess.run(command, check=True, capture_output=True))
    held = len(casefile(workspace, "items")["items"])
    if held < PAGES:
        raise RuntimeError(f"{held} items of {PAGES} pages")
    detail = both("collect", ours, plain)
    return [
        Figure(f"{PAGES} video pages, against a plain process", ours.cpu_s / plain.cpu_s, 1.5, "x CPU", detail),
        Figure("one video page", ours.cpu_s / PAGES, AUTO_ARCHIVER_CPU_S / 2, "s CPU", detail),
    ]


def _build(folder: Path) -> Site:
    film = folder / "films" / "pan.mp4"
    film.parent.mkdir(parents=True)
    media.make_film(media.draw_scene(4), film, tone_hz=330)
    pages = {}
    for number in range(PAGES):
        # One byte more makes each film a file of its own, as on a real site; players pass over it.
        (folder / "films" / f"{number}.mp4").write_bytes(
            film.read_bytes() + bytes([0, 0, 0, 9]) + b"free" + bytes([number])
        )
        pages[f"/watch/{number}"] = (
            f'<!doctype html><title>Film {number}</title><video src="/films/{number}.mp4"></video>'
        )
    return Site(pages, folder)

"""Fifty video pages with everything that is done to them, against one plain process doing the least of the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import casefile, command_of, create
from examples import media
from examples.site import Site, serving
from pipelines.examine import program_path

PAGES, FEW, ROUNDS = 50, 10, 3
SCENES = 10
"""Different films on the site; each is shown by PAGES / SCENES pages, so that there are near-duplicates to be found."""
PLAIN = Path(__file__).with_name("plain_pages.py")
AUTO_ARCHIVER_CPU_S = 0.94
"""Seconds of processor per page that auto-archiver 1.2.9 took for the same kind of page on such a machine."""
AUTO_ARCHIVER_GROWTH = 0.9
"""Megabytes by which its process grew with each page."""
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time with two workers, children included, and how the memory of the process grows with the pages."""
    site = build_site(folder / "site")
    with serving(site) as host:
        locators = [f"http://{host}{path}" for path in site.pages]
        environment = {**os.environ, "CASEFILE_EGRESS__ALLOW": json.dumps([host]), "CASEFILE_CAPTURE__WORKERS": "2"}
        workspaces = [folder / f"workspace-{number}" for number in range(ROUNDS + 1)]
        for workspace in workspaces:
            create(workspace)
        few_mb = collect_pages(workspaces[0], locators[:FEW], environment)
        collected, downloaded = iter(workspaces[1:]), iter(range(ROUNDS))
        most_mb: list[float] = []
        ours, plain = in_turn(
            ROUNDS,
            lambda: most_mb.append(collect_pages(next(collected), locators, environment)),
            lambda: _plainly(folder / f"plain-{next(downloaded)}", locators),
        )
    for workspace in workspaces[1:]:
        held = len(casefile(workspace, "items")["items"])
        if held < PAGES:
            raise RuntimeError(f"{held} items of {PAGES} pages")
    detail = both("collect", ours, plain)
    memory = f"at most {few_mb:.1f} MB with {FEW} pages, {max(most_mb):.1f} MB with {PAGES}"
    growth = (max(most_mb) - few_mb) / (PAGES - FEW)
    return [
        Figure(f"{PAGES} video pages, against a plain process", ours.cpu_s / plain.cpu_s, 1.5, "x CPU", detail),
        Figure("one video page", ours.cpu_s / PAGES, AUTO_ARCHIVER_CPU_S / 2, "s CPU", detail),
        Figure("memory that grows with each page", growth, AUTO_ARCHIVER_GROWTH / 3, "MB", memory),
    ]


def collect_pages(workspace: Path, locators: Sequence[str], environment: Mapping[str, str], *options: str) -> float:
    """Collects; the most megabytes that the process held, without its workers."""
    most_kb = 0
    command = command_of(workspace, "collect", "--method", "ytdlp", *options, *locators)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        while process.poll() is None:
            if found := PEAK.search(Path(f"/proc/{process.pid}/status").read_text()):
                most_kb = int(found[1])
            time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"casefile collect exited {process.returncode}")
    return most_kb / 1024


def _plainly(folder: Path, locators: Sequence[str]) -> None:
    # The same ExifTool on both sides: a newer one costs half as much again as Debian's.
    exiftool = program_path("exiftool")
    subprocess.run([sys.executable, str(PLAIN), str(folder), exiftool, *locators], check=True, capture_output=True)


def build_site(folder: Path) -> Site:
    """PAGES pages with a film each, below a new folder."""
    films = folder / "films"
    films.mkdir(parents=True)
    pages = {}
    for number in range(PAGES):
        scene = films / f"scene-{number % SCENES}.mp4"
        if not scene.exists():
            media.make_film(media.draw_scene(number), scene, tone_hz=330)
        # One byte more makes each film a file of its own, as on a real site; players pass over it.
        (films / f"{number}.mp4").write_bytes(scene.read_bytes() + bytes([0, 0, 0, 9]) + b"free" + bytes([number]))
        pages[f"/watch/{number}"] = (
            f'<!doctype html><title>Film {number}</title><video src="/films/{number}.mp4"></video>'
        )
    return Site(pages, folder)

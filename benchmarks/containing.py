"""What containment costs: the start of a sandbox, and a thousand pictures and fifty pages inside against outside."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks.measuring import Figure, Spent, in_turn
from benchmarks.pages import PAGES, build_site, collect_pages
from benchmarks.places import create
from casefile.digests import digest_file, hex_of
from casefile.vocabulary import ContainmentLevel, Role
from containment.sandbox import Places, code_of, full_argv
from containment.worker import open_worker
from examples.media import LAKE, draw_scene, save_photo
from examples.site import serving
from verification.interface import MAX_BATCH, ExamineRequest, Specimen
from verification.running import MODULE, examine_batch

STARTS, ROUNDS = 21, 3
PICTURES, SCENES = 1000, 20
SIZE = (800, 600)
LEAST_MODULE = "containment.trial"
"""Imports nothing but the standard library: what is measured is the sandbox."""
WEAK, FULL = ContainmentLevel.WEAK, ContainmentLevel.FULL


def measure(folder: Path) -> Sequence[Figure]:
    """The medians of the starts in milliseconds on the wall, and two ratios of processor time."""
    starts = folder / "starts"
    starts.mkdir()
    return [_sandboxes(starts), _workers(starts), _pictures(folder / "pictures"), _pages(folder / "pages")]


def _sandboxes(folder: Path) -> Figure:
    """Namespaces, mounts and limits as for any worker, around a program that does nothing, until it has ended."""
    places = Places(None, folder, (code_of(LEAST_MODULE),))
    with Path(os.devnull).open("w") as nowhere:
        argv = full_argv(places, "", nowhere.fileno(), -1)
        least = [*argv[: argv.index("--") + 1], "/usr/bin/true"]
        took_ms = []
        for _start in range(STARTS):
            begun = time.perf_counter()
            subprocess.run(least, check=True, stdin=subprocess.DEVNULL, env={}, pass_fds=(nowhere.fileno(),))
            took_ms.append(1000 * (time.perf_counter() - begun))
    return _median("the start of a sandbox", took_ms, 40)


def _workers(folder: Path) -> Figure:
    """The same until a Python in it has imported the least worker and waits for calls."""
    took_ms = []
    for _start in range(STARTS):
        with open_worker(LEAST_MODULE, inputs=None, out=folder, egress=None, level=FULL) as worker:
            begun = time.perf_counter()
            worker.start()
            took_ms.append(1000 * (time.perf_counter() - begun))
    return _median("the start of a sandbox with a worker ready in it", took_ms, 200)


def _median(claim: str, took_ms: Sequence[float], limit_ms: float) -> Figure:
    detail = f"{len(took_ms)} starts, {min(took_ms):.0f} to {max(took_ms):.0f} ms"
    return Figure(f"{claim}, median", statistics.median(took_ms), limit_ms, "ms", detail)


def _pictures(folder: Path) -> Figure:
    folder.mkdir()
    specimens = []
    for number in range(PICTURES):
        path = folder / "picture.jpg"
        if number < SCENES:
            save_photo(draw_scene(number, SIZE), path, LAKE)
            (folder / f"scene-{number}").write_bytes(path.read_bytes())
        # One byte behind the end of the picture makes each file one of its own.
        path.write_bytes((folder / f"scene-{number % SCENES}").read_bytes() + number.to_bytes(2, "big"))
        name = hex_of(digest_file(path).sha256)
        path.rename(folder / name)
        specimens.append(Specimen(file=name, role=Role.PICTURE, declared_media_type="image/jpeg"))
    requests = [
        ExamineRequest(files=tuple(specimens[at : at + MAX_BATCH])) for at in range(0, len(specimens), MAX_BATCH)
    ]
    outputs = (folder / f"out-{number}" for number in count())

    def examine(level: ContainmentLevel) -> None:
        out = next(outputs)
        out.mkdir()
        with open_worker(MODULE, inputs=folder, out=out, egress=None, level=level) as worker:
            for number, request in enumerate(requests):
                examine_batch(worker, request, f"b{number}")

    inside, outside = in_turn(ROUNDS, lambda: examine(FULL), lambda: examine(WEAK))
    claim = f"examination of {PICTURES} pictures, contained against uncontained"
    return Figure(claim, inside.cpu_s / outside.cpu_s, 1.15, "x CPU", _sides(inside, outside))


def _pages(folder: Path) -> Figure:
    with _site(folder) as (locators, environment):
        workspaces = [folder / f"workspace-{number}" for number in range(2 * ROUNDS)]
        for workspace in workspaces:
            create(workspace)
        left = iter(workspaces)
        inside, outside = in_turn(
            ROUNDS,
            lambda: collect_pages(next(left), locators, environment),
            lambda: collect_pages(next(left), locators, environment, "--containment", WEAK),
        )
    claim = f"{PAGES} video pages, contained against uncontained"
    return Figure(claim, inside.cpu_s / outside.cpu_s, 1.2, "x CPU", _sides(inside, outside))


@contextmanager
def _site(folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    site = build_site(folder / "site")
    with serving(site) as host:
        allowed = {"CASEFILE_EGRESS__ALLOW": json.dumps([host]), "CASEFILE_CAPTURE__WORKERS": "2"}
        yield [f"http://{host}{path}" for path in site.pages], {**os.environ, **allowed}


def _sides(inside: Spent, outside: Spent) -> str:
    return (
        f"contained: {inside.cpu_s:.2f} s CPU, {inside.wall_s:.2f} s wall; "
        f"uncontained {outside.cpu_s:.2f}, {outside.wall_s:.2f}"
    )

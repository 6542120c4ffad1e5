"""The example of `./dev run`: a made-up site on loopback is collected, preserved, examined, audited and rebuilt.

Everything is done as a person would do it, by the command line; each command is printed before it runs. The exit code
is 0 when all came out as it should, else 1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples import media, site

CASEFILE = Path(sys.executable).with_name("casefile")
INTERRUPTED = 130
TWIN = "IMG_0001.jpg"
BY_PREFECT = ("/", "/post/rynok")
SEARCHED = {"лікарня": "/post/rynok", "المستشفى": "/post/rynok", "promenade": "/post/lake"}
"""Words in three scripts, each with the page that holds it."""
Ending = tuple[str, str | None]
"""Outcome and cause of one locator."""


class Walk:
    """One walk through the commands, in one workspace, keeping what did not come out as it should."""

    def __init__(self, workspace: Path, environment: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.environment = environment
        self.surprises: list[str] = []

    def run(self, *arguments: str, expect: Sequence[int] = (0,), workspace: Path | None = None) -> dict[str, Any]:
        """Runs one command with --json and returns its document; another exit code than expected is a surprise."""
        shown = [argument if len(argument) < 60 else argument[:57] + "…" for argument in arguments]
        shortened = shown if len(shown) < 9 else [*shown[:6], f"… ({len(shown) - 6} more)"]
        print(f"\n$ casefile {' '.join(f'{one!r}' if ' ' in one else one for one in shortened)}", flush=True)
        command = [str(CASEFILE), "--workspace", str(workspace or self.workspace), "--json", *arguments]
        begun = time.monotonic()
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in expect:
            self.surprise(f"`casefile {arguments[0]}` exited {done.returncode}, expected {expect[0]}")
        print(f"  exit {done.returncode}, {time.monotonic() - begun:.1f} s")
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise SystemExit(f"`casefile {arguments[0]}` printed no JSON document: {done.stdout[:200]!r}")
        return document

    def surprise(self, text: str) -> None:
        """Notes what did not come out as it should."""
        self.surprises.append(text)
        print(f"  NOT AS EXPECTED: {text}")

    def expect(self, claim: bool, otherwise: str) -> None:
        """Notes `otherwise` unless `claim` holds."""
        if not claim:
            self.surprise(otherwise)


def main() -> int:
    """Draws the site, serves it and walks; returns the exit code."""
    root = Path.cwd() / "workspace"
    root.mkdir(exist_ok=True)
    workspace = root / f"example-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with tempfile.TemporaryDirectory() as folder:
        print("Drawing a small web site: pictures, re-uploads of one of them, two films …", flush=True)
        drawn = site.build_site(Path(folder))
        with site.serving(drawn) as host:
            environment = {**os.environ, "CASEFILE_EGRESS__ALLOW": json.dumps([host])}
            print(f"It is served at http://{host}/, which CASEFILE_EGRESS__ALLOW allows: not a public address.")
            walk = Walk(workspace, environment)
            sheet = _walk(walk, f"http://{host}")
    print(f"\n{'All as expected.' if not walk.surprises else 'NOT AS EXPECTED:'}")
    for surprise in walk.surprises:
        print(f"  {surprise}")
    print(f"Workspace: {workspace}\nOpen this: {sheet}")
    return 1 if walk.surprises else 0


def _walk(walk: Walk, base: str) -> Path:
    weak = _containment(walk)
    walk.run("init", str(walk.workspace), "--title", "Morning at the lake", "--investigator", "Example Investigator")
    _collect(walk, base, weak)
    _prefect(walk, base, weak)
    _import(walk, weak)
    items = _items(walk)
    _count(walk, items)
    paths = {item["id"]: item["locator"].removeprefix(base) for item in items}
    _duplicates(walk, paths)
    _search(walk, paths)
    _audit_and_rebuild(walk, items)
    _tamper(walk)
    sheet = walk.workspace / "work" / "contact-sheet"
    walk.run("items", "--html", str(sheet))
    walk.expect((sheet / "index.html").is_file(), f"{sheet / 'index.html'} was not written")
    return sheet / "index.html"


def _containment(walk: Walk) -> list[str]:
    level = walk.run("doctor", expect=(0, 3)).get("containment", {}).get("level")
    if level == "full":
        return []
    print(
        "  Full containment is missing here, so the captures below say `--containment weak`, and so do their records."
    )
    return ["--containment", "weak"]


def _collect(walk: Walk, base: str, weak: Sequence[str]) -> None:
    posts = [path for path in site.POSTS if path not in BY_PREFECT]
    expected: dict[str, Ending] = dict.fromkeys((*site.PICTURES, *posts), ("captured", None))
    expected |= {path: ("captured", cause) for path, cause in site.ABSENT.items()}
    locators = [base + path for path in expected]
    found = walk.run("collect", *locators, "--why", "the walk by the lake", *weak, expect=(1,))
    _outcomes(walk, base, found, expected)
    films = walk.run("collect", "--method", "ytdlp", *(base + path for path in site.FILMS), *weak)
    _outcomes(walk, base, films, dict.fromkeys(site.FILMS, ("captured", None)))
    outside = "http://127.0.0.1:9/never-allowed"
    refused = walk.run("collect", outside, *weak, expect=(4,))
    _outcomes(walk, base, refused, {outside: ("refused", "blocked-by-policy")})


def _outcomes(walk: Walk, base: str, found: Mapping[str, Any], expected: Mapping[str, Ending]) -> None:
    results = {one["locator"].removeprefix(base): one for one in found.get("results", [])}
    for path, (outcome, cause) in expected.items():
        result = results.get(path, {})
        came = (result.get("outcome"), result.get("cause") or None)
        print(f"  {path:28} {came[0]}{f' ({came[1]})' if came[1] else ''}, {len(result.get('items', []))} item(s)")
        walk.expect(came == (outcome, cause), f"{path} came to {came}, expected {(outcome, cause)}")


def _prefect(walk: Walk, base: str, weak: Sequence[str]) -> None:
    found = walk.run("collect", "--engine", "prefect", *(base + path for path in BY_PREFECT), *weak)
    _outcomes(walk, base, found, dict.fromkeys(BY_PREFECT, ("captured", None)))


def _items(walk: Walk) -> list[dict[str, Any]]:
    return list(walk.run("items").get("items", []))


def _import(walk: Walk, weak: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for seed, name in enumerate(("monday", "tuesday"), start=6):
            media.save_photo(media.draw_scene(seed), Path(folder) / name / TWIN)
        walk.run("import", folder, "--from-person", "A neighbour", "--how", "by hand", *weak)


def _count(walk: Walk, items: Sequence[Mapping[str, Any]]) -> None:
    for key in ("role", "content", "acquisition"):
        counted = Counter(item[key] for item in items)
        print(f"  by {key}: " + ", ".join(f"{number} {value}" for value, number in sorted(counted.items())))
    twins = {item["sha256"] for item in items if item["name"] == TWIN and item["acquisition"] == "handed-over"}
    walk.expect(len(twins) == 2, "two files of one name, handed over, are not two items")


def _duplicates(walk: Walk, paths: Mapping[str, str]) -> None:
    edges = walk.run("duplicates").get("edges", [])
    pairs = {frozenset((paths.get(edge["item_a"]), paths.get(edge["item_b"]))): edge for edge in edges}
    family = {site.ORIGINAL, *site.REUPLOADS.values()}
    for name, path in site.REUPLOADS.items():
        edge = pairs.get(frozenset((site.ORIGINAL, path)))
        said = f"found, score {edge['score']}, by {edge['method']}" if edge else "NOT FOUND"
        print(f"  {name:20} {said}")
        walk.expect(bool(edge), f"the {name} copy was not found")
    strangers = [set(pair) for pair in pairs if not pair <= family]
    walk.expect(not strangers, f"unlike pictures were paired: {strangers}")


def _search(walk: Walk, paths: Mapping[str, str]) -> None:
    for word, path in SEARCHED.items():
        hits = [paths.get(hit["item"]) for hit in walk.run("search", word).get("hits", [])]
        print(f"  {word}: {', '.join(sorted({hit for hit in hits if hit})) or 'nothing'}")
        walk.expect(path in hits, f"{word} was not found in {path}")


def _audit_and_rebuild(walk: Walk, items: Sequence[Mapping[str, Any]]) -> None:
    _audit(walk)
    before = [items, walk.run("attempts")]
    print("\nNow the database is thrown away; vault and log are all that is left.")
    for file in walk.workspace.glob("casefile.db*"):
        file.unlink()
    walk.run("reindex")
    same = [_items(walk), walk.run("attempts")] == before
    print(f"  items and attempts after the rebuild: {'the same' if same else 'DIFFERENT'}")
    walk.expect(same, "the rebuilt database differs")
    _audit(walk)


def _audit(walk: Walk) -> None:
    found = walk.run("audit")
    checked = ", ".join(f"{number} {what}" for what, number in found.get("checked", {}).items())
    print(f"  {'no problem' if found.get('ok') else 'PROBLEMS'}; checked: {checked}")
    walk.expect(found.get("ok") is True, f"audit found {found.get('problems')}")


def _tamper(walk: Walk) -> None:
    print("\nOne bit of one picture is turned in a copy of the workspace.")
    with tempfile.TemporaryDirectory(dir=walk.workspace.parent) as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(walk.workspace, copy)
        victim = max(_contents(copy / "vault"), key=lambda file: file.stat().st_size)
        victim.chmod(0o600)
        turned = bytearray(victim.read_bytes())
        turned[len(turned) // 2] ^= 1
        victim.write_bytes(turned)
        victim.chmod(0o444)
        problems = walk.run("audit", expect=(5,), workspace=copy).get("problems", [])
        for problem in problems[:3]:
            print(f"  {problem.get('code')}: {problem.get('text')}")
        walk.expect(bool(problems), "the turned bit was not noticed")
        for directory in copy.rglob("*/"):
            directory.chmod(0o755)


def _contents(vault: Path) -> Iterable[Path]:
    return (file for file in vault.rglob("content/files/*") if file.is_file())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)

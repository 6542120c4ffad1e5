"""A newsroom on loopback whose feeds and pages the tests write, and a case that watches it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import StringIO
from typing import Any

from e2e.case import Case
from sites.behaviours import TEXT, page
from sites.hostile import HostileSite, Visit

from casefile.clock import Clock, ClockReading, SystemClock
from cli.main import main
from pipelines.services import Services, open_services


def rss(*entries: tuple[str, str]) -> bytes:
    """An RSS 2.0 document with these entries, of title and link."""
    items = "".join(f"<item><title>{title}</title><link>{link}</link></item>" for title, link in entries)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def atom(*entries: tuple[str, str]) -> bytes:
    """An Atom document with these entries, of title and link."""
    items = "".join(f'<entry><title>{title}</title><link href="{link}"/></entry>' for title, link in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{items}</feed>'.encode()


def beside_gates(said: str) -> list[str]:
    """What is said besides the advice of gates, which ask for a plan and an assessment first."""
    return [line for line in said.splitlines() if not line.startswith(("preparation: ", "assessment: "))]


@dataclass
class Newsroom:
    """A site: what `papers` holds is served by path, `/story/…` is always a page, the rest is not found."""

    papers: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    site: HostileSite = field(init=False)

    def __post_init__(self) -> None:
        self.site = HostileSite({"/news": self._paper, "/story": self._story})

    def publish(self, name: str, content: bytes, media_type: str = "application/xml") -> str:
        """Serve `content` from now on; its locator."""
        self.papers[f"/news/{name}"] = (content, media_type)
        return self.site.url(f"/news/{name}")

    def stories_asked(self) -> list[str]:
        """The stories that were asked for, in order."""
        return [path for path in self.site.paths() if path.startswith("/story")]

    def _paper(self, visit: Visit) -> None:
        if visit.seen.path not in self.papers:
            visit.respond(page("Not found", "There is nothing at this address."), "404 Not Found")
            return
        content, media_type = self.papers[visit.seen.path]
        visit.respond(content, content_type=media_type)

    def _story(self, visit: Visit) -> None:
        visit.respond(page(f"Story {visit.seen.target}", TEXT.decode()))


@dataclass(frozen=True)
class MovedClock:
    """The system's clock, put forward or back."""

    by: timedelta
    system: Clock = field(default_factory=SystemClock)

    def read(self) -> ClockReading:
        reading = self.system.read()
        return replace(reading, wall=reading.wall + self.by)

    def mint(self) -> str:
        return self.system.mint()


@dataclass
class Watching:
    """A case and its command line, run in this process."""

    case: Case

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        out, err = StringIO(), StringIO()
        environment: Mapping[str, str] = self.case.environment
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["--workspace", str(self.case.root), *arguments], environment)
        return code, out.getvalue(), err.getvalue()

    def must(self, *arguments: str, code: int = 0) -> Any:
        """The document of a command that has to end with that code."""
        ended, out, err = self.run("--json", *arguments)
        assert ended == code, f"{arguments}: exit {ended}\n{out}\n{err}"
        return json.loads(out)

    def watch(self, target: str, kind: str = "feed", name: str = "News", every: str = "1h") -> str:
        """Add a watch; its id."""
        added = self.must("monitor", "add", target, "--kind", kind, "--name", name, "--why", "to see", "--every", every)
        return str(added["id"])

    def look(self, name: str = "News", code: int = 0) -> Any:
        """Look once at a watch; what the look gave."""
        (run,) = self.must("monitor", "run", name, code=code)["runs"]
        return run

    @contextmanager
    def services(self, *, later: timedelta = timedelta(0), person: str = "") -> Iterator[Services]:
        """The open workspace, as a sequence gets it, at another time."""
        environment = self.case.environment
        with open_services(self.case.root, environment, person=person, clock=MovedClock(later)) as services:
            yield services

    def items(self) -> list[Any]:
        """Every item."""
        return list(self.must("items")["items"])

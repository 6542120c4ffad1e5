"""Every tool against every form of an address that is not public: nothing comes to the canary, not even a connection.

The broker and its judgement are the product's, the tools are the real ones in their sandbox; the outside is simulated
(`outside.py`), so that an address that got through would be answered by the canary whatever this machine's network is.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from casefile.canonical import Json
from casefile.model import Contact, Received
from casefile.vocabulary import Cause, Outcome, Role
from collectors.locators import Locator, RefusedLocator, follow, parse_locator
from containment.broker import Broker
from containment.heads import HeadRefused, parse_head
from containment.sandbox import code_of
from containment.tools import find_program
from containment.worker import EgressPolicy, Limits, Worker, WorkerFailed, WorkerResult, open_worker
from verification.interface import CheckCause, ExamineRequest, Specimen
from verification.running import examine_batch

from .conftest import PROBES
from .forms import FILES, LEADS, LOCATIONS, PLAYLISTS, PUBLIC_NAME, STATUSES, hosts, targets
from .outside import Outside, Page

WIDE = Limits(wall_s=1800, cpu_s=900, memory_bytes=2 << 30, file_bytes=64 << 20, output_bytes=256 << 20, processes=128)
ASKED = {
    "limits": {
        "max_bytes": 1_000_000,
        "max_decoded_bytes": 2_000_000,
        "deadline_s": 10,
        "connect_timeout_s": 3,
        "minimum_rate_bytes_s": 0,
        "minimum_rate_window_s": 5,
        "max_redirects": 5,
    },
    "user_agent": "Tester/1",
    "accept_language": "en",
}
METHODS = ("collectors.http.capture", "collectors.ytdlp.batch")
PROTOCOLS = ("http", "https", "tcp", "tls", "rtmp", "rtsp", "ftp", "udp", "rtp", "gopher", "icecast", "mmsh", "sctp")
PATIENCE = ("-rw_timeout", "1000000")
ANY = ("-protocol_whitelist", "{every}", "-allowed_extensions", "ALL")


def test_the_table_is_as_wide_as_was_promised() -> None:
    assert len(set(hosts())) >= 120
    assert len(set(targets(8080))) >= 120
    assert len({lead.name for lead in (*LEADS, *FILES)}) == len(LEADS) + len(FILES) >= 40


def test_no_target_passes_as_a_public_address_before_it_is_looked_up() -> None:
    """What reads locators never turns a form into the public name, except where that is what stands there."""
    for target in targets(8080):
        read = parse_locator(target)
        if isinstance(read, Locator) and read.host == PUBLIC_NAME:
            assert urlsplit(target).hostname == PUBLIC_NAME, target


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_redirect_to_any_form_is_judged_by_where_it_leads(location: str) -> None:
    base = parse_locator(f"http://{PUBLIC_NAME}/")
    assert isinstance(base, Locator)
    for target in targets(8080):
        found = follow(base, location.format(target=target, authority=target.removeprefix("http://").rstrip("/")))
        if isinstance(found, RefusedLocator):
            assert found.cause is Cause.BLOCKED_BY_POLICY
            continue
        # Whatever it is taken for, the broker is asked for exactly that host and port.
        try:
            asked = parse_head(f"CONNECT {found.host}:{found.port} HTTP/1.1".encode("ascii"))
        except HeadRefused:
            continue
        assert (asked.host, asked.port) == (found.host.strip("[]"), found.port)


@pytest.fixture
def policy(outside: Outside) -> EgressPolicy:
    """Any form that names the canary's port is refused for its address and for nothing else."""
    return EgressPolicy(ports=(80, 443, outside.canary.port))


@pytest.fixture(autouse=True)
def the_outside(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "containment.worker.Broker", functools.partial(Broker, resolve=outside.resolve, connect=outside.connect)
    )


def plant(outside: Outside) -> Iterator[str]:
    """Pages of the public site that lead to each form: a redirect, an embedding, a playlist. Their locators."""
    forms = targets(outside.canary.port)
    turns = zip(forms, cycle(STATUSES), cycle(LOCATIONS), cycle(LEADS), strict=False)
    for number, (target, status, location, lead) in enumerate(turns):
        where = location.format(target=target, authority=target.removeprefix("http://").rstrip("/"))
        where = where.replace("\t", "%09")
        outside.pages[f"/redirect/{number}"] = Page(status=status, headers=(("Location", where),))
        outside.pages[f"/plain-redirect/{number}"] = Page(
            status=status, headers=(("Location", target.replace("\t", "%09")), ("Refresh", f"0; url={target}"[:200]))
        )
        outside.pages[f"/lead/{number}"] = Page(lead.toward(target), lead.media_type)
        yield outside.url(f"/redirect/{number}")
        yield outside.url(f"/plain-redirect/{number}")
        yield outside.url(f"/lead/{number}")
    for number, lead in enumerate(LEADS):
        outside.pages[f"/all/{number}"] = Page(
            lead.toward(f"http://127.0.0.2:{outside.canary.port}/a"), lead.media_type
        )
        yield outside.url(f"/all/{number}")


def nothing_came(outside: Outside) -> None:
    assert outside.reached_inside() == []
    assert (outside.canary.visits, outside.canary.requests) == ([], [])


@pytest.mark.campaign
@pytest.mark.parametrize("module", METHODS)
def test_no_method_comes_to_an_address_that_is_not_public(module, outside, policy, full, tmp_path) -> None:
    led = list(plant(outside))
    locators = [*targets(outside.canary.port), *led]
    outcomes = {}
    with open_worker(module, inputs=None, out=tmp_path, egress=policy, level=full) as worker:
        for number, locator in enumerate(locators):
            result = worker.call({**ASKED, "locator": locator}, f"c{number}", WIDE)
            outcomes[locator] = Received.model_validate(result.answer).outcome
    assert len(outcomes) >= 4 * 120
    nothing_came(outside)
    assert len(set(outside.asked)) >= len(led) * 9 // 10, "the pages were really asked for"
    assert {outcomes[one] for one in locators} >= {Outcome.REFUSED}


@pytest.mark.campaign
@pytest.mark.parametrize("module", METHODS)
def test_the_canary_would_have_noticed(module, outside, full, tmp_path) -> None:
    """The control: where the canary's address is allowed, the same way leads to it."""
    allowed = EgressPolicy(allow=(f"127.0.0.2:{outside.canary.port}",))
    outside.pages["/go"] = Page(status=302, headers=(("Location", f"http://127.0.0.2:{outside.canary.port}/"),))
    with open_worker(module, inputs=None, out=tmp_path, egress=allowed, level=full) as worker:
        worker.call({**ASKED, "locator": outside.url("/go")}, "c", WIDE)
    assert outside.canary.visits


def programs(names: Sequence[str], places: Sequence[str]) -> list[list[str]]:
    """Command lines that open each place with each program, with every protocol that it has."""
    lines = []
    for name in names:
        path = find_program(name)
        if path is None:
            pytest.skip(f"{name} is not on this machine")
        for place in places:
            if name == "exiftool":
                lines.append([str(path), "-config", "", "-ee3", "-U", "-api", "requestall=3", place])
                continue
            tail = ["-f", "null", "-"] if name == "ffmpeg" else ["-show_format"]
            patience = PATIENCE if "://" in place else ()
            lines.append([str(path), "-v", "quiet", *patience, *ANY, "-i", place, *tail])
    return lines


@pytest.mark.campaign
@pytest.mark.parametrize("tool", ["httpx", "av", "ffprobe", "ffmpeg"])
def test_no_tool_comes_to_an_address_that_is_not_public(tool, opening, outside, policy, full) -> None:
    forms = [one for one in targets(outside.canary.port) if one.isprintable()]
    led = list(plant(outside))
    turns = ("/plain-redirect/", "/lead/")
    led = [one for one in led if turns[int(one.rpartition("/")[2]) % 2] in one or "/all/" in one]
    places = [*forms, *led]
    if tool.startswith("ff"):
        places += [f"{scheme}://127.0.0.2:{outside.canary.port}/a?timeout=500000" for scheme in PROTOCOLS]
    with opening("careless", full, egress=policy) as worker:
        request = {"programs": programs((tool,), places)} if tool.startswith("ff") else {tool: places}
        worker.call(request, "o", WIDE)
    nothing_came(outside)
    assert len(set(outside.asked)) >= len(led) * 8 // 10, "the pages were really asked for"


@pytest.fixture
def hostile_files(tmp_path: Path, outside: Outside) -> tuple[Path, list[Specimen]]:
    """A folder of files named by digest, one for each form, of every kind that names another place."""
    folder = tmp_path / "files"
    folder.mkdir()
    specimens = []
    for target, lead in zip(targets(outside.canary.port), cycle((*FILES, *PLAYLISTS)), strict=False):
        content = lead.toward(target)
        name = hashlib.sha256(content).hexdigest()
        (folder / name).write_bytes(content)
        role = Role.VIDEO if lead in PLAYLISTS or lead.media_type.startswith("video/") else Role.PICTURE
        declared = "video/mp4" if role is Role.VIDEO else lead.media_type
        specimens.append(
            Specimen(file=name, role=role, declared_media_type=declared, name=f"film-{len(specimens)}.mp4")
        )
    assert len(specimens) >= 120
    return folder, specimens


class Noting:
    """A worker that keeps what its calls asked the broker for, refusals included."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.contacts: list[Contact] = []

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        try:
            result = self.worker.call(request, out_name, limits)
        except WorkerFailed as failed:
            self.contacts += failed.contacts
            raise
        self.contacts += result.contacts
        return result


@pytest.mark.campaign
def test_no_file_leads_a_parser_out(outside, policy, full, hostile_files, tmp_path) -> None:
    """The product's own examination, given a way out that it never has, so that an attempt would show."""
    folder, specimens = hostile_files
    out = tmp_path / "examined"
    out.mkdir()
    paths = {name: str(find_program(name) or "") for name in ("exiftool", "ffprobe")}
    code = (PROBES / "examining.py", code_of("verification"))
    with open_worker("examining", inputs=folder, out=out, egress=policy, level=full, code=code) as worker:
        noting = Noting(worker)
        for start in range(0, len(specimens), 100):
            batch = ExamineRequest(files=tuple(specimens[start : start + 100]), **paths)
            examined = examine_batch(noting, batch, f"b{start}")
            causes = [finding.cause for one in examined.files for finding in one.findings]
            assert causes
            assert CheckCause.CRASHED not in causes
            assert {tool.name for tool in examined.tools} >= {"exiftool", "pillow", "av"}
    assert noting.contacts == []
    nothing_came(outside)


@pytest.mark.campaign
def test_no_file_leads_a_careless_parser_in(opening, outside, policy, full, hostile_files) -> None:
    """The tools without the product's options, every protocol and format switched on."""
    folder, specimens = hostile_files
    names = [one.file for one in specimens]
    places = [f"{{inputs}}/{name}" for name in names]
    with opening("careless", full, egress=policy, inputs=folder) as worker:
        worker.call({"pillow": names, "av": places}, "o1", WIDE)
        worker.call({"programs": programs(("ffmpeg", "exiftool"), places)}, "o2", WIDE)
    nothing_came(outside)

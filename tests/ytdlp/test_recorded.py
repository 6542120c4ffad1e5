"""The method behind the recorder, over TLS: what it received is in the record, and causes stay what they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile import HostileSite
from sites.warcs import check_with_warcio
from warcio.archiveiterator import ArchiveIterator

from casefile.model import Received
from casefile.vocabulary import Cause, ContainmentLevel, Outcome, Role
from collectors.http.recorded_answer import WARC_FILE, WarcMade, WarcRequest
from collectors.ytdlp.spec import SPEC
from containment.limits import Limits
from containment.sandbox import available
from containment.worker import EgressPolicy, RecordingPolicy, WorkerResult, open_worker, run_worker

BOUNDS = Limits(wall_s=60, cpu_s=60, memory_bytes=2 << 30, file_bytes=1 << 30, output_bytes=1 << 30, processes=64)

pytestmark = pytest.mark.skipif(not available().full, reason=f"full containment: {available().reason}")


@pytest.fixture
def secured(media: Path) -> Iterator[HostileSite]:
    """A site over TLS with a film and a list of segments."""
    with HostileSite() as site:
        for name in ("a.mp4", "hls/index.m3u8", "hls/0.ts", "hls/1.ts", "hls/2.ts"):
            content = (media / name).read_bytes()
            site.behaviours[f"/{name}"] = lambda visit, content=content: visit.respond(content, content_type="")
        yield site


@pytest.fixture
def collect(secured: HostileSite, tmp_path: Path, limits: dict[str, int]) -> Callable[[str], WorkerResult]:
    """Capture a locator in a sandbox behind the recorder."""
    kinds = ("good", "expired", "self-signed")
    policy = RecordingPolicy(1 << 30, roots=(secured.certificates.root,))
    egress = EgressPolicy(tuple(secured.tls_address(kind) for kind in kinds), recording=policy)
    asked = {"limits": limits, "user_agent": "T", "accept_language": "en"}

    def run(locator: str) -> WorkerResult:
        level = ContainmentLevel.FULL
        with open_worker(SPEC.module, inputs=None, out=tmp_path, egress=egress, level=level) as worker:
            result = worker.call({**asked, "locator": locator}, "capture", BOUNDS)
            if result.recording is not None:
                result.recording.path.rename(tmp_path / "spool")
        return result

    return run


def test_every_segment_is_in_the_record_as_it_passed(
    secured: HostileSite, collect: Callable[[str], WorkerResult], tmp_path: Path
) -> None:
    result = collect(secured.url("/hls/index.m3u8", tls="good"))
    received = Received.model_validate(result.answer)
    assert received.outcome is Outcome.CAPTURED, received.detail
    (video,) = (item for item in received.items if item.role is Role.VIDEO)
    assert len(video.files) == 4
    assert {contact.recording for contact in result.contacts} == {"whole"}
    # What the worker met is the recorder's certificate, and no site's.
    assert {one.certificate for one in received.exchanges} == {None}
    assert not list((tmp_path / "capture").rglob("certificates.pem"))
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (tmp_path / "spool").rename(inputs / "spool")
    asked = WarcRequest(spool="spool").plain()
    out, level = tmp_path / "made", ContainmentLevel.FULL
    made = run_worker("collectors.http.recorded", asked, inputs, out, limits=BOUNDS, egress=None, level=level)
    said = WarcMade.model_validate(made.answer)
    assert (said.exchanges, said.cut, said.unread_bytes) == (len(secured.requests), 0, 0)
    with (out / WARC_FILE).open("rb") as stream:
        kept = [(one.rec_type, one.raw_stream.read()) for one in ArchiveIterator(stream, no_record_parse=True)]
    assert [block for kind, block in kept if kind == "request"] == [seen.raw for seen in secured.requests]
    assert [block for kind, block in kept if kind == "response"] == [bytes(one) for one in secured.sent]
    assert check_with_warcio(out / WARC_FILE) == len(kept)


@pytest.mark.parametrize("kind", ["expired", "self-signed"])
def test_a_certificate_that_does_not_hold_is_tls(
    kind: str, secured: HostileSite, collect: Callable[[str], WorkerResult]
) -> None:
    result = collect(secured.url("/a.mp4", tls=kind))
    received = Received.model_validate(result.answer)
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TLS)
    assert secured.requests == []
    assert all(contact.refused.startswith("certificate: ") for contact in result.contacts)

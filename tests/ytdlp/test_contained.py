"""The method in its worker, as the pipeline runs it: many captures from one sandbox, small and flat."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from casefile.digests import digest_file
from casefile.model import Received
from casefile.vocabulary import ContainmentLevel, Outcome, Role
from collectors.ytdlp.spec import SPEC
from containment.limits import Limits
from containment.sandbox import available
from containment.worker import EgressPolicy, open_worker

Reply = importlib.import_module("tests_media_site").Reply
LEVEL = ContainmentLevel.FULL if available().full else ContainmentLevel.WEAK
BOUNDS = Limits(wall_s=60, cpu_s=60, memory_bytes=2 << 30, file_bytes=1 << 30, output_bytes=1 << 30, processes=64)


@pytest.mark.parametrize("module", [SPEC.module, SPEC.options["module_for_many"]])
def test_captures_in_a_sandbox_keep_what_was_served(site, media, tmp_path, limits, module):
    asked: dict[str, Any] = {"limits": limits, "user_agent": "T", "accept_language": "en"}
    egress = EgressPolicy(allow=(site.address,))
    with open_worker(module, inputs=None, out=tmp_path, egress=egress, level=LEVEL) as worker:
        for number, path in enumerate(("/a.mp4", "/hls/index.m3u8")):
            result = worker.call({**asked, "locator": site.url(path)}, f"c{number}", BOUNDS)
            received = Received.model_validate(result.answer)
            assert received.outcome is Outcome.CAPTURED, received.detail
            assert {contact.allowance for contact in result.contacts} == {site.address}
    (video,) = (item for item in received.items if item.role is Role.VIDEO)
    kept = {digest_file(tmp_path / "c1" / name).sha256 for name in video.files}
    assert {digest_file(media / "hls" / name).sha256 for name in ("index.m3u8", "0.ts", "1.ts", "2.ts")} == kept


def test_memory_does_not_follow_the_size_of_a_video(site, tmp_path, limits):
    size = 160 << 20
    block = bytes(1 << 20)

    def behave(handler: Any) -> None:
        for _ in range(size // len(block)):
            handler.wfile.write(block)

    site.reply("/large.mp4", Reply(media_type="video/mp4", headers=(("Content-Length", str(size)),), behave=behave))
    wide = {**limits, "max_bytes": 1 << 30, "max_decoded_bytes": 1 << 30}
    asked: dict[str, Any] = {"limits": wide, "user_agent": "T", "accept_language": "en"}
    egress = EgressPolicy(allow=(site.address,))
    with open_worker(SPEC.module, inputs=None, out=tmp_path, egress=egress, level=LEVEL) as worker:
        result = worker.call({**asked, "locator": site.url("/large.mp4")}, "large", BOUNDS)
    assert (tmp_path / "large" / "received" / "0001").stat().st_size == size
    assert result.peak_memory_bytes < 150 << 20

"""Recording mode as a worker has it: any tool, with its own defaults, is recorded; the keys stay outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from sites.hostile import HostileSite

from casefile.vocabulary import ContainmentLevel
from containment.limits import Limits
from containment.worker import EgressPolicy, RecordingPolicy, Worker, WorkerFailed

TEXT = "recorded, byte for byte"


@pytest.fixture
def egress(hostile_site: HostileSite) -> EgressPolicy:
    hostile_site.behaviours["/text"] = lambda visit: visit.respond(TEXT, content_type="text/plain")
    allow = (hostile_site.address, hostile_site.tls_address(), hostile_site.tls_address("self-signed"))
    return EgressPolicy(allow, recording=RecordingPolicy(64 << 20, roots=(hostile_site.certificates.root,)))


def asked(site: HostileSite) -> dict[str, str]:
    return {
        "locator": site.url("/text", tls="good"),
        "media": site.url("/media.wav", tls="good"),
        "unverified": site.url("/text", tls="self-signed"),
    }


def wave() -> bytes:
    """A tenth of a second of silence as a WAV file."""
    samples = bytes(1600)
    form = b"fmt " + (16).to_bytes(4, "little") + bytes.fromhex("01000100401f0000803e000002001000")
    content = b"WAVE" + form + b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + len(content).to_bytes(4, "little") + content


def test_every_tool_is_recorded_with_its_own_defaults(opening, full, limits, hostile_site, egress) -> None:
    hostile_site.behaviours["/media.wav"] = lambda visit: visit.respond(wave(), content_type="audio/wav")
    wide = Limits(wall_s=120, cpu_s=60, memory_bytes=2 << 30, file_bytes=1 << 20, output_bytes=4 << 20, processes=64)
    with opening("trusting", full, egress=egress) as worker:
        result = worker.call(asked(hostile_site), "o", wide)
        assert result.recording is not None
        whole = result.recording.path.read_bytes()
    answer = result.answer
    assert (answer["urllib"], answer["certifi"], answer["yt-dlp"]) == (TEXT, TEXT, TEXT)
    assert answer["curl"] in (TEXT, "not installed")
    assert answer["ffmpeg"] in ("", "not installed")
    assert "ALERT" in str(answer["unverified"])
    assert (answer["keys"], answer["variables"]) == ([], [])
    assert len(hostile_site.requests) == 5 - [answer["curl"], answer["ffmpeg"]].count("not installed")
    assert all(seen.raw in whole for seen in hostile_site.requests)
    assert {contact.recording for contact in result.contacts} == {"whole", ""}
    assert result.recording.lost == ""


def test_each_call_has_its_own_record_and_none_stays(opening, full, limits, hostile_site, egress, tmp_path) -> None:
    locator = {"locators": [hostile_site.url("/text", tls="good")]}
    with opening("fetching", full, egress=egress) as worker:
        first = worker.call(locator, "a", limits).recording
        assert first is not None
        assert first.path.is_file()
        none = worker.call({"locators": []}, "b", limits).recording
        assert (none, first.path.exists()) == (None, False)
        with pytest.raises(WorkerFailed) as failed:
            worker.call({**locator, "crash": True}, "c", limits)
        kept = failed.value.recording
        assert kept is not None
        assert TEXT.encode() in kept.path.read_bytes()
        _private(worker, kept.path)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def _private(worker: Worker, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0
    assert not path.is_relative_to(worker.places.out)


def test_without_a_sandbox_nothing_is_recorded_and_the_contacts_say_nothing_else(
    opening, limits, hostile_site, egress
) -> None:
    with opening("fetching", ContainmentLevel.WEAK, egress=egress) as worker:
        result = worker.call({"locators": [hostile_site.url("/text")]}, "o", limits)
    assert result.recording is None
    assert [contact.recording for contact in result.contacts] == [None]

"""Facts and keyframes of real videos, and what is never opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from casefile.vocabulary import Role, Tier
from verification.edges import Edge, Subject
from verification.interface import (
    CheckCause,
    CheckName,
    CheckResult,
    ExamineLimits,
    ExamineRequest,
    FileExamination,
    Specimen,
)
from verification.technical.containers import ask_ffprobe, opened, stated_by
from verification.technical.examine import _tools
from verification.technical.failing import Refused, TooLarge, Unreadable
from verification.technical.fingerprints import fingerprints_of
from verification.technical.keyframes import Keyframes, keyframes, shown_frame
from verification.technical.matching import Matcher, distance
from verification.technical.media import describe, examine_media, milliseconds
from verification.technical.metadata import MetadataReader

from .making import Bench, Studio, finding, loaded, painted

LIMITS = ExamineLimits()
SEEDS = (11, 12, 13, 14, 15, 16)


@pytest.fixture(scope="session")
def film(studio: Studio) -> Path:
    """Six seconds, six scenes."""
    return studio.scenes("film.mp4", *SEEDS)


def _keyframes(path: Path, limits: ExamineLimits = LIMITS) -> Keyframes:
    with opened(path) as container:
        return keyframes(container, limits)


def _subject(name: str, file: FileExamination) -> Subject:
    return Subject(name, f"capture of {name}", f"sha256:{file.file}", file.fingerprints)


def _edge(bench: Bench, one: Path, other: Path) -> Edge | None:
    matcher = Matcher()
    matcher.add(_subject("a", bench.video(one.read_bytes())))
    edges = matcher.matches(_subject("b", bench.video(other.read_bytes()))).edges
    return edges[0] if edges else None


def test_facts_are_whole_numbers_and_text(film: Path, bench: Bench) -> None:
    file = bench.video(film.read_bytes())
    facts = finding(file, CheckName.MEDIA).facts
    assert (file.media_type, facts["duration_ms"], facts["streams"]) == ("video/mp4", 6_000, 1)
    stream = facts["stream"]
    assert isinstance(stream, tuple)
    assert isinstance(stream[0], Mapping)
    assert {"codec_name": "h264", "width": 320, "height": 180, "avg_frame_rate": "10/1"}.items() <= stream[0].items()


def test_keyframes_are_fingerprinted_where_they_are(film: Path, bench: Bench) -> None:
    prints = bench.video(film.read_bytes()).fingerprints
    assert [one.frame_ms for one in prints if one.region == "full"] == [0, 1_000, 2_000, 3_000, 4_000, 5_000]
    for seed, one in zip(SEEDS, prints, strict=False):
        assert distance(one.pdq, fingerprints_of(painted(seed, 320, 180), -1)[0].pdq) <= 31


def test_a_preview_is_made_of_a_frame_that_shows_something(studio: Studio, bench: Bench) -> None:
    dark = studio.film(
        "dark.mp4", "-f", "lavfi", "-i", "color=black:s=320x180:r=10:d=1", "-i", str(studio.scenes("after.mp4", 31)),
        "-filter_complex", "[0][1]concat=n=2,format=yuv420p", "-g", "10", "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip
    file = bench.video(dark.read_bytes())
    preview = loaded(bench.out / str(bench.calls) / file.preview)
    assert not fingerprints_of(preview, -1)[0].low_information
    with opened(dark) as container:
        assert shown_frame(container, LIMITS, 1280).size == (320, 180)


COPIES: dict[str, tuple[tuple[str, ...], str]] = {
    "recompressed": (("-crf", "38"), "keyframes"),
    "smaller": (("-vf", "scale=160:90"), "keyframes"),
    "mirrored": (("-vf", "hflip"), "keyframes-mirrored"),
    "letterboxed": (("-vf", "pad=320:320:0:70"), "keyframes"),
    "excerpt": (("-ss", "2", "-t", "3"), "keyframes+part"),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_of_a_video_is_found(copy: str, film: Path, studio: Studio, bench: Bench) -> None:
    change, method = COPIES[copy]
    other = studio.film(
        f"{copy}.mp4", "-i", str(film), "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", *change,
    )  # fmt: skip
    edge = _edge(bench, film, other)
    assert edge is not None
    assert edge.method == method
    assert edge.tier in {Tier.AUTO, Tier.CANDIDATE}
    if copy == "excerpt":
        assert edge.offset_ms == -2_000


def test_an_unrelated_video_is_not_flagged(film: Path, studio: Studio, bench: Bench) -> None:
    assert _edge(bench, film, studio.scenes("other.mp4", 21, 22, 23, 24)) is None


def test_a_turned_recording_is_fingerprinted_upright(film: Path, studio: Studio) -> None:
    turned = studio.film("turned.mp4", "-i", str(film), "-c", "copy", "-metadata:s:v", "rotate=90")
    shown = studio.film("turned.png", "-i", str(turned), "-frames:v", "1")
    frame = _keyframes(turned).fingerprints[0]
    assert (frame.width, frame.height) == (180, 320)
    assert distance(frame.pdq, fingerprints_of(loaded(shown), -1)[0].pdq) <= 20


def _playlists(victim: Path) -> dict[str, bytes]:
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:6,\nfile:{victim}\n#EXT-X-ENDLIST\n".encode(),
        "hls key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file:{victim}"\n#EXTINF:6,\n{victim}\n'.encode(),
        "ffconcat": f"ffconcat version 1.0\nfile {victim.name}\n".encode(),
        "ffconcat subfile": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{victim}'\n".encode(),
        "dash": f"<MPD><Period><AdaptationSet><BaseURL>file:{victim}</BaseURL></AdaptationSet></Period></MPD>".encode(),
        "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:{victim}'/></svg>".encode(),
        "rtf": b"{\\rtf1}",
    }


@pytest.mark.parametrize("kind", _playlists(Path("/x")))
def test_a_playlist_called_a_video_opens_nothing_else(kind: str, film: Path, bench: Bench) -> None:
    (bench.inputs / film.name).write_bytes(film.read_bytes())
    name = bench.put(_playlists(bench.inputs / film.name)[kind])
    with pytest.raises((Refused, Unreadable)):
        examine_media(bench.inputs / name, bench.ffprobe, LIMITS, f"sha256:{name}")
    with pytest.raises(Unreadable):
        _keyframes(bench.inputs / name)


@pytest.mark.parametrize("kind", ["hls", "ffconcat"])
def test_the_refusal_is_on_record(kind: str, film: Path, bench: Bench) -> None:
    file = bench.video(_playlists(film)[kind], name="clip.mp4", declared_media_type="video/mp4")
    refused = finding(file, CheckName.MEDIA)
    assert (refused.result, refused.cause) == (CheckResult.INCONCLUSIVE, CheckCause.FORMAT_REFUSED)
    assert file.fingerprints == ()


def test_cut_off_and_broken_videos_end_with_a_finding(film: Path, bench: Bench) -> None:
    whole = film.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:64], b"\0" * 2_000, whole[:2_000] + b"\xff" * 20_000):
        found = finding(bench.video(content), CheckName.MEDIA)
        assert found.result in {CheckResult.INCONCLUSIVE, CheckResult.NOTICED, CheckResult.DONE}
        assert found.result is not CheckResult.INCONCLUSIVE or found.cause is not None


def _stated(**container: str) -> dict[str, object]:
    return {"format": {"format_name": "mov", "nb_streams": 1, **container}, "streams": [{"avg_frame_rate": "25/1"}]}


def test_a_container_that_says_too_much_is_too_large(bench: Bench, tmp_path: Path) -> None:
    talker = tmp_path / "ffprobe"
    talker.write_text("#!/bin/sh\nexec yes '{}'\n")
    talker.chmod(0o700)
    bench.ffprobe = str(talker)
    assert finding(bench.video(b"\0\0\0\x18ftypisom"), CheckName.MEDIA).cause is CheckCause.TOO_LARGE


def test_facts_are_the_same_whoever_reads_them(film: Path, bench: Bench) -> None:
    with opened(film) as container:
        ours = describe(stated_by(container), LIMITS)
    theirs = describe(ask_ffprobe(film, bench.ffprobe, LIMITS), LIMITS)
    assert ours[0] == theirs[0]
    assert {(claim.origin, claim.value) for claim in ours[1]} <= {(claim.origin, claim.value) for claim in theirs[1]}


def test_ffprobe_is_a_tool_of_the_examination_where_it_read_the_file(
    film: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path) -> None:
        raise Unreadable("not by this library")

    monkeypatch.setattr("verification.technical.media.opened", unreadable)
    read, _, _ = examine_media(film, bench.ffprobe, LIMITS, f"sha256:{'0' * 64}")
    asked = ExamineRequest(files=(Specimen(file="0" * 64, role=Role.VIDEO),), ffprobe=bench.ffprobe)
    (tool, *_) = _tools(MetadataReader(""), asked, (FileExamination(file="0" * 64, findings=(read, read)),))
    assert (tool.name, tool.version, tool.path) == ("ffprobe", read.parameters["ffprobe"], bench.ffprobe)
    assert tool.version[0].isdigit()


def test_a_video_is_read_without_ffprobe(film: Path, bench: Bench) -> None:
    bench.ffprobe = ""
    found = finding(bench.video(film.read_bytes()), CheckName.MEDIA)
    assert (found.result, found.facts["duration_ms"]) == (CheckResult.DONE, 6_000)
    assert finding(bench.video(b"#EXTM3U\n"), CheckName.MEDIA).cause is CheckCause.MALFORMED


def test_frames_before_the_damage_are_kept(studio: Studio, bench: Bench) -> None:
    whole = studio.scenes("stream.mkv", *SEEDS).read_bytes()
    file = bench.video(whole[: len(whole) * 2 // 3])
    assert 2 <= len({one.frame_ms for one in file.fingerprints}) < len(SEEDS)


def test_ten_years_and_a_billion_frames_a_second_are_noticed_and_believed_by_nobody() -> None:
    facts, _, notices = describe(_stated(duration="315360000.000000"), LIMITS)
    assert facts["duration_ms"] == 315_360_000_000
    assert [notice.code for notice in notices] == ["implausible-duration"]
    fast = {"format": {"format_name": "mov", "nb_streams": 1}, "streams": [{"avg_frame_rate": "1000000000/1"}]}
    assert [notice.code for notice in describe(fast, LIMITS)[2]] == ["implausible-frame-rate"]


def test_ten_thousand_streams_are_counted_and_a_few_described() -> None:
    many = {"format": {"nb_streams": 10_000}, "streams": [{"index": place} for place in range(10_000)]}
    facts, _, notices = describe(many, LIMITS)
    assert facts["streams"] == 10_000
    assert isinstance(facts["stream"], tuple)
    assert len(facts["stream"]) == LIMITS.max_streams
    assert [notice.code for notice in notices] == ["many-streams"]


@pytest.mark.parametrize(
    ("seconds", "told"), [("12.345678", 12_345), ("0.1", 100), ("7", 7_000), ("-1.0", 0), ("N/A", 0), ("9" * 30, 0)]
)
def test_milliseconds_are_cut_from_text_and_never_computed_as_a_float(seconds: str, told: int) -> None:
    assert milliseconds(seconds) == told


def test_frames_beyond_the_cap_leave_the_facts_standing(film: Path, bench: Bench) -> None:
    with pytest.raises(TooLarge):
        _keyframes(film, ExamineLimits(max_pixels=1_000))
    specimen = Specimen(file=bench.put(film.read_bytes()), role=Role.VIDEO)
    found = finding(bench.examine(specimen, max_pixels=1_000).files[0], CheckName.MEDIA)
    assert [notice.code for notice in found.notices] == ["frames-unreadable"]
    assert found.facts["duration_ms"] == 6_000


def test_a_long_video_is_sampled_over_its_length(film: Path, studio: Studio) -> None:
    long = studio.film("long.mp4", "-stream_loop", "49", "-i", str(film), "-c", "copy")
    few = _keyframes(long, ExamineLimits(max_keyframes=6))
    places = [one.frame_ms for one in few.fingerprints if one.region == "full"]
    assert len(places) <= 6
    assert max(places) >= 150_000


def test_only_so_many_keyframes_are_taken(studio: Studio) -> None:
    every = studio.film(
        "every.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=30:d=10", "-g", "1", "-c:v", "libx264",
        "-preset", "ultrafast",
    )  # fmt: skip
    assert len({one.frame_ms for one in _keyframes(every).fingerprints}) <= LIMITS.max_keyframes


@pytest.fixture
def tagged(studio: Studio, film: Path) -> Callable[..., Path]:
    def tag(**tags: str) -> Path:
        arguments = [part for name, value in tags.items() for part in ("-metadata", f"{name}={value}")]
        return studio.film("tagged.mp4", "-i", str(film), "-c", "copy", *arguments)

    return tag


def test_what_a_container_says_is_a_claim_of_the_container(tagged: Callable[..., Path], bench: Bench) -> None:
    file = bench.video(
        tagged(creation_time="2024-05-06T07:08:09Z", title="<script>alert(1)</script>").read_bytes(),
        claimed_time="2024-05-06T09:00:00+03:00",
    )
    claims = {claim.origin: claim for claim in finding(file, CheckName.MEDIA).claims}
    assert claims["container:title"].value == "<script>alert(1)</script>"
    stated = {claim.origin: claim.value for claim in finding(file, CheckName.TIMES).claims}
    assert stated["QuickTime:CreateDate"] == "2024-05-06T07:08:09"
    assert stated["container:creation_time"] == "2024-05-06T07:08:09Z"
    assert [conflict.kind for conflict in finding(file, CheckName.TIMES).conflicts] == ["order"]

"""Calls that do too much, die, print, or leave things behind: a typed end, nothing lost, and the next call works."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from casefile.errors import ContainmentMissing, UsageError
from casefile.vocabulary import ContainmentLevel
from containment import sandbox
from containment.processes import descendants
from containment.sandbox import available
from containment.worker import EgressPolicy, WorkerFailed, open_worker, run_worker

PROBE = Path(__file__).parent / "probes" / "excesses.py"


@pytest.fixture(scope="module", params=list(ContainmentLevel), ids=lambda one: one.value)
def desk(request, tmp_path_factory):
    """One worker at each level that there is, on the probe of excesses, for all that is done to it here."""
    if request.param is ContainmentLevel.FULL and not available().full:
        pytest.skip(f"full containment: {available().reason}")
    out = tmp_path_factory.mktemp("out")
    with open_worker("excesses", inputs=None, out=out, egress=None, level=request.param, code=(PROBE,)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def finished(request):
    """Outputs of the test before are gone: each names its own as it likes."""
    if "desk" in request.fixturenames:
        shutil.rmtree(request.getfixturevalue("desk").target / "o", ignore_errors=True)


def fails(desk, limits, excess: str, **request) -> WorkerFailed:
    """The typed end of an excess, after which a plain call has to work and nothing may be left."""
    with pytest.raises(WorkerFailed) as failed:
        desk.call({"excess": excess, **request}, "o/excess", limits)
    assert desk.call({"excess": "nothing"}, "o/next", limits).answer["asked"] == {"excess": "nothing"}
    assert not (desk.target / "o" / "excess").exists()
    assert os.listdir(desk.places.out) == []
    return failed.value


def test_a_call_answers_and_leaves_its_files(desk, limits) -> None:
    result = desk.call({"excess": "nothing", "text": "Ж\u202e", "list": [1, {"a": True}]}, "o/a", limits)
    assert result.answer["asked"] == {"excess": "nothing", "text": "Ж\u202e", "list": [1, {"a": True}]}
    assert result.containment is desk.level
    assert result.egress_enforced is (desk.level is ContainmentLevel.FULL)
    assert result.contacts == ()
    assert 0 < result.cpu_s < 10
    assert 1 << 20 < result.peak_memory_bytes < 1 << 30
    assert list((desk.target / "o").iterdir()) == [desk.target / "o" / "a"]


def test_each_call_is_a_process_of_its_own_in_one_sandbox(desk, limits) -> None:
    started = [desk.call({"excess": "nothing"}, f"o/{n}", limits).answer["pid"] for n in range(3)]
    assert len(set(started)) == 3


def test_too_much_memory(desk, limits) -> None:
    assert fails(desk, limits, "memory", bytes=3 << 29).kind == "memory"


def test_address_space_is_free_to_who_asks_and_memory_is_not(desk, limits) -> None:
    assert desk.call({"excess": "reserved", "bytes": 1 << 20}, "o/a", limits).answer == {"bytes": 1 << 20}
    assert fails(desk, limits, "reserved", bytes=3 << 29).kind == "memory"


def test_too_much_memory_in_all(desk, limits) -> None:
    narrow = dataclasses.replace(limits, memory_bytes=128 << 20)
    assert fails(desk, narrow, "memory_in_many", bytes=64 << 20, processes=8).kind == "memory"


def test_too_much_cpu(desk, limits) -> None:
    failed = fails(desk, dataclasses.replace(limits, cpu_s=1), "cpu")
    assert (failed.kind, "CPU" in failed.detail) == ("timeout", True)


def test_too_much_time(desk, limits) -> None:
    began = time.monotonic()
    failed = fails(desk, dataclasses.replace(limits, wall_s=1), "wall")
    assert (failed.kind, "wall" in failed.detail) == ("timeout", True)
    assert time.monotonic() - began < 15


def test_a_file_beyond_its_bound(desk, limits) -> None:
    assert fails(desk, limits, "big_file").kind == "output"


def test_files_beyond_their_bound_in_all(desk, limits) -> None:
    assert fails(desk, limits, "many_bytes").kind == "output"


def test_files_beyond_their_bound_are_stopped_while_they_are_written(desk, limits) -> None:
    began = time.monotonic()
    assert fails(desk, limits, "many_bytes", pause_ms=150).kind == "output"
    assert time.monotonic() - began < 25


def test_too_many_files(desk, limits, monkeypatch) -> None:
    monkeypatch.setattr("containment.outputs.ENTRIES_LIMIT", 500)
    assert fails(desk, limits, "many_files").kind == "output"


def test_an_answer_beyond_its_bound(desk, limits) -> None:
    assert fails(desk, limits, "big_answer").kind in ("output", "memory")


@pytest.mark.parametrize(
    ("which", "kind"),
    [
        ("float", "malformed"),
        ("null", "malformed"),
        ("list", "malformed"),
        ("text", "malformed"),
        ("set", "crashed"),
        ("surrogate", "malformed"),
        ("big number", "malformed"),
        ("nan", "crashed"),
    ],
)
def test_an_answer_outside_the_vocabulary_of_records(desk, limits, which, kind) -> None:
    assert fails(desk, limits, "odd_answer", which=which).kind == kind


def frame(body: bytes) -> str:
    return (len(body).to_bytes(8, "big") + body).hex()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "00",
        "ffffffffffffffff",
        frame(b""),
        frame(b"{}"),
        frame(b"[]"),
        frame(b'{"answer":'),
        frame(b'{"answer":1}'),
        frame(b'{"answer":{"a":1e400}}'),
        frame(b'{"answer":{"a":' + b"[" * 60_000),
        frame(b'{"answer":{"a":"\\ud800"}}'),
        frame(b'{"answer":{"a":"\xff"}}'),
        frame(b'{"answer":{}}') + "00",
        frame(b'{"answer":{}}') + frame(b'{"answer":{}}'),
    ],
)
def test_an_answer_that_an_exploited_worker_forges(desk, limits, content) -> None:
    assert fails(desk, limits, "forged_answer", content=content).kind == "malformed"


@pytest.mark.parametrize("body", [b'{"failed":1}', b'{"failed":{}}', b'{"failed":{"kind":{},"errno":"x"}}'])
def test_a_failure_that_an_exploited_worker_forges(desk, limits, body) -> None:
    assert fails(desk, limits, "forged_answer", content=frame(body)).kind == "crashed"


def test_an_exception_is_told_as_one_printable_line(desk, limits) -> None:
    failed = fails(desk, limits, "raise_error")
    assert failed.kind == "crashed"
    assert failed.detail.startswith("ValueError at excesses.py:")
    assert failed.detail.isprintable()
    assert "red" in failed.detail
    assert len(failed.detail) < 1001
    assert str(failed).isprintable()


@pytest.mark.parametrize("excess", ["leave", "leave_hard"])
def test_a_worker_that_leaves_without_an_answer(desk, limits, excess) -> None:
    assert fails(desk, limits, excess).kind == "crashed"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (signal.SIGSEGV, "signal"),
        (signal.SIGABRT, "signal"),
        (signal.SIGSYS, "signal"),
        (signal.SIGTERM, "signal"),
        (signal.SIGKILL, "killed"),
        (signal.SIGXCPU, "timeout"),
        (signal.SIGRTMIN, "signal"),
    ],
)
def test_a_worker_that_dies_of_a_signal(desk, limits, number, kind) -> None:
    failed = fails(desk, limits, "die", signal=int(number))
    assert failed.kind == kind
    assert desk.call({"excess": "nothing"}, "o/after", limits).answer["asked"]


def test_a_worker_that_recurses_too_deep(desk, limits) -> None:
    assert fails(desk, limits, "deep_recursion").kind in ("crashed", "signal")


def test_a_fork_bomb_is_bounded(desk, limits) -> None:
    with pytest.raises(WorkerFailed) as failed:
        desk.call({"excess": "fork_bomb"}, "o/a", dataclasses.replace(limits, processes=16, wall_s=5))
    assert failed.value.kind in ("killed", "timeout", "crashed")
    assert desk.call({"excess": "nothing"}, "o/b", limits).answer["asked"]


def test_printing_does_no_harm_and_is_not_read(desk, limits) -> None:
    assert desk.call({"excess": "print_much"}, "o/a", limits).answer == {"printed": True}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_call_that_attacks_the_zygote_ends_the_sandbox_and_the_next_one_starts_another(
    desk, limits, number, monkeypatch
) -> None:
    monkeypatch.setattr("containment.hearing.STOP_TIMEOUT_S", 0.5)
    failed = fails(desk, dataclasses.replace(limits, wall_s=2), "kill_zygote", signal=int(number))
    assert failed.kind in ("killed", "timeout")


def test_nothing_of_a_call_runs_on_after_it(desk, limits) -> None:
    desk.call({"excess": "linger"}, "o/a", limits)
    time.sleep(0.05)
    assert os.listdir(desk.places.out) == []
    assert os.listdir(desk.target / "o" / "a") in ([], ["late"])
    before = sorted(one.stat().st_mtime_ns for one in desk.target.rglob("late"))
    time.sleep(0.05)
    assert sorted(one.stat().st_mtime_ns for one in desk.target.rglob("late")) == before


def test_a_call_leaves_no_trace_for_the_next(desk, limits) -> None:
    places = ["/scratch", "/dev/shm", "/tmp"] if desk.level is ContainmentLevel.FULL else []
    first = desk.call({"excess": "leave_traces", "places": places}, "o/a", limits)
    assert len(first.answer["found"]) >= 2
    assert desk.call({"excess": "find_traces", "places": places}, "o/b", limits).answer["found"] == []


def test_a_finished_output_is_out_of_reach(desk, limits) -> None:
    desk.call({"excess": "nothing"}, "o/a", limits)
    assert desk.call({"excess": "outputs_in_reach"}, "o/b", limits).answer["found"] == ["call"]


BEHIND = [
    "link to a file",
    "link to a folder",
    "link within",
    "link to nothing",
    "fifo",
    "socket",
    "file with two names",
    "file beside",
    "second name beside",
    "upper case",
    "option",
    "hidden",
    "space",
    "newline",
    "not unicode",
    "right to left",
    "long",
    "deep",
    "folder for a link",
    "folder for a link to inputs",
    "closed folder",
]


@pytest.mark.parametrize("what", BEHIND)
def test_an_output_that_is_not_plain_files_under_our_names_is_refused(desk, limits, what) -> None:
    root = os.stat("/").st_mode
    assert fails(desk, limits, "leave_behind", what=what).kind == "malformed"
    assert os.stat("/").st_mode == root


def test_modes_that_would_keep_us_out_are_put_right(desk, limits) -> None:
    desk.call({"excess": "closed_modes"}, "o/a", limits)
    file = desk.target / "o" / "a" / "folder" / "file"
    assert file.read_text() == "kept"
    assert file.stat().st_mode & 0o7777 == 0o644
    assert desk.call({"excess": "nothing"}, "o/b", limits).answer["asked"]


@pytest.mark.parametrize("name", ["", "/etc", "../a", "a/../b", "A", ".a", "a b", "a/b/c/d/e", "a\n"])
def test_the_name_of_an_output_is_one_that_we_make(desk, limits, name) -> None:
    with pytest.raises(UsageError):
        desk.call({"excess": "nothing"}, name, limits)


def test_one_call_in_a_sandbox_of_its_own(tmp_path, level, limits) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    out = tmp_path / "there" / "out"
    settings = {"limits": limits, "egress": None, "level": level, "code": (PROBE,)}
    assert run_worker("excesses", {"excess": "nothing"}, inputs, out, **settings).answer["asked"]
    assert list(out.parent.iterdir()) == [out]
    # An output folder that is there already, and empty, is used.
    assert run_worker("excesses", {"excess": "nothing"}, None, out, **settings).answer["asked"]
    (out / "kept").touch()
    with pytest.raises(UsageError):
        run_worker("excesses", {"excess": "nothing"}, None, out, **settings)
    assert [one.name for one in out.iterdir()] == ["kept"]


def test_a_module_that_cannot_be_imported(tmp_path, level, limits) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    settings = {"limits": limits, "egress": None, "level": level}
    with pytest.raises(WorkerFailed) as failed:
        run_worker("broken", {}, None, tmp_path / "o", code=(tmp_path / "broken.py",), **settings)
    assert failed.value.kind == "crashed"
    assert "no_such_module" in failed.value.detail
    with pytest.raises(UsageError):
        run_worker("no_such_package.module", {}, None, tmp_path / "o", **settings)


def test_full_is_refused_where_it_is_not_to_be_had(tmp_path, limits, monkeypatch) -> None:
    sandbox.available.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        settings = {"limits": limits, "egress": None, "level": ContainmentLevel.FULL, "code": (PROBE,)}
        with pytest.raises(ContainmentMissing) as missing:
            run_worker("excesses", {}, None, tmp_path / "o", **settings)
    finally:
        sandbox.available.cache_clear()
    assert "bubblewrap" in missing.value.lacks


def test_workers_in_several_threads_do_not_disturb_each_other(opening, level, limits) -> None:
    ended: list[str] = []

    def work(number: int) -> None:
        with opening("excesses", level, egress=EgressPolicy()) as one:
            for turn in range(5):
                excess = ("nothing", "raise_error", "print_much", "leave_hard", "nothing")[(turn + number) % 5]
                try:
                    one.call({"excess": excess}, f"o/{number}/{turn}", limits)
                    ended.append("well")
                except WorkerFailed as failed:
                    ended.append(failed.kind)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["crashed"] * 10 + ["well"] * 15


def test_no_descriptor_and_no_process_is_left_in_the_parent(opening, level, limits) -> None:
    def open_here() -> list[str]:
        return sorted(os.listdir("/proc/self/fd"))

    with opening("excesses", level, egress=EgressPolicy()) as one:
        one.call({"excess": "nothing"}, "o/warm", limits)
    before, processes = open_here(), len(descendants(os.getpid()))
    short = dataclasses.replace(limits, wall_s=2)
    for turn in range(3):
        with opening("excesses", level, egress=EgressPolicy()) as one:
            one.call({"excess": "nothing"}, f"o/{turn}", limits)
            # The first process of a namespace cannot be killed from within: then the call's time ends it.
            with pytest.raises(WorkerFailed):
                one.call({"excess": "kill_zygote", "signal": int(signal.SIGKILL)}, "o/x", short)
    assert open_here() == before
    assert len(descendants(os.getpid())) == processes

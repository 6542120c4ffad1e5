"""Attempts to get out of the full sandbox. Each answers with what it gained, which has to be nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

import casefile
from containment.worker import EgressPolicy, open_worker

PROBE = Path(__file__).parent / "probes" / "attacks.py"
SECRET = "only-the-parent-knows-this"


@pytest.fixture(scope="module")
def attacked(full, tmp_path_factory):
    """A worker with egress, as a fetch worker has it, and with everything around it that it should not reach."""
    folder = tmp_path_factory.mktemp("attacked")
    for name in ("inputs", "out", "out/casefile-secret-of-another-capture", "keys"):
        (folder / name).mkdir()
    (folder / "inputs" / "file").write_text("input")
    (folder / "keys" / "casefile-secret-key").write_text(SECRET)
    with pytest.MonkeyPatch.context() as patch, (folder / "keys" / "casefile-secret-key").open() as open_file:
        patch.setenv("CASEFILE_TOKEN", SECRET)
        os.set_inheritable(open_file.fileno(), True)
        with socket.create_server(("127.0.0.1", 0)) as open_socket:
            os.set_inheritable(open_socket.fileno(), True)
            with open_worker(
                "attacks",
                inputs=folder / "inputs",
                out=folder / "out",
                egress=EgressPolicy(),
                level=full,
                code=(PROBE,),
            ) as worker:
                yield worker


@pytest.fixture
def attack(attacked, limits):
    """Run one attack and give what it gained."""

    def run(name: str, **request) -> list[str]:
        answer = attacked.call({"attack": name, **request}, f"o{time.monotonic_ns()}", limits).answer
        return list(answer["gained"])

    return run


def test_no_file_of_the_host_is_to_be_seen(attack, attacked, tmp_path) -> None:
    key = attacked.target.parent / "keys" / "casefile-secret-key"
    assert key.exists()
    repository = Path(casefile.__file__).resolve().parents[1]
    paths = [key, tmp_path, "/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/resolv.conf", "/etc/ssl/private", "/sys"]
    paths += [repository / one for one in (".git", "tests/house", "preservation", "pyproject.toml")]
    paths += [Path.home() / one for one in (".ssh", ".bashrc", ".config", ".cache")]
    paths += ["/var", "/run", "/boot", "/home", "/srv", "/mnt", "/dev/kmsg", "/dev/mem", "/dev/sda", "/dev/vda"]
    assert attack("read_paths", paths=[str(one) for one in paths]) == []


def test_a_file_of_the_host_is_under_no_name(attack) -> None:
    assert attack("search_everything", called="casefile-secret") == []


def test_no_environment_of_the_host_is_to_be_read(attack) -> None:
    assert attack("other_environments", secret=SECRET) == []


def test_no_process_of_the_host_is_to_be_seen_or_signalled(attack) -> None:
    assert attack("other_processes", processes=[os.getpid(), os.getppid()]) == []


def test_nothing_is_reached_past_the_broker(attack, canary) -> None:
    local = [[host, canary.port] for host in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "0.0.0.0")]
    far = [["8.8.8.8", 53], ["169.254.169.254", 80], ["10.0.0.1", 80], ["255.255.255.255", 9], ["2606:4700::1111", 53]]
    own = [
        [info[4][0], canary.port] for info in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    ]
    assert attack("connect_out", targets=local + far + own, names=["example.org"]) == []
    assert canary.visits == []


def test_no_socket_of_the_host_is_reached(attack, tmp_path) -> None:
    abstract = "\0casefile-canary"
    paths = [str(tmp_path / "socket"), "/run/dbus/system_bus_socket", "/var/run/docker.sock"]
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        one.bind(abstract)
        one.listen()
        other.bind(paths[0])
        other.listen()
        assert attack("host_sockets", paths=[abstract, *paths]) == []


def test_only_unix_and_internet_sockets_can_be_made(attack) -> None:
    assert attack("other_address_families") == []


def test_nothing_outside_the_output_can_be_written(attack) -> None:
    repository = Path(casefile.__file__).resolve().parents[1]
    files = ["/inputs/file", sys.executable, casefile.__file__, "/usr/bin/env", "/etc/ld.so.cache", "/bin/sh"]
    files += ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger"]
    folders = ["/", "/inputs", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/tmp/..", str(repository), sys.base_prefix]
    folders += [str(repository / "containment"), *(one for one in sys.path if one and os.path.isdir(one))]
    assert attack("write_outside", paths=files, folders=folders) == []
    assert not (Path(casefile.__file__).parent / "planted").exists()


def test_no_setting_of_the_kernel_can_be_changed(attack) -> None:
    assert attack("kernel_settings") == []


def test_nobody_becomes_more_than_they_are(attack) -> None:
    assert attack("become_more") == []


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of the calls are those of x86_64")
def test_the_kernel_refuses_what_no_worker_needs(attack) -> None:
    assert attack("refused_calls") == []


def test_no_set_id_program_and_no_device_can_be_made(attack) -> None:
    assert attack("set_id_bits") == []


def test_the_zygote_is_closed_to_its_calls(attack) -> None:
    assert attack("the_zygote") == []


def test_nothing_that_was_open_in_the_parent_is_open_inside(attack) -> None:
    assert attack("inherited_descriptors") == []


def test_the_terminal_is_out_of_reach(attack) -> None:
    assert attack("the_terminal") == []


def test_the_name_of_the_machine_is_not_told(attack) -> None:
    assert attack("what_the_machine_is_called", hostname=socket.gethostname()) == []


PLAIN = (
    "memory_of_others",
    "roots_of_others",
    "change_root",
    "mounts",
    "namespaces",
    "sandbox_in_the_sandbox",
    "set_id_programs",
    "devices",
    "interfaces",
    "speak_for_the_broker",
    "links_to_inputs",
    "change_inputs",
    "plant_for_later",
    "kernel_interfaces",
    "the_clock_and_the_name",
    "wider_limits",
    "more_of_the_machine",
    "a_core_of_the_dead",
    "disks_and_swap",
    "other_programs_of_the_host",
)
"""Attacks that need to be told nothing."""


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_gained_by(attack, name) -> None:
    assert attack(name) == []


def test_the_broker_serves_the_web_and_nothing_else(attack, canary) -> None:
    assert attack("broker_for_other_things", port=canary.port) == []
    assert canary.visits == []


def test_nothing_is_kept_for_the_next_call(attack) -> None:
    assert [attack("keep_for_the_next") for _ in range(2)] == [[], []]


def test_no_signal_reaches_the_host(attack) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGCONT, lambda number, frame: heard.append(number))
    try:
        attack("signal_everybody", processes=[os.getpid(), os.getppid()])
    finally:
        signal.signal(signal.SIGCONT, before)
    assert heard == []


def test_workers_in_several_threads_keep_apart(opening, full, limits) -> None:
    ended: list[object] = []

    def work(number: int) -> None:
        with opening("attacks", full, egress=EgressPolicy()) as worker:
            for turn in range(3):
                answer = worker.call({"attack": "other_processes", "processes": []}, f"o{number}.{turn}", limits).answer
                ended.append(answer["gained"])
                answer = worker.call({"attack": "inherited_descriptors"}, f"p{number}.{turn}", limits).answer
                ended.append(answer["gained"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [[]] * 24

"""What leaves a sandbox is counted in packets, where nobody else sends any: a network namespace of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, socket, sys
from pathlib import Path
from casefile.vocabulary import ContainmentLevel
from containment.worker import EgressPolicy, Limits, open_worker

def packets():
    lines = [line.split() for line in Path("/proc/net/dev").read_text().replace(":", " ").splitlines()[2:]]
    return {line[0]: int(line[2]) + int(line[10]) for line in lines}

out, probe, level = Path(sys.argv[1]), Path(sys.argv[2]), ContainmentLevel(sys.argv[3])
limits = Limits(wall_s=60, cpu_s=20, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=4 << 20, processes=32)
with socket.create_server(("127.0.0.1", 0)) as canary:
    port = canary.getsockname()[1]
    direct = [["127.0.0.1", port], ["127.0.0.2", port], ["::1", port], ["10.0.0.1", 80], ["8.8.8.8", 53]]
    locators = ["http://127.0.0.1:%d/" % port, "http://10.0.0.1/", "https://[::1]/", "http://nowhere.invalid/"]
    with open_worker("fetching", inputs=None, out=out, egress=EgressPolicy(), level=level, code=(probe,)) as worker:
        worker.call({}, "warm", limits)
        before = packets()
        inside = worker.call({"direct": direct, "packets": True}, "direct", limits).answer
        after = packets()
        refused = worker.call({"locators": locators}, "refused", limits).answer["fetched"]
        last = packets()
moved = sum(after.values()) - sum(before.values())
print(json.dumps({"moved": moved, "by the broker": sum(last.values()) - sum(after.values()), "inside": inside,
                  "refused": refused, "interfaces": sorted(before)}))
"""


def count(level: str, out: Path) -> dict[str, object]:
    probe = ROOT / "tests" / "containment" / "probes" / "fetching.py"
    argv = [sys.executable, str(ROOT / "tests" / "without_network.py"), sys.executable, "-c", PROGRAM]
    out.mkdir()
    ended = subprocess.run(
        [*argv, str(out), str(probe), level], capture_output=True, text=True, check=False, timeout=240, cwd=ROOT
    )
    if "no network namespace" in ended.stderr:
        pytest.skip(ended.stderr.strip())
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


def test_no_packet_leaves_a_sandbox_around_the_broker(full, tmp_path) -> None:
    counted = count(full.value, tmp_path / "full")
    # Direct attempts move nothing on the machine; and what the broker refuses, it refuses without a packet.
    assert counted["moved"] == 0
    assert counted["by the broker"] == 0
    inside = counted["inside"]
    assert inside["reached"] == [False] * 5
    # In its own network there is loopback, and nothing else has ever sent or received.
    assert {name for name, number in inside["packets"].items() if number} <= {"lo"}
    assert "lo" in inside["packets"]


def test_the_count_would_have_shown_it(tmp_path) -> None:
    counted = count("weak", tmp_path / "weak")
    assert counted["moved"] > 0
    assert counted["inside"]["reached"][0]

"""Full containment as an ordinary user: the run itself, or, started by root, a child that has given root up."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from .test_escapes import PLAIN

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

PROGRAM = """
import json, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from casefile.vocabulary import ContainmentLevel
from containment.sandbox import available
from containment.worker import EgressPolicy, Limits, WorkerFailed, open_worker

folder, probes = Path(sys.argv[3]), Path(sys.argv[4])
limits = Limits(wall_s=20, cpu_s=10, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 22, processes=16)
found = {"uid": os.getuid(), "available": available().reason}
for name in ("inputs", "out"):
    (folder / name).mkdir()
(folder / "inputs" / "file").write_text("x")
(folder / "inputs" / "file").chmod(0o400)
settings = {"inputs": folder / "inputs", "out": folder / "out", "egress": EgressPolicy()}
settings["level"] = ContainmentLevel.FULL
with open_worker("attacks", code=(probes / "attacks.py",), **settings) as worker:
    for attack, request in json.loads(sys.argv[5]).items():
        name = f"o/{attack.replace('_', '-')}"
        found[attack] = worker.call({"attack": attack, **request}, name, limits).answer["gained"]
with open_worker("excesses", code=(probes / "excesses.py",), **settings) as worker:
    try:
        worker.call({"excess": "fork_bomb"}, "p/a", limits)
    except WorkerFailed as failed:
        found["bomb"] = failed.kind
    worker.call({"excess": "closed_modes"}, "p/b", limits)
    found["kept"] = (folder / "out" / "p" / "b" / "folder" / "file").read_text()
print(json.dumps(found))
"""


ATTACKS = {
    **{name: {} for name in PLAIN},
    "become_more": {},
    "broker_for_other_things": {},
    "connect_out": {"targets": [["127.0.0.1", 9], ["8.8.8.8", 53], ["169.254.169.254", 80]], "names": ["example.org"]},
    "inherited_descriptors": {},
    "keep_for_the_next": {},
    "kernel_settings": {},
    "other_address_families": {},
    "other_environments": {"secret": "CASEFILE_TOKEN"},
    "other_processes": {"processes": []},
    "read_paths": {"paths": ["/etc/passwd", "/etc/shadow", "/home", "/root", "/var", "/run", "/sys", "/dev/mem"]},
    "set_id_bits": {},
    "the_terminal": {},
    "the_zygote": {},
    "write_outside": {"paths": ["/inputs/file", "/etc/ld.so.cache"], "folders": ["/", "/inputs", "/usr", "/etc"]},
}
"""Every attack that needs nothing of the machine that an ordinary user could not prepare."""


def interpreter() -> tuple[str, list[str]]:
    """A Python of this version that an ordinary user can start, and the site folder with what it needs."""
    own = os.path.realpath(sys.executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [own, *filter(None, [shutil.which(version, path="/usr/bin:/usr/local/bin")])]
    for one in candidates:
        with contextlib.suppress(PermissionError):
            if subprocess.run([one, "-c", ""], capture_output=True, check=False, **lowered()).returncode == 0:
                return one, [str(ROOT), sysconfig.get_path("purelib")]
    pytest.skip("no Python here that an ordinary user can start")


def lowered() -> dict[str, object]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


@pytest.mark.campaign
def test_an_ordinary_user_gets_the_same_containment() -> None:
    python, paths = interpreter()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        home = Path(folder, "home")
        home.mkdir()
        if lowered():
            os.chown(home, NOBODY, NOBODY)
            os.chmod(folder, 0o755)
        probes = str(ROOT / "tests" / "containment" / "probes")
        argv = [python, "-B", "-c", PROGRAM, *paths, str(home), probes, json.dumps(ATTACKS)]
        ended = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", timeout=120, **lowered())
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found.pop("uid") != 0
    assert found.pop("bomb") in ("killed", "crashed", "timeout")
    assert found.pop("kept") == "kept"
    assert found.pop("available") == ""
    assert found == {name: [] for name in ATTACKS}
    assert len(found) >= 25

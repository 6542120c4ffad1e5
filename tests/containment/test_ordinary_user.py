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
limits = Limits(wall_s=5, cpu_s=5, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 22, processes=16)
found = {"uid": os.getuid(), "available": available().reason}
for name in ("inputs", "out"):
    (folder / name).mkdir()
(folder / "inputs" / "file").write_text("x")
(folder / "inputs" / "file").chmod(0o400)
settings = {"inputs": folder / "inputs", "out": folder / "out", "egress": EgressPolicy()}
settings["level"] = ContainmentLevel.FULL
with open_worker("attacks", code=(probes / "attacks.py",), **settings) as worker:
    for attack in ("become_more", "kernel_settings", "the_zygote", "set_id_bits", "inherited_descriptors"):
        found[attack] = worker.call({"attack": attack}, f"o/{attack.replace('_', '-')}", limits).answer["gained"]
    request = {"attack": "write_outside", "paths": ["/inputs/file", "/etc/ld.so.cache"], "folders": ["/", "/inputs"]}
    found["write_outside"] = worker.call(request, "o/w", limits).answer["gained"]
with open_worker("excesses", code=(probes / "excesses.py",), **settings) as worker:
    try:
        worker.call({"excess": "fork_bomb"}, "p/a", limits)
    except WorkerFailed as failed:
        found["bomb"] = failed.kind
    worker.call({"excess": "closed_modes"}, "p/b", limits)
    found["kept"] = (folder / "out" / "p" / "b" / "folder" / "file").read_text()
print(json.dumps(found))
"""


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


def test_an_ordinary_user_gets_the_same_containment() -> None:
    python, paths = interpreter()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        home = Path(folder, "home")
        home.mkdir()
        if lowered():
            os.chown(home, NOBODY, NOBODY)
            os.chmod(folder, 0o755)
        argv = [python, "-B", "-c", PROGRAM, *paths, str(home), str(ROOT / "tests" / "containment" / "probes")]
        ended = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", timeout=120, **lowered())
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found.pop("uid") != 0
    assert found.pop("bomb") in ("killed", "crashed", "timeout")
    assert found == {
        "available": "",
        "become_more": [],
        "inherited_descriptors": [],
        "kept": "kept",
        "kernel_settings": [],
        "set_id_bits": [],
        "the_zygote": [],
        "write_outside": [],
    }

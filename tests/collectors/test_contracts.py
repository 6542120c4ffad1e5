"""What every capture method promises: a light spec, a worker that answers with values and writes only what it names."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from sites.capturing import request_for

from casefile.model import Received
from casefile.registry import load_specs
from casefile.vocabulary import Outcome
from collectors.interface import MethodSpec

SPECS = load_specs("casefile.capture_methods", MethodSpec)

every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


@every_spec
def test_a_worker_module_has_one_work_function(spec: MethodSpec) -> None:
    module = importlib.import_module(spec.module)
    assert list(inspect.signature(module.work).parameters) == ["request", "inputs", "out"]


@every_spec
def test_a_method_says_what_it_is(spec: MethodSpec) -> None:
    assert spec.version
    assert spec.summary.endswith(".")
    assert spec.schemes


@pytest.mark.parametrize("hostile", ["", "file:///etc/passwd", "http://exa mple/", "handed-over:a.jpg", "http://\x00/"])
@pytest.mark.parametrize("name", ["http", "import"])
def test_what_a_method_cannot_take_is_refused_with_advice_and_nothing_written(
    name: str, hostile: str, tmp_path: Path
) -> None:
    (spec,) = (one for one in SPECS if one.name == name)
    answer = importlib.import_module(spec.module).work(request_for(hostile, ""), tmp_path, tmp_path)
    received = Received.model_validate(answer)
    assert received.outcome is Outcome.REFUSED
    assert received.advice
    assert list(tmp_path.iterdir()) == []


def test_choosing_a_method_loads_none() -> None:
    program = (
        "import sys\n"
        "from casefile.registry import load_specs\n"
        "from collectors.choosing import choose_method\n"
        "from collectors.interface import MethodSpec\n"
        "choose_method('https://example.org/', load_specs('casefile.capture_methods', MethodSpec))\n"
        "print(sorted({'h11', 'ssl', 'brotli', 'yt_dlp', 'collectors.http.capture'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

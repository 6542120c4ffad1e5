"""Under DEV_STRICT nothing passes by being skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = {
    "in the test": "import pytest\ndef test_it():\n    pytest.skip('no tool')\n",
    "by a mark": "import pytest\n@pytest.mark.skip(reason='no tool')\ndef test_it(): pass\n",
    "in a fixture": "import pytest\n@pytest.fixture\ndef tool(): pytest.skip('no tool')\ndef test_it(tool): pass\n",
    "as a module": "import pytest\npytest.importorskip('no_such_module')\ndef test_it(): pass\n",
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("text", SKIPPING.values(), ids=SKIPPING.keys())
def test_a_skip_is_a_failure_only_when_strict(root: Path, tmp_path: Path, text: str, strict: bool) -> None:
    shutil.copy(root / "conftest.py", tmp_path)
    (tmp_path / "test_skipping.py").write_text(f"{text}\ndef test_other(): pass\n")
    environment = {**os.environ, "DEV_STRICT": "1" if strict else ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--rootdir", "."]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    skipped_module = "importorskip" in text
    expected = (1 if not skipped_module else 2) if strict else 5 if skipped_module else 0
    assert result.returncode == expected, result.stdout


def test_an_expected_failure_is_no_skip(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "conftest.py", tmp_path)
    (tmp_path / "test_known.py").write_text("import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--rootdir", "."]
    environment = {**os.environ, "DEV_STRICT": "1"}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=120)
    assert result.returncode == 0

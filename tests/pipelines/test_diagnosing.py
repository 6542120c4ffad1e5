"""What `doctor --for` says that a locator needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.ytdlp.spec import SPEC
from pipelines.diagnosing import SCRIPT_RUNTIME, needs_of


@pytest.mark.parametrize("here", [True, False])
def test_a_script_runtime_is_needed_where_a_player_must_be_run_and_lacks_unless_it_is_supported(here: bool) -> None:
    runtimes = [
        {"name": "deno", "version": "1", "supported": here},
        {"name": "node", "version": "", "supported": False},
    ]
    assert needs_of(SPEC, {"needs_script_runtime": True, "script_runtimes": runtimes}) == {SCRIPT_RUNTIME: here}
    assert needs_of(SPEC, {"needs_script_runtime": False, "script_runtimes": runtimes}) == {}


def test_a_program_is_lacking_when_it_is_not_on_this_machine() -> None:
    assert needs_of(replace(SPEC, needs=("sh", "no-such-program")), None) == {"sh": True, "no-such-program": False}

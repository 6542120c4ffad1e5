"""Strict runs: with DEV_STRICT=1 a test that is skipped has failed, so that nothing passes by not being there.

`./dev test --all` sets it. An expected failure (`xfail`) is a statement, not a skip, and stays as it is.

Runs with several workers: the tests of a module go to one worker, which makes once what they share. Each worker must
find the same tests, so bytes do not stand in a test's name: those of gzip hold the second in which they were packed.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any, TypeVar

import pytest

STRICT = bool(os.environ.get("DEV_STRICT"))
SINGLY = ("tests/campaigns/",)
"""Modules that share little and run for long: their tests are dealt out one by one."""
TOGETHER = {"tests/flows/test_serving.py": "tests/flows/test_prefect.py"}
"""Modules that are not run at the same time as another one: two Prefects are too much for two cores."""
R = TypeVar("R", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deals modules out in their order; what is shared by the tests of one would else be made by each worker."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return nodeid if module.startswith(SINGLY) else TOGETHER.get(module, module)

    config.option.loadscopereorder = False
    return ByModule(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes go by the name of their parameter, which pytest numbers; everything else as pytest names it."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _refuse_skip(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: R) -> R:
    if STRICT and report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (a skip is a failure under DEV_STRICT)"
    return report

"""Strict runs: with DEV_STRICT=1 a test that is skipped has failed, so that nothing passes by not being there.

`./dev test --all` sets it. An expected failure (`xfail`) is a statement, not a skip, and stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

STRICT = bool(os.environ.get("DEV_STRICT"))
R = TypeVar("R", pytest.TestReport, pytest.CollectReport)


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

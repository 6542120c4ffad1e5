"""Sealing, recovery and audit by a user who is bound by permissions, even where the tests are run by root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.layout import object_id

from .captures import FileLog, Workspace
from .crash_driver import NOBODY
from .crashes import CAPTURE, Aftermath, Driver, running_driver


@pytest.fixture
def driver() -> Iterator[Driver]:
    with running_driver() as one:
        yield one


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        Workspace(Path(folder)).create()
        if os.geteuid() == 0:
            for parent, _, names in os.walk(folder):
                for path in (parent, *(os.path.join(parent, name) for name in names)):
                    os.chown(path, NOBODY, NOBODY)
        yield Path(folder)
        for parent, _, _ in os.walk(folder):
            os.chmod(parent, 0o755)


def test_an_ordinary_user_seals(driver: Driver, root: Path) -> None:
    assert driver.order(root, unprivileged=True) == 0
    assert driver.order(root, "recover", unprivileged=True) == 0
    assert FileLog(root).sealed()
    Aftermath(root).check()


@pytest.mark.parametrize("lease_lost", [False, True])
def test_an_ordinary_user_recovers(driver: Driver, root: Path, lease_lost: bool) -> None:
    driver.order(root, unprivileged=True, lease_lost=True)
    assert driver.order(root, "recover", unprivileged=True, lease_lost=lease_lost) == 0
    Aftermath(root).check()
    assert bool(FileLog(root).lost()) == lease_lost


def test_a_file_that_may_not_be_read_is_named(driver: Driver, root: Path) -> None:
    driver.order(root, unprivileged=True)
    (Workspace(root).vault.object_path(object_id(CAPTURE)) / "v1/content/files/0001").chmod(0)
    assert driver.order(root, "audit", unprivileged=True) == 0
    assert (root / "found").read_text().split() == ["P007", "P008"]

"""Removing what a call has left behind, whatever it has done to it. Used inside and outside; standard library only."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def empty(folder: Path) -> None:
    """Remove everything in `folder`, following no link; raises OSError when something cannot be removed.

    Nothing may be running that can still write there.
    """
    os.chmod(folder, 0o700)
    for path in _entries(folder):
        if path.is_dir() and not path.is_symlink():
            _open_up(path)
            shutil.rmtree(path)
        else:
            path.unlink()


def _open_up(folder: Path) -> None:
    """Folders without permissions would keep us from removing what is in them."""
    waiting = [folder]
    while waiting:
        one = waiting.pop()
        os.chmod(one, 0o700)
        waiting += [path for path in _entries(one) if path.is_dir() and not path.is_symlink()]


def _entries(folder: Path) -> list[Path]:
    return [folder / name for name in os.listdir(folder)]

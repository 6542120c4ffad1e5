"""What a program does once before it forks: statements are compiled and late imports made, so that no child has to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pipelines.handed_over
from casefile.vocabulary import ContainmentLevel, Pathway
from pipelines.audit import audit_workspace
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.examine import Examine
from pipelines.handed_over import ImportRequest, import_files
from pipelines.leads import Candidate, Origin, add_leads, occurrences
from pipelines.opening import open_investigation
from pipelines.reindex import reindex_workspace
from pipelines.results import Result
from pipelines.services import open_services


def warm_up() -> None:
    """The life of a workspace, without fetching and without examining, which start processes."""
    with TemporaryDirectory() as folder, patch.object(pipelines.handed_over, "examining", not_examining):
        file, root = Path(folder, "file"), Path(folder, "case")
        file.write_bytes(b"a file")
        open_investigation(root, "A case", "Ana", {})
        with open_services(root, {}) as services:
            import_files(services, ImportRequest((file,), "Bora"), _forget)
            leads = add_leads(services, occurrences([Candidate("gopher://nowhere/")]), Origin(Pathway.BY_HAND))
            collect(services, leads, CaptureOptions(level=ContainmentLevel.WEAK), told=_forget, examine=unexamined)
        audit_workspace(root, {})
        reindex_workspace(root, {})
        for parent, _folders, _files in os.walk(root / "vault"):
            Path(parent).chmod(0o700)


@contextmanager
def not_examining(*_arguments: object) -> Iterator[Examine]:
    """In place of `examining`, which costs seconds and has nothing to do with most of what is asked."""
    yield unexamined


def unexamined(capture: str) -> Future[None]:
    """An examination that is done at once."""
    del capture
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _forget(result: Result) -> None:
    del result

"""A reader that is lost on an archive leaves the reason, and the archive as it was sealed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from casefile.archives import ArchiveContent
from casefile.digests import digest_file
from casefile.events.envelope import PartName
from containment.worker import WorkerFailed
from pipelines.archives import ArchiveReader
from pipelines.examinable import Examinable
from verification.working_copies import Preserved

ITEM = "01920000-0000-7000-8000-000000000106"


class Lost(ArchiveReader):
    """Its worker ends without an answer."""

    def _content(self, one: Examinable) -> ArchiveContent | None:
        raise WorkerFailed("timeout", "after 900 s")


def handed_over(path: Path, acquisition: str = "handed-over") -> Examinable:
    item = SimpleNamespace(id=ITEM, acquisition=acquisition, locator="handed-over:leak/a.zip", capture="c")
    return Examinable(cast(Any, item), Preserved(path, digest_file(path).sha256))


@pytest.fixture
def reader() -> Lost:
    return Lost(cast(Any, None), cast(Any, None))


def test_the_reason_is_recorded(reader: Lost, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PK\x03\x04 and what follows")
    (event,) = reader.read([handed_over(tmp_path / "a")])
    assert event.outcome is not None
    assert event.outcome.status == "inconclusive"
    assert event.parts[PartName.BODY].plain()["failed"] == "worker timeout: after 900 s"


def test_a_file_that_is_gone_is_a_reason_too(reader: Lost, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PK\x03\x04")
    one = handed_over(tmp_path / "a")
    (tmp_path / "a").unlink()
    (event,) = reader.read([one])
    assert "No such file" in str(event.parts[PartName.BODY].plain()["failed"])


def test_what_was_observed_and_what_is_no_archive_is_not_read(reader: Lost, tmp_path: Path) -> None:
    (tmp_path / "zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "text").write_bytes(b"It was raining.")
    assert reader.read([handed_over(tmp_path / "zip", "observed"), handed_over(tmp_path / "text")]) == []

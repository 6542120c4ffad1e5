"""Every version of every document in one file, to be kept elsewhere or read by another program."""

from __future__ import annotations

import json
import os
from pathlib import Path

from casefile.errors import StorageFailed, UsageError
from pipelines.documents import all_documents, plain
from pipelines.services import Services


def export_documents(services: Services, target: Path) -> int:
    """Write every version into a new JSON file for its owner only; the number of versions.

    Raises UsageError when there is something at that place already.
    """
    versions = [plain(one) for one in all_documents(services, every_version=True)]
    text = json.dumps({"investigation": services.log.id, "documents": versions}, ensure_ascii=False, indent=1)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already") from error
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise StorageFailed("write", target.name, str(error.strerror)) from error
    return len(versions)

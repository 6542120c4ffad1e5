"""Questions to services that the settings name: one request from a contained worker, by the egress policy."""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.errors import ContainmentError
from casefile.legible import spoken
from casefile.model import Contact
from casefile.settings import Settings
from containment.limits import Limits
from containment.methods import PASSIVE
from containment.worker import run_worker
from pipelines.doctor import best_level
from pipelines.egress_policy import egress_policy

MODULE = "collectors.http.asking"
TIMEOUT_S = 20
ANSWER_BYTES = 1 << 20
LIMITS = Limits(wall_s=90, cpu_s=30, memory_bytes=512 << 20, file_bytes=1 << 20, output_bytes=1 << 20)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: HTTP status, type and content. `failed` says why there is no answer; then status is 0.

    `contacts` are the connections, refused ones included.
    """

    status: int
    media_type: str
    content: bytes
    failed: str
    contacts: tuple[Contact, ...] = ()


def ask(settings: Settings, work: Path, url: str, content: bytes = b"", media_type: str = "") -> Answer:
    """POST `content` to `url`, or GET it where there is none. What goes wrong is in the answer."""
    request = {
        "method": "POST" if content else "GET",
        "url": url,
        "content": base64.b64encode(content).decode("ascii"),
        "media_type": media_type,
        "timeout_s": TIMEOUT_S,
        "max_bytes": ANSWER_BYTES,
    }
    policy = replace(egress_policy(settings.egress), methods=(*PASSIVE, "POST"))
    with tempfile.TemporaryDirectory(prefix="asked-", dir=work) as folder:
        out = Path(folder, "out")
        try:
            result = run_worker(MODULE, request, None, out, limits=LIMITS, egress=policy, level=best_level())
        except ContainmentError as error:
            return Answer(0, "", b"", str(error))
    said = result.answer
    refused = next((f"refused by the egress policy: {one.refused}" for one in result.contacts if one.refused), "")
    if refused or "failed" in said:
        return Answer(0, "", b"", refused or spoken(said["failed"]), result.contacts)
    try:
        found = base64.b64decode(str(said["content"]), validate=True)
    except ValueError:
        return Answer(0, "", b"", "the worker's answer cannot be read", result.contacts)
    status = said["status"] if isinstance(said["status"], int) else 0
    return Answer(status, str(said["media_type"]), found, "", result.contacts)

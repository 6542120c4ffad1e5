"""The worker that asks a public archive whether it holds a locator, and reads its answer: one GET, bounded."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from casefile.canonical import Json
from casefile.clock import rfc3339
from casefile.holdings import Form, Holdings, Says
from casefile.model import readable
from collectors.http import asking

KEPT_BYTES = 48_000
"""Of an answer, so that it fits into what an event may hold in base64."""
LINK = re.compile(r"<[^<>]*>([^<>]*)")
"""A link and its parameters (RFC 8288); addresses in parameters are of no concern here."""
RELATION = re.compile(r";\s*rel=\"?([^\";,]*)")
MOMENT = re.compile(r";\s*datetime=\"([^\"]{1,64})\"")
STAMP = re.compile(r"\d{4}(?:\d\d){0,5}", re.ASCII)
BEGINNING = "00000101000000"
"""What a moment that is cut short begins with: a year its first day."""
NOT_FOUND = 404
"""Of a TimeMap, and of some indexes: nothing is held (RFC 7089, section 4.5.3)."""


def work(request: Mapping[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """Ask as `collectors.http.asking` does, in the `form` of the request; the answer is a Holdings."""
    said = asking.work({**request, "method": "GET", "content": "", "media_type": ""}, inputs, out)
    if "failed" in said:
        return Holdings(says=Says.UNANSWERED, detail=readable(str(said["failed"]), 300)).plain()
    content = base64.b64decode(str(said["content"]))
    kept = {
        "status": said["status"],
        "media_type": readable(str(said["media_type"]), 200),
        "bytes": len(content),
        "sha256": "sha256:" + hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content[:KEPT_BYTES]).decode("ascii"),
    }
    return Holdings.model_validate({**kept, **_read(Form(request["form"]), int(str(said["status"])), content)}).plain()


def _read(form: Form, status: int, content: bytes) -> dict[str, object]:
    if status == NOT_FOUND:
        return {"says": Says.NOT_HELD}
    if status != 200:
        return {"says": Says.UNANSWERED, "detail": f"it answered with status {status}, which says nothing"}
    text = content.decode("utf-8", "replace")
    moments = sorted(timemap(text) if form is Form.TIMEMAP else cdx(text))
    if moments:
        return {"says": Says.HELD, "entries": len(moments), "first": moments[0], "last": moments[-1]}
    # An empty list is an answer; a page that tells people something is none.
    if not text.strip() or (form is Form.TIMEMAP and LINK.search(text) and "rel=" in text and "<html" not in text):
        return {"says": Says.NOT_HELD}
    return {"says": Says.UNANSWERED, "detail": f"what it answered cannot be read as {form}"}


def timemap(text: str) -> Iterator[str]:
    """When each memento that a TimeMap lists was made (RFC 7089, section 5)."""
    for parameters in LINK.findall(text):
        relation, moment = RELATION.search(parameters), MOMENT.search(parameters)
        if relation and moment and "memento" in relation.group(1).lower().split():
            try:
                yield rfc3339(parsedate_to_datetime(moment.group(1)).astimezone(UTC))
            except (ValueError, TypeError, OverflowError):
                continue


def cdx(text: str) -> Iterator[str]:
    """When each capture that a CDX or CDXJ index lists was made: the second field, of up to fourteen digits."""
    for line in text.splitlines():
        fields = line.split(" ", 2)
        if len(fields) > 2 and STAMP.fullmatch(fields[1]):
            try:
                moment = datetime.strptime(fields[1] + BEGINNING[len(fields[1]) :], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            except ValueError:
                continue
            yield rfc3339(moment)

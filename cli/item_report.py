"""What the commands print of items: for a program with stable keys, for a person in rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casefile.records.posts import PostSummary
from casefile.records.protection import GuardRecord
from casefile.records.queries import ItemRecord
from casefile.vocabulary_planning import Sensitivity


def item_json(
    item: ItemRecord,
    guard: GuardRecord | None = None,
    posts: PostSummary | None = None,
    archive: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """An item as `--json` gives it; the keys are part of the contract. `guard` says how closely it is kept.

    `posts` counts the posts that were read out of it, and `post` has the first one's first claims; `archive` sums up
    what it claims as an archive that others made.
    """
    return {
        "id": item.id,
        "number": item.label,
        "locator": item.locator,
        "name": item.name,
        "title": item.title,
        "author": item.author,
        "claimed_time": item.claimed_time,
        "role": item.role,
        "media_type": item.media_type,
        "declared_media_type": item.declared_media_type,
        "sha256": item.sha256,
        "bytes": item.bytes,
        "wire_sha256": item.wire_sha256 or None,
        "wire_bytes": item.wire_bytes,
        "content": item.content,
        "content_reason": item.content_reason,
        "outcome": item.outcome,
        "cause": item.cause,
        "acquisition": item.acquisition,
        "source": item.source,
        "captured_at": item.captured_at,
        "capture": item.capture,
        "lead": item.lead,
        "job": item.job or None,
        "method": item.method,
        "containment": item.containment,
        "egress_enforced": item.egress_enforced,
        "allowances": list(item.allowances),
        "files": list(item.files),
        "erased_at": item.erased_at,
        "posts": posts.count if posts else 0,
        "post": posts.plain() if posts else None,
        "sensitivity": guard.sensitivity if guard else Sensitivity.ORDINARY,
        "graphic": guard is not None and guard.graphic,
        "archive": archive,
        "sexual_violence": guard is not None and guard.sexual_violence,
    }


def item_row(item: ItemRecord, guard: GuardRecord | None = None) -> tuple[str, ...]:
    """An item as a row of a table; what has to be said before it is looked at comes first."""
    warned = f"[{', '.join(guard.words)}] " if guard and guard.words else ""
    handed_over = "handed over: " if item.acquisition == "handed-over" else ""
    allowed = f"  [over an explicit allowance: {', '.join(item.allowances)}]" if item.allowances else ""
    return (
        item.label,
        item.role or "",
        item.content or "",
        item.media_type or "",
        str(item.bytes if item.bytes is not None else ""),
        (item.captured_at or "")[:19],
        f"erased {item.erased_at[:19]}"
        if item.erased_at
        else f"{warned}{handed_over}{item.title or item.name or item.locator or ''}{allowed}",
    )

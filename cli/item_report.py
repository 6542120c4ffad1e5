"""What the commands print of items: for a program with stable keys, for a person in rows."""

from __future__ import annotations

from casefile.records.queries import ItemRecord


def item_json(item: ItemRecord) -> dict[str, object]:
    """An item as `--json` gives it; the keys are part of the contract."""
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
    }


def item_row(item: ItemRecord) -> tuple[str, ...]:
    """An item as a row of a table."""
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
        else f"{handed_over}{item.title or item.name or item.locator or ''}{allowed}",
    )

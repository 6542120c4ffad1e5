"""The copies in a cluster as the commands print them: for a program with stable keys, for a person in rows."""

from __future__ import annotations

from pipelines.copies import Copies, Copy
from verification.explaining import clock

COPY_COLUMNS = (
    "item", "account", "platform", "claimed time", "zone and basis", "resolution", "length", "audio", "overlay",
    "mirrored",
)  # fmt: skip


def copies_json(copies: Copies) -> dict[str, object]:
    """The keys that `--json` adds to a cluster."""
    best = copies.best
    return {
        "copies": [copy_json(one) for one in copies.rows],
        "best_copy": None
        if best is None
        else {"item": best.item.id, "number": best.item.label, "reason": copies.reason},
    }


def copy_json(copy: Copy) -> dict[str, object]:
    """One copy as `--json` gives it; null where something is not known."""
    overlay = copy.overlay
    return {
        "item": copy.item.id,
        "number": copy.item.label,
        "account": copy.account or None,
        "platform": copy.platform or None,
        "claimed_time": copy.claimed_time or None,
        "time_zone": copy.zone or None,
        "time_basis": copy.basis or None,
        "captured_at": copy.item.captured_at,
        "width": copy.width or None,
        "height": copy.height or None,
        "duration_ms": copy.duration_ms or None,
        "audio": copy.audio,
        "overlay": None
        if overlay is None
        else {
            "against": overlay.against,
            "tiles_differ": overlay.differ,
            "tiles_compared": overlay.compared,
            "covered": None if overlay.covered < 0 else overlay.covered,
            "one_frame": overlay.frame,
        },
        "mirrored": copy.mirrored,
        "bytes": copy.item.bytes,
        "acquisition": copy.item.acquisition,
    }


def copy_row(copy: Copy) -> tuple[str, ...]:
    """One copy as a row of a table; a dash where something is not known."""
    cells = (
        copy.item.label,
        copy.account,
        copy.platform or (f"handed over: {copy.item.name}" if copy.item.acquisition == "handed-over" else ""),
        copy.claimed_time,
        ", ".join(one for one in (copy.zone, copy.basis) if one),
        f"{copy.width} x {copy.height}" if copy.pixels else "",
        clock(copy.duration_ms) if copy.duration_ms else "",
        _yes(copy.audio),
        _overlay(copy),
        _yes(copy.mirrored),
    )
    return tuple(cell or "-" for cell in cells)


def _overlay(copy: Copy) -> str:
    one = copy.overlay
    if one is None:
        return ""
    said = f"{one.differ} of {one.compared} compared tiles differ from {one.against}"
    frame = ", in one frame" if one.frame else ""
    # Of what is outside of the common part, and of flat places in it, nothing is known.
    return f"{said}{frame}" + (f"; {one.covered} % of this copy is in common" if one.covered >= 0 else "")


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"

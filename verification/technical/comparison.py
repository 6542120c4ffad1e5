"""A picture of how one picture lies upon another: both side by side, one laid upon the other, tiles that differ."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from verification.technical.alignment import TILE_PIXELS, Alignment, differing_tiles, laid_upon
from verification.technical.keypoints import Grey

MARGIN = 8
OUTLINE = (214, 40, 40)


def drawn(first: Grey, second: Grey, alignment: Alignment | None) -> Image.Image:
    """First, second, and where they could be aligned the second laid upon the first with what differs outlined."""
    panels = [Image.fromarray(first).convert("RGB"), Image.fromarray(second).convert("RGB")]
    if alignment is not None:
        panels.append(_overlaid(first, second, alignment))
    width = sum(panel.width + MARGIN for panel in panels) + MARGIN
    sheet = Image.new("RGB", (width, max(panel.height for panel in panels) + 2 * MARGIN), "white")
    left = MARGIN
    for panel in panels:
        sheet.paste(panel, (left, MARGIN))
        left += panel.width + MARGIN
    return sheet


def _overlaid(first: Grey, second: Grey, alignment: Alignment) -> Image.Image:
    moved, covers = laid_upon(first, second, alignment.movement)
    mixed = np.where(covers, (first.astype(np.uint16) + moved) // 2, first // 3).astype(np.uint8)
    panel = Image.fromarray(mixed).convert("RGB")
    pen = ImageDraw.Draw(panel)
    for column, row in differing_tiles(first, second, alignment.movement):
        box = (column * TILE_PIXELS, row * TILE_PIXELS, (column + 1) * TILE_PIXELS - 1, (row + 1) * TILE_PIXELS - 1)
        pen.rectangle(box, outline=OUTLINE)
    return panel

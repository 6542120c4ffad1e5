"""What the method `import` says of itself, without loading it."""

from __future__ import annotations

import re

from collectors.interface import MethodSpec

SPEC = MethodSpec(
    name="import",
    version="1",
    summary="Files and folders that somebody handed over, copied as they are, with their names as data.",
    module="collectors.handed_over.capture",
    schemes=("handed-over",),
    priority=0,
    touches_network=False,
    claims=re.compile(r"(?!)"),
)
"""Claims nothing: what is handed over is admitted with `casefile import`, which knows from whom it came."""

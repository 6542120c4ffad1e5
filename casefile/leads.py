"""What was found and may be captured, as values."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Value
from casefile.vocabulary import Pathway


class Lead(Value):
    """A candidate that was found and may be captured. `cells` is everything else its row of a sheet held."""

    id: str
    locator: str
    pathway: Pathway
    job: str = ""
    sheet: str = ""
    row: int = Field(default=0, ge=0)
    occurrence: int = Field(default=1, ge=1)
    cells: tuple[tuple[str, str], ...] = ()
    why: str = ""

"""Digests of decoded pixels, and the pairs that wait for them.

The edges are matched anew, so that pairs from before are asked about too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables."""
    op.create_table(
        "work_pixels",
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
    )
    op.create_table(
        "work_pixel_question",
        sa.Column("edge", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("item_a", "item_b")),
        sa.Column("same_capture", sa.Boolean, nullable=False),
    )
    op.execute("DELETE FROM work_state WHERE name = 'edges_matched'")

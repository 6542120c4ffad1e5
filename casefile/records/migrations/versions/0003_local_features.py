"""Local codes of stills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "work_features",
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("codes", sa.LargeBinary, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
    )

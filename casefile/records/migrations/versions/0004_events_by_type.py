"""Events by their type: statements of keys are looked up for every record of an item."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_log_entry_type", "log_entry", ["type"])

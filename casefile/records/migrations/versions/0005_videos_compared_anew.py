"""Videos are compared by what parts of them show, and by key points: every edge is made anew.

Until then what joined compilations with their pieces would stay, and videos from before would never be compared.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forget up to where edges were made; the next look at them follows the log from its beginning."""
    op.execute("DELETE FROM work_state WHERE name IN ('edges_matched', 'features_compared')")

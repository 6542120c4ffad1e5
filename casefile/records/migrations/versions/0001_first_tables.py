"""The log's own tables and the tables of work, as they were first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE_TEXT_INDEX = (
    "CREATE VIRTUAL TABLE work_text_index USING fts5("
    "folded, content='work_text', content_rowid='id', tokenize='trigram')",
    "CREATE TRIGGER work_text_index_added AFTER INSERT ON work_text BEGIN "
    "INSERT INTO work_text_index(rowid, folded) VALUES (new.id, new.folded); END",
    "CREATE TRIGGER work_text_index_removed AFTER DELETE ON work_text BEGIN "
    "INSERT INTO work_text_index(work_text_index, rowid, folded) VALUES ('delete', old.id, old.folded); END",
)
POSTGRESQL_TEXT_INDEX = (
    "DO $index$ BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; "
    "CREATE INDEX IF NOT EXISTS work_text_index ON work_text USING gin (folded gin_trgm_ops); "
    "EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN "
    "RAISE NOTICE 'text is searched without an index'; END $index$",
)


def upgrade() -> None:
    """Create the tables in an empty database."""
    _create_log()
    _create_work()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_TEXT_INDEX if sqlite else POSTGRESQL_TEXT_INDEX:
        op.execute(statement)


def _create_log() -> None:
    op.create_table(
        "log_entry",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String, nullable=False, unique=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("journal_end", sa.Integer, nullable=False),
    )
    op.create_table(
        "log_part",
        sa.Column("event", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("content", sa.LargeBinary),
        sa.Column("erased_by", sa.String),
    )
    numbers = ("segment", "journal_end", "synced_size", "synced_segment", "synced_end")
    op.create_table(
        "log_head",
        sa.Column("log", sa.String, primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("subtrees", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in numbers),
    )


def _create_work() -> None:
    op.create_table(
        "work_item",
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
    )
    op.create_table(
        "work_text",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False, index=True),
        sa.Column("item", sa.String, index=True),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("folded", sa.String, nullable=False),
        sa.Column("event", sa.String, index=True),
        sa.Column("part", sa.String),
    )
    op.create_table(
        "work_fingerprint",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("item", sa.String, nullable=False, index=True),
        sa.Column("capture", sa.String, nullable=False),
        sa.Column("frame_ms", sa.Integer, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("algorithm", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
        sa.Column("low_information", sa.Boolean, nullable=False),
    )
    op.create_table(
        "work_edge",
        sa.Column("edge", sa.String, primary_key=True),
        sa.Column("item_a", sa.String, nullable=False, index=True),
        sa.Column("item_b", sa.String, nullable=False, index=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("tier", "method", "version")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("distance", "bits")),
        sa.Column("same_capture", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.String, nullable=False),
    )
    op.create_table(
        "work_state",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )

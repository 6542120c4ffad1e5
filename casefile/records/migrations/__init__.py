"""Migrations of log_* and work_*, in Alembic's form. The view tables have none: they are rebuilt from the log."""

"""The tables, in three families: log_* is truth, view_* is projected from it, work_* is operational."""

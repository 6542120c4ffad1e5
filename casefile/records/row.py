"""What all tables are made from."""

from sqlmodel import SQLModel
from sqlmodel._compat import SQLModelConfig

BY_HASH = "by hash"
"""Marks an index that serves equality only; see `casefile.records.engine`."""


class Row(SQLModel):
    """A table's row. Rows are read and written as columns: no validator is built for them before one is asked for."""

    model_config = SQLModelConfig(defer_build=True)

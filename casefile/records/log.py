"""log_*: the envelopes, the parts and the head. These tables are the truth that the database holds."""

from sqlalchemy import Column, Integer, LargeBinary
from sqlmodel import Field

from casefile.records.row import Row


class LogEntry(Row, table=True):
    """One envelope. `position` is its index in the tree; `journal_end` the offset behind it in its segment."""

    __tablename__ = "log_entry"

    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    event: str = Field(unique=True)
    type: str = Field(index=True)
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    segment: int
    journal_end: int


class LogPart(Row, table=True):
    """One part. After its erasure `salt` and `content` are null and `erased_by` names the event."""

    __tablename__ = "log_part"

    event: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    salt: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    content: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    erased_by: str | None = None


class LogHead(Row, table=True):
    """The one row that orders everything: size and subtrees of the tree, end of the journal, end last synced."""

    __tablename__ = "log_head"

    log: str = Field(primary_key=True)
    size: int
    subtrees: str
    segment: int
    journal_end: int
    synced_size: int
    synced_segment: int
    synced_end: int

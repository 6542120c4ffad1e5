"""view_* of archives of others that were read. The rules of `view` hold here too."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from casefile.records.row import Row


class ViewArchive(Row, table=True):
    """Each time that an item was read as an archive, the newest last; `failed` says why it could not be read."""

    __tablename__ = "view_archive"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    version: str | None = None
    sha256: str | None = None
    kind: str | None = None
    failed: str | None = None
    entries: int | None = Field(default=None, sa_type=BigInteger)
    listed: int | None = Field(default=None, sa_type=BigInteger)
    matches: int | None = Field(default=None, sa_type=BigInteger)
    differs: int | None = Field(default=None, sa_type=BigInteger)
    absent: int | None = Field(default=None, sa_type=BigInteger)
    problems: int | None = Field(default=None, sa_type=BigInteger)
    said: str | None = None
    read_at: str

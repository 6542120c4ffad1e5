"""view_* of posts that were read out of items. The rules of `view` hold here too."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from casefile.records.row import Row


class ViewReading(Row, table=True):
    """Each time that posts were looked for in an item, the newest last; `failed` says why it could not be read."""

    __tablename__ = "view_reading"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    posts: int = Field(sa_type=BigInteger)
    version: str | None = None
    failed: str | None = None
    read_at: str


class ViewPost(Row, table=True):
    """Each post of each reading of an item. `body` is the whole post; the columns repeat its first claims."""

    __tablename__ = "view_post"

    id: str = Field(primary_key=True)
    event: str = Field(index=True)
    item: str = Field(index=True)
    position: int = Field(sa_type=BigInteger)
    source: str | None = None
    locator: str | None = None
    post: str | None = None
    author: str | None = None
    handle: str | None = None
    posted_time: str | None = None
    body: str | None = None

"""work_*: leases, caches and indexes. Operational: never compared with the log, rebuilt or emptied at will."""

from sqlalchemy import BigInteger, Column, LargeBinary, String
from sqlmodel import Field

from casefile.records.row import Row


class WorkItem(Row, table=True):
    """One piece of work that a worker may claim. `token` rises with each claim and fences the one before."""

    __tablename__ = "work_item"

    stage: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    state: str
    attempt: int
    token: int
    lease_until_ms: int = Field(sa_type=BigInteger)
    holder: str


class WorkText(Row, table=True):
    """Text that can be searched, by what it belongs to, and as it is compared: an index lies over `folded`.

    `event` and `part` say where the text was recorded, so that erasing that part finds it here.
    """

    __tablename__ = "work_text"

    id: int | None = Field(default=None, primary_key=True)
    subject_kind: str
    subject: str = Field(index=True)
    item: str | None = Field(default=None, index=True)
    field: str
    text: str
    folded: str
    event: str | None = Field(default=None, index=True)
    part: str | None = None


class WorkFingerprint(Row, table=True):
    """One fingerprint of one frame of an item, as the newest examination gave it."""

    __tablename__ = "work_fingerprint"

    id: int | None = Field(default=None, primary_key=True)
    item: str = Field(index=True)
    capture: str
    frame_ms: int
    region: str
    algorithm: str
    version: str
    bits: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    quality: int
    low_information: bool


class WorkEdge(Row, table=True):
    """A near-duplicate edge as the machine sees it now; what people decided lies in view_decision."""

    __tablename__ = "work_edge"

    edge: str = Field(primary_key=True)
    item_a: str = Field(index=True)
    item_b: str = Field(index=True)
    tier: str
    method: str
    version: str
    distance: int
    bits: int
    same_capture: bool
    evidence: str


class WorkPixels(Row, table=True):
    """The digest of an item's decoded pixels, or why it has none. An item is decoded for it once."""

    __tablename__ = "work_pixels"

    item: str = Field(primary_key=True)
    digest: str
    cause: str


class WorkPixelQuestion(Row, table=True):
    """A pair of items whose pixels are still to be compared; answered in a sandbox only, and then deleted."""

    __tablename__ = "work_pixel_question"

    edge: str = Field(primary_key=True)
    item_a: str
    item_b: str
    same_capture: bool


class WorkFeatures(Row, table=True):
    """The local codes of a still, of one version of them, or why there are none. A still is described once."""

    __tablename__ = "work_features"

    item: str = Field(primary_key=True)
    version: str
    codes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    cause: str


class WorkState(Row, table=True):
    """Facts about this database itself, such as the version of its views."""

    __tablename__ = "work_state"

    name: str = Field(primary_key=True)
    value: str


class WorkMigration(Row, table=True):
    """Which migration the log_* and work_* tables are at: Alembic's own table, under our name."""

    __tablename__ = "work_migration"

    version_num: str = Field(sa_column=Column(String(32), primary_key=True))

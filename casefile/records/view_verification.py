"""view_* of verification: steps, reviews, claims, conclusions and corrections. The rules of `view` hold here too."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from casefile.records.row import Row


class ViewStep(Row, table=True):
    """Each step of verification. `body` and `words` are its parts; `replaces` is the step that it corrects."""

    __tablename__ = "view_step"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    replaces: str | None = Field(default=None, index=True)
    strand: str | None = None
    check: str | None = None
    result: str | None = None
    claim: str | None = Field(default=None, index=True)
    body: str | None = None
    words: str | None = None
    recorded_at: str
    recorded_by: str


class ViewReview(Row, table=True):
    """What happened to the assessments of an item: assigned, submitted, reconciled, locked."""

    __tablename__ = "view_review"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    act: str
    person: str | None = Field(default=None, index=True)
    body: str | None = None
    reason: str | None = None
    done_at: str
    done_by: str


class ViewClaim(Row, table=True):
    """Claims. `number` is short and permanent."""

    __tablename__ = "view_claim"

    event: str = Field(primary_key=True)
    claim: str = Field(unique=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    kind: str | None = None
    text: str | None = None
    speaker: str | None = None
    stated_at: str
    stated_by: str


class ViewClaimItem(Row, table=True):
    """Which items a claim is about."""

    __tablename__ = "view_claim_item"

    claim: str = Field(primary_key=True)
    item: str = Field(primary_key=True, index=True)


class ViewConclusion(Row, table=True):
    """Each conclusion on a claim."""

    __tablename__ = "view_conclusion"

    event: str = Field(primary_key=True)
    claim: str = Field(index=True)
    replaces: str | None = Field(default=None, index=True)
    verdict: str | None = None
    standard: str | None = None
    confidence: str | None = None
    reliability: str | None = None
    credibility: str | None = None
    origins: int | None = Field(default=None, sa_type=BigInteger)
    body: str | None = None
    words: str | None = None
    drawn_at: str
    drawn_by: str


class ViewCorrection(Row, table=True):
    """Which statement was corrected by which."""

    __tablename__ = "view_correction"

    event: str = Field(primary_key=True)
    statement: str = Field(index=True)
    correction: str = Field(index=True)
    kind: str | None = None
    reason: str | None = None
    corrected_at: str
    corrected_by: str


class ViewItemClass(Row, table=True):
    """What class of material people say an item is; the newest counts."""

    __tablename__ = "view_item_class"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    item_class: str | None = None
    classified_at: str
    classified_by: str

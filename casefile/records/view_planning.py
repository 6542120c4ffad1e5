"""view_* of preparation, inquiries and preliminary assessment; `casefile.records.view` says what holds of all."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from casefile.records.row import Row


class ViewDocument(Row, table=True):
    """Each version of each document; the newest of a kind and name counts."""

    __tablename__ = "view_document"

    event: str = Field(primary_key=True)
    kind: str | None = Field(default=None, index=True)
    name: str | None = None
    number: int | None = Field(default=None, sa_type=BigInteger)
    text: str | None = None
    review_by: str | None = None
    stated_at: str
    stated_by: str


class ViewApproval(Row, table=True):
    """Each approval of a version of a document; `document` is the event of that version."""

    __tablename__ = "view_approval"

    event: str = Field(primary_key=True)
    document: str = Field(index=True)
    kind: str | None = None
    name: str | None = None
    number: int | None = Field(default=None, sa_type=BigInteger)
    why: str | None = None
    stated_at: str
    stated_by: str


class ViewInquiry(Row, table=True):
    """Online inquiries, by their short numbers."""

    __tablename__ = "view_inquiry"

    id: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    question: str | None = None
    why: str | None = None
    task: str | None = None
    stated_at: str
    stated_by: str
    closed_at: str | None = None
    closed_by: str | None = None
    closing: str | None = None
    closed_why: str | None = None


class ViewStatement(Row, table=True):
    """Facts, assumptions, unknowns and findings; `rests_on` is a JSON list of ids."""

    __tablename__ = "view_statement"

    event: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    inquiry: str = Field(index=True)
    kind: str | None = None
    text: str | None = None
    basis: str | None = None
    rests_on: str | None = None
    replaces: str | None = None
    stated_at: str
    stated_by: str


class ViewKeyword(Row, table=True):
    """Terms of one language, script and direction; `terms` is a JSON list."""

    __tablename__ = "view_keyword"

    event: str = Field(primary_key=True)
    inquiry: str = Field(index=True)
    language: str | None = None
    script: str | None = None
    direction: str | None = None
    terms: str | None = None
    stated_at: str
    stated_by: str


class ViewSearch(Row, table=True):
    """Searches: when they were made, and when they were recorded."""

    __tablename__ = "view_search"

    event: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    inquiry: str = Field(index=True)
    engine: str | None = None
    browser: str | None = None
    language: str | None = None
    terms: str | None = None
    operators: str | None = None
    pathway: str | None = None
    result: str | None = None
    hits: int | None = Field(default=None, sa_type=BigInteger)
    occurred_at: str | None = None
    stated_at: str
    stated_by: str


class ViewLeadOrigin(Row, table=True):
    """Where a lead came from: an inquiry, a search of it, a person who referred it."""

    __tablename__ = "view_lead_origin"

    event: str = Field(primary_key=True)
    lead: str = Field(index=True)
    inquiry: str | None = Field(default=None, index=True)
    search: str | None = Field(default=None, index=True)
    person: str | None = None
    why: str | None = None
    stated_at: str
    stated_by: str


class ViewAssessment(Row, table=True):
    """Each preliminary assessment of a lead; the newest counts, and all are kept."""

    __tablename__ = "view_assessment"

    event: str = Field(primary_key=True)
    lead: str = Field(index=True)
    number: int | None = Field(default=None, sa_type=BigInteger)
    form: str | None = None
    decision: str | None = Field(default=None, index=True)
    reliability: str | None = None
    removal: str | None = None
    better_version: str | None = None
    relevance: str | None = None
    links: str | None = None
    reliability_basis: str | None = None
    removal_grounds: str | None = None
    safety: str | None = None
    duties: str | None = None
    precautions: str | None = None
    reason: str | None = None
    stated_at: str
    stated_by: str


class ViewPseudonym(Row, table=True):
    """People under pseudonyms; their names are in no view."""

    __tablename__ = "view_pseudonym"

    id: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    event: str
    role: str | None = None
    named: bool | None = None
    pseudonym: str | None = None
    note: str | None = None
    stated_at: str
    stated_by: str


class ViewShown(Row, table=True):
    """Which items show or name somebody who is protected."""

    __tablename__ = "view_shown"

    id: str = Field(primary_key=True)
    pseudonym: str = Field(index=True)
    item: str = Field(index=True)
    why: str | None = None
    stated_at: str
    stated_by: str


class ViewConsent(Row, table=True):
    """Each statement of a consent; the newest for a person, a use and a recipient counts."""

    __tablename__ = "view_consent"

    event: str = Field(primary_key=True)
    pseudonym: str = Field(index=True)
    number: int | None = Field(default=None, sa_type=BigInteger)
    use: str | None = None
    given: bool | None = None
    until: str | None = None
    recipient: str | None = None
    how: str | None = None
    stated_at: str
    stated_by: str


class ViewGuard(Row, table=True):
    """Each statement of how closely an item is kept; the newest counts."""

    __tablename__ = "view_guard"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    number: int | None = Field(default=None, sa_type=BigInteger)
    sensitivity: str | None = None
    graphic: bool | None = None
    sexual_violence: bool | None = None
    why: str | None = None
    stated_at: str
    stated_by: str

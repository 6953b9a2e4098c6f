"""The tables of findings and of what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from services.visits.tables import VisitsTable


class Finding(VisitsTable, table=True):
    """A difficulty found on a visit. Its words are here and nowhere else.

    The sponsor is the visitor; where the visit was a post's, whoever has the post, until the case is over.
    """

    __tablename__ = "findings"
    __table_args__ = (
        Index("findings_unit", "unit_id", "id"),
        Index("findings_sponsor", "sponsor_id", "id"),
        Index("findings_post", "post_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    visit_id: UUID = Field(foreign_key="visits.id", index=True)
    unit_id: UUID
    post_id: UUID | None = Field(default=None, foreign_key="posts.id")
    title: str
    body: str = Field(sa_type=Text)
    category: str
    sponsor_id: UUID
    reported_at: datetime


class CaseProgress(VisitsTable, table=True):
    """What feedback told about the case of a finding, each fact with its own time, so that it may be heard in any order.

    `unit_id` is the owner at `heard_at`.
    """

    __tablename__ = "case_progress"

    case_id: UUID = Field(primary_key=True)
    finding_id: UUID = Field(unique=True)
    unit_id: UUID = Field(index=True)
    heard_at: datetime
    answered_at: datetime | None = None
    confirmed_at: datetime | None = None
    resolved: bool | None = None
    rejected_at: datetime | None = None

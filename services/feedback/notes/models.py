"""Table of notes: what officials write to each other about a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class Note(FeedbackTable, table=True):
    """Signed with the post, not the person: role and unit. An administrator has no unit."""

    __tablename__ = "notes"
    __table_args__ = (Index("notes_by_case", "case_id", "id"),)

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    by_role: str
    by_unit_id: UUID | None
    text: str
    added_at: datetime = Field(sa_type=UTC_TIME)

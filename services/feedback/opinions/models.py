"""Table of opinions: how each came in. Its words are the case's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class Opinion(FeedbackTable, table=True):
    """`unit_id` is the unit that was addressed, which is not the case's unit when the opinion is about it.

    Another system's record comes in once.
    """

    __tablename__ = "opinions"
    __table_args__ = (
        Index(
            "opinions_by_origin",
            "origin_system",
            "origin_reference",
            unique=True,
            postgresql_where="origin_system IS NOT NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id", unique=True)
    unit_id: UUID
    submitted_at: datetime = Field(sa_type=UTC_TIME)
    origin_system: str | None
    origin_reference: str | None
    origin_reported_at: datetime | None = Field(sa_type=UTC_TIME)

"""Table of joint units."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class JointUnit(FeedbackTable, table=True):
    """A unit's work on a case that another one owes, from its invitation until it left."""

    __tablename__ = "joint_units"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    number: int = Field(primary_key=True)
    unit_id: UUID
    task: str
    invited_at: datetime = Field(sa_type=UTC_TIME)
    left_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    left_reason: str | None = None

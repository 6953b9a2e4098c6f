"""Table of legal holds. When a case was erased stands on the case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class LegalHold(FeedbackTable, table=True):
    """Nothing of the case is erased, and its receipt goes on opening it, until the hold is lifted. `motive` and `lift_reason` are
    words of the case."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("lift_reason IS NULL OR lifted_at IS NOT NULL", name="legal_holds_lifted_whole"),
        Index("legal_holds_standing", "case_id", unique=True, postgresql_where="lifted_at IS NULL"),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    number: int = Field(primary_key=True)
    motive: str
    by_role: str
    by_unit_id: UUID | None
    placed_at: datetime = Field(sa_type=UTC_TIME)
    lifted_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    lift_reason: str | None = None

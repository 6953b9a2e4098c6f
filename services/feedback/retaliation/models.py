"""Tables of the watch against retaliation. A watch itself is no row: it follows from the case and from these."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.feedback.retaliation.rules import ReportState
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.types import enum_check

UNDECIDED = "decided_at IS NULL"


class WatchCheckIn(FeedbackTable, table=True):
    """A speaker said on this day that they are safe, or that they are not; what was said is never taken back."""

    __tablename__ = "watch_check_ins"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    day: date = Field(primary_key=True)
    safe: bool = Field(primary_key=True)


class RetaliationReport(FeedbackTable, table=True):
    """`unit_id` is the unit that looks into it first, `accused` are those that the speaker names. `text` and `reason` are sealed
    with the case.

    It climbs at `next_at`, a deadline that is not met by then; null when no deadline is left.
    """

    __tablename__ = "retaliation_reports"
    __table_args__ = (
        CheckConstraint(enum_check("state", ReportState), name="retaliation_reports_state"),
        CheckConstraint("(state = 'decided') = (decided_at IS NOT NULL)", name="retaliation_reports_decided_whole"),
        CheckConstraint(
            "coalesce(substantiated, false) = (retaliating_unit_id IS NOT NULL)",
            name="retaliation_reports_unit_if_found",
        ),
        Index("retaliation_reports_by_case", "case_id", "id"),
        Index("retaliation_reports_undecided", "case_id", unique=True, postgresql_where=UNDECIDED),
        Index("retaliation_reports_due", "next_at", postgresql_where="next_at IS NOT NULL"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    unit_id: UUID
    state: ReportState = Field(sa_type=text_of(ReportState))
    text: str
    accused: list[UUID] = Field(sa_type=ARRAY(Uuid))
    reported_at: datetime = Field(sa_type=UTC_TIME)
    acknowledge_by: datetime = Field(sa_type=UTC_TIME)
    decide_by: datetime = Field(sa_type=UTC_TIME)
    next_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    decided_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    substantiated: bool | None = None
    retaliating_unit_id: UUID | None = None
    reason: str | None = None


class RetaliationReader(FeedbackTable, table=True):
    """A unit whose lead and inspectors read the report: the inspecting one first (0), then each that it climbed to."""

    __tablename__ = "retaliation_readers"
    __table_args__ = (Index("retaliation_readers_by_unit", "unit_id", "report_id"),)

    report_id: UUID = Field(primary_key=True, foreign_key="retaliation_reports.id")
    number: int = Field(primary_key=True)
    unit_id: UUID

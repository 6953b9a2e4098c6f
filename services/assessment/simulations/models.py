"""Evidence on the clocks of cases that a replay needs beside what indicators keep. Codes and times only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.policies import Channel
from shared.types import enum_check

MOMENT = DateTime(timezone=True)


class ClockEvidence(AssessmentTable, table=True):
    """The first time of each fact. `channel` is not known of cases opened before it was kept; `asked_at` is when clocks first
    stood still, `ended_at` when the case first ended without a judgement."""

    __tablename__ = "clock_evidence"
    __table_args__ = (
        CheckConstraint(f"channel IS NULL OR {enum_check('channel', Channel)}", name="clock_evidence_channel_known"),
        Index("ix_clock_evidence_opened_at_case_id", "opened_at", "case_id"),
    )

    case_id: UUID = Field(primary_key=True)
    channel: str | None = Field(None, sa_type=Text)
    opened_at: datetime | None = Field(None, sa_type=MOMENT)
    asked_at: datetime | None = Field(None, sa_type=MOMENT)
    ended_at: datetime | None = Field(None, sa_type=MOMENT)
    acknowledgement_breached_at: datetime | None = Field(None, sa_type=MOMENT)
    resolution_breached_at: datetime | None = Field(None, sa_type=MOMENT)

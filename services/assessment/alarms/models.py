"""The tables of alarms: what a unit closed on which day, and when that was suspiciously much."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.assessment.alarms.rules import AlarmDecision
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

UNSEEN = "NOT looked"
"""Condition of the partial index, which the job repeats to the letter so that PostgreSQL uses it."""


class Closing(AssessmentTable, table=True):
    """A unit answered or rejected the case on that day, once or more often. `looked`: the day was looked at since."""

    __tablename__ = "closings"
    __table_args__ = (Index("ix_closings_unseen", "day", "unit_id", postgresql_where=text(UNSEEN)),)

    unit_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True)
    looked: bool = False


class Alarm(AssessmentTable, table=True):
    """`closings` of its fullest day, where the busiest of the usual ones had `busiest`."""

    __tablename__ = "alarms"
    __table_args__ = (
        CheckConstraint(enum_check("decision", AlarmDecision), name="alarms_decision"),
        CheckConstraint("num_nonnulls(decision, decision_reason, decided_by, decided_at) IN (0, 4)", name="alarms_decided_whole"),
        CheckConstraint("first_day <= last_day", name="alarms_days"),
        UniqueConstraint("unit_id", "first_day", name="alarms_once"),
        Index("ix_alarms_unit_id_id", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    first_day: date
    last_day: date
    closings: int
    busiest: int
    rule: str = Field(sa_type=Text)
    raised_at: datetime = Field(sa_type=DateTime(timezone=True))
    decision: AlarmDecision | None = Field(default=None, sa_type=Text)
    decision_reason: str | None = Field(default=None, sa_type=Text)
    decided_by: UUID | None = None
    decided_by_unit_id: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

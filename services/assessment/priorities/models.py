"""The tables of priorities: what units put first, and what work was for it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.assessment.priorities.rules import WorkKind
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

MOMENT = DateTime(timezone=True)


class Priority(AssessmentTable, table=True):
    """From `since` to `until`, both days included, and never changed but by ending earlier. Its next version has the same
    code."""

    __tablename__ = "priorities"
    __table_args__ = (
        UniqueConstraint("unit_id", "code", "since", name="priorities_once"),
        CheckConstraint("until >= since", name="priorities_span"),
        Index("ix_priorities_unit_id_id", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="units.id")
    code: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    rank: int
    since: date
    until: date | None = None
    registered_by: UUID
    registered_at: datetime = Field(sa_type=MOMENT)
    ended_by: UUID | None = None


class PriorityTag(AssessmentTable, table=True):
    """A piece of work is for one priority at most, so that shares add up."""

    __tablename__ = "priority_tags"
    __table_args__ = (CheckConstraint(enum_check("kind", WorkKind), name="priority_tags_kind"),)

    kind: WorkKind = Field(primary_key=True, sa_type=Text)
    work_id: UUID = Field(primary_key=True)
    priority_id: UUID = Field(foreign_key="priorities.id", index=True)
    tagged_by: UUID
    tagged_at: datetime = Field(sa_type=MOMENT)


class KnownActivity(AssessmentTable, table=True):
    """Of the activities that visits tells of: whose it is, and when it was recorded as held."""

    __tablename__ = "known_activities"
    __table_args__ = (Index("ix_known_activities_unit_id_held_at", "unit_id", "held_at"),)

    activity_id: UUID = Field(primary_key=True)
    unit_id: UUID
    held_at: datetime | None = Field(default=None, sa_type=MOMENT)

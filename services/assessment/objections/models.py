"""Table of objections: what the graded unit said against its grade, and what came of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.objections.rules import Grounds, ObjectionState
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

MOMENT = DateTime(timezone=True)
OPEN = "state = 'open'"
WAITS = "state = 'open' AND NOT told_overdue"


class Objection(AssessmentTable, table=True):
    """`new_grade_id`: the grade that was proposed in the place of the one objected to. Who acted stands by role and unit; the
    accounts are for those who assess.
    """

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint(enum_check("state", ObjectionState), name="objections_state"),
        CheckConstraint(enum_check("grounds", Grounds), name="objections_grounds"),
        CheckConstraint(f"({OPEN}) = (decided_at IS NULL)", name="objections_decided_whole"),
        CheckConstraint("(state = 'upheld') = (new_grade_id IS NOT NULL)", name="objections_upheld_whole"),
        Index("objections_of_grade", "grade_id", unique=True),
        Index("objections_waiting", "review_due_at", postgresql_where=sql(WAITS)),
        Index("ix_objections_unit_id_id", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    grade_id: UUID = Field(foreign_key="grades.id")
    unit_id: UUID = Field(foreign_key="units.id")
    grounds: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    criteria: list[str] = Field(sa_type=JSONB)
    evidence_ids: list[str] = Field(sa_type=JSONB)
    state: str = Field(sa_type=Text)
    raised_by: UUID
    raised_at: datetime = Field(sa_type=MOMENT)
    review_due_at: datetime = Field(sa_type=MOMENT)
    told_overdue: bool = False
    reviewer_id: UUID | None = None
    reviewer_unit_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=MOMENT)
    new_grade_id: UUID | None = Field(default=None, foreign_key="grades.id", index=True)

"""Tables of upgrade plans: what keeps a unit from the next grade, and what it does about it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from services.assessment.upgrade_plans.rules import Aim, PlanState
from shared.types import JsonObject, enum_check

MOMENT = DateTime(timezone=True)
OPEN = "state IN ('submitted', 'accepted')"
PUBLIC = "state IN ('accepted', 'reassessed')"


class UpgradePlan(AssessmentTable, table=True):
    """Answers the grade `grade_id`; what counts for `new_grade_id` is what happened since it was accepted."""

    __tablename__ = "upgrade_plans"
    __table_args__ = (
        CheckConstraint(enum_check("aim", Aim), name="upgrade_plans_aim"),
        CheckConstraint(enum_check("state", PlanState), name="upgrade_plans_state"),
        CheckConstraint(f"accepted_at IS NOT NULL OR NOT {PUBLIC}", name="upgrade_plans_accepted_whole"),
        CheckConstraint("(state = 'reassessed') = (new_grade_id IS NOT NULL)", name="upgrade_plans_reassessed_whole"),
        Index("upgrade_plans_open", "unit_id", unique=True, postgresql_where=sql(OPEN)),
        Index("upgrade_plans_public", "unit_id", "id", postgresql_where=sql(PUBLIC)),
        Index("ix_upgrade_plans_unit_id_id", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="units.id")
    grade_id: UUID = Field(foreign_key="grades.id", index=True)
    aim: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    gaps: list[JsonObject] = Field(sa_type=JSONB)
    due_at: datetime | None = Field(sa_type=MOMENT)
    submitted_at: datetime = Field(sa_type=MOMENT)
    accepted_at: datetime | None = Field(default=None, sa_type=MOMENT)
    decided_by_unit_id: UUID | None = None
    returned_reason: str | None = Field(default=None, sa_type=Text)
    reassessed_at: datetime | None = Field(default=None, sa_type=MOMENT)
    new_grade_id: UUID | None = Field(default=None, foreign_key="grades.id", index=True)


class UpgradeAction(AssessmentTable, table=True):
    """`post_id`: the post that is responsible; duties follow the post."""

    __tablename__ = "upgrade_actions"
    __table_args__ = (CheckConstraint("(done_at IS NULL) = (evidence_ids = '[]')", name="upgrade_actions_done_with_evidence"),)

    id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(foreign_key="upgrade_plans.id", index=True)
    gap: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    due_on: date
    post_id: UUID | None
    evidence_ids: list[str] = Field(sa_type=JSONB)
    done_at: datetime | None = Field(default=None, sa_type=MOMENT)

"""Tables of grades: what was proposed from which evidence, who signed it, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.grades.rules import GradeCause, GradeState
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.tables import AssessmentTable
from shared.auth import Role
from shared.types import JsonObject, enum_check

MOMENT = DateTime(timezone=True)
STANDS = "state IN ('published', 'under_objection', 'confirmed', 'corrected', 'expired')"
LASTS = "state IN ('published', 'confirmed', 'corrected')"
OPEN_TO_OBJECTION = "state = 'published'"
OWES_PLAN = f"plan_due_at IS NOT NULL AND NOT plan_told AND {STANDS}"
TO_BE_SIGNED = "state IN ('proposed', 'signed')"
OF_CAMPAIGN = "cause = 'campaign'"
UNFINISHED = "finished_at IS NULL"
AT_END = "at_end"


class UnitGrade(AssessmentTable, table=True):
    """`version` grows when the evidence is counted anew, so what is signed is what was seen. `composite` is exact, as
    numerator/denominator. A campaign proposes one grade of a unit; corrections and re-assessments are grades of their own.
    `plan_told`: whether it has been looked at whether the plan that was owed came. `audit`: an `AuditFound`.
    """

    __tablename__ = "grades"
    __table_args__ = (
        CheckConstraint(enum_check("state", GradeState), name="grades_state"),
        CheckConstraint(enum_check("cause", GradeCause), name="grades_cause"),
        CheckConstraint(enum_check("value", GradeValue), name="grades_value"),
        CheckConstraint(f"({TO_BE_SIGNED}) = (published_at IS NULL)", name="grades_published_whole"),
        CheckConstraint("(published_at IS NULL) = (valid_until IS NULL)", name="grades_valid_whole"),
        CheckConstraint("(published_at IS NULL) = (objectable_until IS NULL)", name="grades_objectable_whole"),
        Index("grades_of_campaign", "campaign_id", "unit_id", unique=True, postgresql_where=text(OF_CAMPAIGN)),
        Index("grades_standing", "unit_id", unique=True, postgresql_where=text(STANDS)),
        Index("grades_public", "id", postgresql_where=text(STANDS)),
        Index("grades_to_be_signed", "id", postgresql_where=text(TO_BE_SIGNED)),
        Index("grades_open_to_objection", "objectable_until", postgresql_where=text(OPEN_TO_OBJECTION)),
        Index("grades_lasting", "valid_until", postgresql_where=text(LASTS)),
        Index("grades_owing_plan", "plan_due_at", postgresql_where=text(OWES_PLAN)),
        Index("ix_grades_unit_id_id", "unit_id", "id"),
        Index("ix_grades_campaign_id_id", "campaign_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="units.id")
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    standard_id: UUID = Field(foreign_key="standards.id", index=True)
    cause: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    version: int
    value: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    composite: str | None = Field(sa_type=Text)
    evidence: JsonObject = Field(sa_type=JSONB)
    corrections: list[JsonObject] = Field(sa_type=JSONB)
    supersedes_id: UUID | None = Field(default=None, foreign_key="grades.id", index=True)
    proposed_at: datetime = Field(sa_type=MOMENT)
    published_at: datetime | None = Field(default=None, sa_type=MOMENT)
    objectable_until: datetime | None = Field(default=None, sa_type=MOMENT)
    valid_until: datetime | None = Field(default=None, sa_type=MOMENT)
    plan_due_at: datetime | None = Field(default=None, sa_type=MOMENT)
    plan_told: bool = False
    audit: JsonObject | None = Field(default=None, sa_type=JSONB(none_as_null=True))


class GradeSignature(AssessmentTable, table=True):
    """Of a grade as it stands. One that is returned loses them; the register of decisions keeps that they were given."""

    __tablename__ = "grade_signatures"
    __table_args__ = (
        UniqueConstraint("grade_id", "account_id", name="grade_signatures_once"),
        CheckConstraint(enum_check("role", Role), name="grade_signatures_role"),
    )

    id: UUID = Field(primary_key=True)
    grade_id: UUID = Field(foreign_key="grades.id")
    account_id: UUID
    role: str = Field(sa_type=Text)
    unit_id: UUID | None
    signed_at: datetime = Field(sa_type=MOMENT)


class GradeRun(AssessmentTable, table=True):
    """Proposing the grades of `unit_id` and all below it (None: of every unit) in the order of ids: `after` is the last."""

    __tablename__ = "grade_runs"
    __table_args__ = (
        Index("grade_runs_at_end", "campaign_id", unique=True, postgresql_where=text(AT_END)),
        Index("grade_runs_unfinished", "id", postgresql_where=text(UNFINISHED)),
        Index("ix_grade_runs_campaign_id", "campaign_id"),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    unit_id: UUID | None = Field(foreign_key="units.id", index=True)
    at_end: bool
    after: UUID | None = None
    begun_at: datetime = Field(sa_type=MOMENT)
    finished_at: datetime | None = Field(default=None, sa_type=MOMENT)

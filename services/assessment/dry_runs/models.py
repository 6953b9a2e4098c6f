"""Dry runs of standards over past evidence."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.types import JsonObject

MOMENT = DateTime(timezone=True)


class DryRun(AssessmentTable, table=True):
    """`after_id`: the last unit that has been graded; the counts are those of the units up to it."""

    __tablename__ = "standard_dry_runs"
    __table_args__ = (
        Index("standard_dry_runs_standard_id_id", "standard_id", "id"),
        Index("standard_dry_runs_open", "id", postgresql_where=text("finished_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    standard_id: UUID = Field(foreign_key="standards.id")
    compared_with: UUID | None = Field(default=None, foreign_key="standards.id", index=True)
    unit_id: UUID | None = Field(default=None, foreign_key="units.id", index=True)
    since: datetime = Field(sa_type=MOMENT)
    until: datetime = Field(sa_type=MOMENT)
    after_id: UUID | None = None
    units: int = 0
    grades: JsonObject = Field(default_factory=dict, sa_type=JSONB)
    grades_before: JsonObject = Field(default_factory=dict, sa_type=JSONB)
    moves: JsonObject = Field(default_factory=dict, sa_type=JSONB)
    missing: JsonObject = Field(default_factory=dict, sa_type=JSONB)
    asked_at: datetime = Field(sa_type=MOMENT)
    finished_at: datetime | None = Field(default=None, sa_type=MOMENT)

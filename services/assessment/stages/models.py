"""Stages of a campaign, where each unit stands, and on which evidence it came there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Enum, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.types import JsonObject, Level, enum_check

MOMENT = DateTime(timezone=True)
UNSETTLED = "NOT settled"
"""Condition of the partial index, which the job repeats to the letter so that PostgreSQL uses it."""


class Stage(AssessmentTable, table=True):
    """`number` counts from 1. The JSON columns hold the conditions as they were asked for."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("campaign_id", "code", name="stages_code_once"),)

    campaign_id: UUID = Field(primary_key=True, foreign_key="campaigns.id")
    number: int = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    entry: list[JsonObject] = Field(sa_type=JSONB)
    exit: list[JsonObject] = Field(sa_type=JSONB)


class RollOut(AssessmentTable, table=True):
    """How far the units of a campaign have been given their place: past `unit_id`. Looked at again at `due_at`, for units that
    were registered since."""

    __tablename__ = "roll_outs"

    campaign_id: UUID = Field(primary_key=True, foreign_key="campaigns.id")
    unit_id: UUID | None = None
    due_at: datetime = Field(sa_type=MOMENT)


class Standing(AssessmentTable, table=True):
    """Where a unit stands: in stage `number`, 0 before the first one, and past the last one when it has left that. `due_at`: when
    its evidence is looked at next; `settled`: never again."""

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint(enum_check("level", Level), name="standings_level"),
        Index("standings_due", "campaign_id", "due_at", postgresql_where=text(UNSETTLED)),
        Index("standings_by_stage", "campaign_id", "number", "unit_id"),
    )

    campaign_id: UUID = Field(primary_key=True, foreign_key="campaigns.id")
    unit_id: UUID = Field(primary_key=True, foreign_key="units.id", index=True)
    level: Level = Field(sa_type=Enum(Level, native_enum=False, length=32))
    number: int
    entered_at: datetime = Field(sa_type=MOMENT)
    due_at: datetime = Field(sa_type=MOMENT)
    settled: bool


class StageMove(AssessmentTable, table=True):
    """A unit entered stage `number`, from the one before it. `evidence`: the conditions and what was known then."""

    __tablename__ = "stage_moves"

    campaign_id: UUID = Field(primary_key=True, foreign_key="campaigns.id")
    unit_id: UUID = Field(primary_key=True, foreign_key="units.id", index=True)
    number: int = Field(primary_key=True)
    moved_at: datetime = Field(sa_type=MOMENT)
    evidence: list[JsonObject] = Field(sa_type=JSONB)

"""The tables of outcomes: what was to change, what was measured, and whether residents notice it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.outcomes.rules import Better
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

MOMENT = DateTime(timezone=True)
PUBLIC = "published_at IS NOT NULL"
"""Condition of the partial index, which the public list repeats to the letter so that PostgreSQL uses it."""


class Outcome(AssessmentTable, table=True):
    """Never changed but by being published, reached and confirmed. `said` and `noticed` are the voices that are shown: they are
    counted anew with every fifth, so that no single one can be told."""

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint(enum_check("better", Better), name="outcomes_better"),
        CheckConstraint("CASE better WHEN 'higher' THEN target > baseline ELSE target < baseline END", name="outcomes_course"),
        CheckConstraint("baseline_on < target_on", name="outcomes_dates"),
        CheckConstraint("noticed BETWEEN 0 AND said", name="outcomes_voices"),
        Index("ix_outcomes_unit_id_id", "unit_id", "id"),
        Index("ix_outcomes_unit_id_target_on", "unit_id", "target_on"),
        Index("ix_outcomes_public", "id", postgresql_where=text(PUBLIC)),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="units.id")
    campaign_id: UUID | None = Field(default=None, foreign_key="campaigns.id", index=True)
    title: str = Field(sa_type=Text)
    indicator: str = Field(sa_type=Text)
    unit_of_measure: str = Field(sa_type=Text)
    better: Better = Field(sa_type=Text)
    baseline: float
    baseline_on: date
    baseline_evidence: list[Any] = Field(sa_type=JSONB)
    target: float
    target_on: date
    beneficiaries: str = Field(sa_type=Text)
    needs: list[Any] = Field(sa_type=JSONB)
    recorded_by: UUID
    recorded_at: datetime = Field(sa_type=MOMENT)
    published_at: datetime | None = Field(default=None, sa_type=MOMENT)
    reached_at: datetime | None = Field(default=None, sa_type=MOMENT)
    said: int = 0
    noticed: int = 0


class OutcomeMeasurement(AssessmentTable, table=True):
    """Corrected by a newer one, never changed."""

    __tablename__ = "outcome_measurements"
    __table_args__ = (Index("ix_outcome_measurements_newest", "outcome_id", "measured_on", "recorded_at", "id"),)

    id: UUID = Field(primary_key=True)
    outcome_id: UUID = Field(foreign_key="outcomes.id")
    value: float
    measured_on: date
    evidence: list[Any] = Field(sa_type=JSONB)
    recorded_by: UUID
    recorded_at: datetime = Field(sa_type=MOMENT)


class OutcomeVoice(AssessmentTable, table=True):
    """Whether somebody notices it, and not who: `pseudonym` is of this outcome alone. There is no time here."""

    __tablename__ = "outcome_voices"

    outcome_id: UUID = Field(primary_key=True, foreign_key="outcomes.id")
    pseudonym: bytes = Field(primary_key=True)
    noticed: bool

"""Scores that people give: never edited, so what a newer one overtakes or its author withdraws is kept as history."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.scores.rules import MOST_POINTS
from services.assessment.tables import AssessmentTable
from shared.events.assessment import Part
from shared.types import JsonObject, enum_check

COUNTS = "counts"
"""Condition of the partial index, which the queries repeat to the letter so that PostgreSQL uses it."""


class Score(AssessmentTable, table=True):
    """`counts`: neither overtaken nor withdrawn; at most one of an account for a unit's criterion. `rule`: by which its author
    was let score; `by_unit_id`: the author's unit then, None for an inspector of no unit."""

    __tablename__ = "scores"
    __table_args__ = (
        CheckConstraint(enum_check("part", Part), name="scores_part_known"),
        CheckConstraint(f"points BETWEEN 0 AND {MOST_POINTS}", name="scores_points"),
        CheckConstraint("num_nonnulls(withdrawn_at, withdrawal_reason) IN (0, 2)", name="scores_withdrawn_whole"),
        CheckConstraint("withdrawn_at IS NULL OR NOT counts", name="scores_withdrawn_do_not_count"),
        Index("ix_scores_unit_id_campaign_id_id", "unit_id", "campaign_id", "id"),
        Index("ix_scores_campaign_id_id", "campaign_id", "id"),
        Index(
            "ix_scores_counting",
            "campaign_id",
            "unit_id",
            "criterion",
            "part",
            "account_id",
            unique=True,
            postgresql_where=text(COUNTS),
            postgresql_include=["points"],
        ),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    unit_id: UUID = Field(foreign_key="units.id")
    criterion: str = Field(sa_type=Text)
    part: Part = Field(sa_type=Text)
    points: int
    evidence: list[JsonObject] = Field(sa_type=JSONB)
    reason: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    account_id: UUID
    by_unit_id: UUID | None
    counts: bool
    given_at: datetime = Field(sa_type=DateTime(timezone=True))
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None = Field(default=None, sa_type=Text)

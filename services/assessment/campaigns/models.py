"""Campaigns: which units are measured against which standard and when, and which are left out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Enum, Index, Text, text
from sqlmodel import Field

from services.assessment.campaigns.rules import ExclusionReason
from services.assessment.tables import AssessmentTable
from shared.types import enum_check

STANDING = "lifted_at IS NULL"
"""Condition of the partial index, which queries repeat to the letter so that PostgreSQL uses it."""


class Campaign(AssessmentTable, table=True):
    """Covers `unit_id` and every unit below it; None: every unit that there is, under whichever root. `told`: whether its start
    has been told."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="campaigns_end_after_start"),
        Index("ix_campaigns_unit_id_ends_at", "unit_id", "ends_at"),
        Index("ix_campaigns_not_told", "starts_at", postgresql_where=text("NOT told")),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    standard_id: UUID = Field(foreign_key="standards.id", index=True)
    unit_id: UUID | None = Field(foreign_key="units.id")
    starts_at: datetime = Field(sa_type=DateTime(timezone=True))
    ends_at: datetime = Field(sa_type=DateTime(timezone=True))
    told: bool = False
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Exclusion(AssessmentTable, table=True):
    """A unit that a campaign leaves out until `lifted_at`, by itself or with every unit below it."""

    __tablename__ = "exclusions"
    __table_args__ = (
        CheckConstraint(enum_check("reason_code", ExclusionReason), name="exclusions_reason_known"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="exclusions_lifted_for_a_reason"),
        Index("ix_exclusions_campaign_id_id", "campaign_id", "id"),
        Index("exclusions_standing_once", "campaign_id", "unit_id", unique=True, postgresql_where=text(STANDING)),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaigns.id")
    unit_id: UUID = Field(foreign_key="units.id", index=True)
    with_subtree: bool
    reason_code: ExclusionReason = Field(sa_type=Enum(ExclusionReason, native_enum=False, length=32))
    reason: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    excluded_by: UUID
    excluded_at: datetime = Field(sa_type=DateTime(timezone=True))
    lifted_by: UUID | None = None
    lifted_at: datetime | None = Field(None, sa_type=DateTime(timezone=True))
    lift_reason: str | None = Field(None, sa_type=Text)

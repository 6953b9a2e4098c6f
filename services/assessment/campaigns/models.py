"""Campaigns: which units are measured against which standard, and when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field

from services.assessment.tables import AssessmentTable


class Campaign(AssessmentTable, table=True):
    """Covers `unit_id` and every unit below it. `told`: whether `CampaignStarted` has been recorded."""

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
    unit_id: UUID = Field(foreign_key="units.id")
    starts_at: datetime = Field(sa_type=DateTime(timezone=True))
    ends_at: datetime = Field(sa_type=DateTime(timezone=True))
    told: bool = False
    created_at: datetime = Field(sa_type=DateTime(timezone=True))

"""Supplements to case policies: every version is a row of its own and is never changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared import policies
from shared.policies import Channel
from shared.types import JsonObject, enum_check


class PolicySupplement(AssessmentTable, table=True):
    """One version of what `unit_id` asks beyond the policies of itself and of all below it, on `channel` or, where that is None,
    on all. `ends`: from then on nothing. `reason` stays here: it does not travel."""

    __tablename__ = "policy_supplements"
    __table_args__ = (
        UniqueConstraint("code", "version", name="policy_supplements_code_version"),
        CheckConstraint(f"channel IS NULL OR {enum_check('channel', Channel)}", name="policy_supplements_channel_known"),
        CheckConstraint("effective_from >= registered_at", name="policy_supplements_rewrite_no_history"),
        Index("ix_policy_supplements_unit_id_id", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    unit_id: UUID = Field(foreign_key="units.id")
    channel: str | None = Field(sa_type=Text)
    effective_from: datetime = Field(sa_type=DateTime(timezone=True))
    ends: bool
    rules: JsonObject = Field(sa_type=JSONB)
    reason: str = Field(sa_type=Text)
    by_role: str = Field(sa_type=Text)
    by_unit_id: UUID | None
    registered_at: datetime = Field(sa_type=DateTime(timezone=True))

    def supplement(self) -> policies.Supplement:
        return policies.Supplement.model_validate(self.model_dump())

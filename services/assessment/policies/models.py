"""Case policies: every version is a row of its own and is never changed. Those that are shipped are no rows."""

from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.policies import CasePolicy, Channel, Scope
from shared.types import JsonObject, Level, enum_check


class Policy(AssessmentTable, table=True):
    """One version of the policy `code`. `level`, `channel`: the only ones it is for; None for all."""

    __tablename__ = "policies"
    __table_args__ = (
        UniqueConstraint("code", "version", name="policies_code_version"),
        CheckConstraint(f"level IS NULL OR {enum_check('level', Level)}", name="policies_level_known"),
        CheckConstraint(f"channel IS NULL OR {enum_check('channel', Channel)}", name="policies_channel_known"),
        CheckConstraint("effective_from >= registered_at", name="policies_rewrite_no_history"),
        Index("ix_policies_level_id", "level", "id"),
        Index("ix_policies_channel_id", "channel", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    level: str | None = Field(sa_type=Text)
    channel: str | None = Field(sa_type=Text)
    effective_from: datetime = Field(sa_type=DateTime(timezone=True))
    rules: JsonObject = Field(sa_type=JSONB)
    registered_at: datetime = Field(sa_type=DateTime(timezone=True))

    @property
    def label(self) -> str:
        return self.case_policy().label

    @property
    def scope(self) -> Scope:
        return self.case_policy().scope

    def case_policy(self) -> CasePolicy:
        return CasePolicy.model_validate(self.model_dump())

    @classmethod
    def of(cls, shipped: CasePolicy) -> Self:
        """As if it had been registered when it came into effect."""
        return cls(
            **shipped.model_dump(exclude={"rules"}),
            rules=shipped.rules.model_dump(mode="json"),
            registered_at=shipped.effective_from,
        )

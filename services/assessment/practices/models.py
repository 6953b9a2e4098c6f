"""Practice policies: every version is a row of its own and is never changed. Those that are shipped are no rows."""

from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.practices import Practice, PracticePolicy
from shared.types import JsonObject, Level, enum_check


class PracticeVersion(AssessmentTable, table=True):
    """One version of the policy on `practice`. `level`: the only one it is for; None for all."""

    __tablename__ = "practice_policies"
    __table_args__ = (
        UniqueConstraint("code", "version", name="practice_policies_code_version"),
        CheckConstraint(enum_check("practice", Practice), name="practice_policies_practice_known"),
        CheckConstraint(f"level IS NULL OR {enum_check('level', Level)}", name="practice_policies_level_known"),
        CheckConstraint("effective_from >= registered_at", name="practice_policies_rewrite_no_history"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    practice: str = Field(sa_type=Text)
    level: str | None = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    effective_from: datetime = Field(sa_type=DateTime(timezone=True))
    rules: JsonObject = Field(sa_type=JSONB)
    registered_at: datetime = Field(sa_type=DateTime(timezone=True))

    def policy(self) -> PracticePolicy:
        return PracticePolicy.model_validate(self.model_dump())

    @classmethod
    def of(cls, shipped: PracticePolicy) -> Self:
        """As if it had been registered when it came into effect."""
        rules = shipped.rules.model_dump(mode="json")
        own = shipped.model_dump(exclude={"rules"})
        return cls(**own, rules=rules, practice=rules["practice"], registered_at=shipped.effective_from)

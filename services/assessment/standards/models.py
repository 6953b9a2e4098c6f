"""Standards: every version is a row of its own and its terms are never changed, so what a campaign refers to stays as it was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.assessment.standards.rules import State, Terms
from services.assessment.tables import AssessmentTable
from shared.types import JsonObject, Level, enum_check


class Standard(AssessmentTable, table=True):
    """One version of the standard `code`. `level`: the only level whose units it grades; None for every level.

    `changes` and `reason` tell, since its activation, what is different from the version before, and why.
    """

    __tablename__ = "standards"
    __table_args__ = (
        UniqueConstraint("code", "version", name="standards_code_version"),
        CheckConstraint(f"level IS NULL OR {enum_check('level', Level)}", name="standards_level_known"),
        CheckConstraint(enum_check("state", State), name="standards_state_known"),
        CheckConstraint("(activated_at IS NULL) = (state IN ('draft', 'withdrawn'))", name="standards_activated_at_known"),
        Index("standards_one_active", "code", unique=True, postgresql_where=text("state = 'active'")),
        Index("standards_state_id", "state", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    level: Level | None = Field(sa_type=Text)
    state: State = Field(sa_type=Text)
    content: JsonObject = Field(sa_type=JSONB)
    comments_until: datetime = Field(sa_type=DateTime(timezone=True))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    activated_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    reason: str | None = Field(default=None, sa_type=Text)
    changes: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))

    @property
    def terms(self) -> Terms:
        return Terms.model_validate(self.content)

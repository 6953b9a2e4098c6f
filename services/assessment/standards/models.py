"""Standards: every version is a row of its own and is never changed, so what a campaign refers to stays as it was."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Numeric, Text, UniqueConstraint
from sqlmodel import Field

from services.assessment.standards.rules import Criterion, Scale
from services.assessment.tables import AssessmentTable
from shared.types import Level, enum_check


class Standard(AssessmentTable, table=True):
    """One version of the standard `code`. `level`: the only level whose units it grades; None for every level."""

    __tablename__ = "standards"
    __table_args__ = (
        UniqueConstraint("code", "version", name="standards_code_version"),
        CheckConstraint(f"level IS NULL OR {enum_check('level', Level)}", name="standards_level_known"),
        CheckConstraint("response_weight + resolution_weight + satisfaction_weight = 100", name="standards_weights_total"),
        CheckConstraint("excellent > qualified", name="standards_bands_rise"),
        CheckConstraint("minimum_sample >= 1", name="standards_minimum_sample"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    level: Level | None = Field(sa_type=Text)
    response_weight: int
    resolution_weight: int
    satisfaction_weight: int
    qualified: Decimal = Field(sa_type=Numeric(3, 2))
    excellent: Decimal = Field(sa_type=Numeric(3, 2))
    minimum_sample: int
    created_at: datetime = Field(sa_type=DateTime(timezone=True))

    @property
    def scale(self) -> Scale:
        return Scale(
            weights={
                Criterion.response: self.response_weight,
                Criterion.resolution: self.resolution_weight,
                Criterion.satisfaction: self.satisfaction_weight,
            },
            qualified=self.qualified,
            excellent=self.excellent,
            minimum_sample=self.minimum_sample,
        )

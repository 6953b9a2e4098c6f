"""The organisation tree: this service is where it is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.types import Level, enum_check


class Unit(AssessmentTable, table=True):
    """`path`: codes from the root down. `version` grows with every change that the other services must hear of."""

    __tablename__ = "units"
    __table_args__ = (
        CheckConstraint(enum_check("level", Level), name="units_level_known"),
        Index("ix_units_parent_id_id", "parent_id", "id"),
        Index("ix_units_level_id", "level", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    level: Level = Field(sa_type=Text)
    parent_id: UUID | None = Field(foreign_key="units.id")
    path: str = Field(sa_type=Text)
    version: int
    registered_at: datetime = Field(sa_type=DateTime(timezone=True))

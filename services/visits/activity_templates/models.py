"""The table of activity templates: every version is a row of its own and is never changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.visits.activity_templates.rules import ActivityKind, Demands
from services.visits.tables import VisitsTable
from shared.types import Level, enum_check


class ActivityTemplate(VisitsTable, table=True):
    """`unit_id`: whose it is, with all below it; null for an administrator's, which is everybody's."""

    __tablename__ = "activity_templates"
    __table_args__ = (
        CheckConstraint(enum_check("kind", ActivityKind), name="activity_templates_kind"),
        CheckConstraint("most_participants >= least_participants", name="activity_templates_participants"),
        UniqueConstraint("code", "version", name="activity_templates_code_version"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID | None = None
    code: str
    version: int
    kind: ActivityKind = Field(sa_type=Enum(ActivityKind, native_enum=False, length=32))
    levels: list[str] = Field(sa_type=JSONB)
    title_en: str
    title_zh: str
    target_group: str
    indicator: str
    unit_of_measure: str
    least_participants: int
    most_participants: int
    needs_place: bool
    least_days_notice: int
    steps: list[str] = Field(sa_type=JSONB)
    created_by: UUID
    created_at: datetime

    @property
    def demands(self) -> Demands:
        return Demands(
            levels=frozenset(Level(level) for level in self.levels),
            indicator=self.indicator,
            needs_place=self.needs_place,
            least_days_notice=self.least_days_notice,
            least_participants=self.least_participants,
            most_participants=self.most_participants,
        )

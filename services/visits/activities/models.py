"""The tables of activities and of the needs that they answer to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.activities.rules import ActivityState, Sides
from services.visits.tables import VisitsTable
from shared.needs import NeedKind
from shared.types import enum_check


class Activity(VisitsTable, table=True):
    """By one version of a template, for good. `linked`: it has a row in `activity_needs`.

    The counts of both sides are there once it is held; nobody is named.
    """

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint(enum_check("state", ActivityState), name="activities_state"),
        CheckConstraint("ends_at > starts_at", name="activities_span"),
        CheckConstraint("(state = 'held') = (recorded_at IS NOT NULL)", name="activities_recorded"),
        CheckConstraint("(state = 'cancelled') = (reason IS NOT NULL)", name="activities_reason"),
        CheckConstraint(
            "num_nonnulls(officials, residents, official_turns, resident_turns, one_sided, recorded_at, recorded_by) IN (0, 7)",
            name="activities_record_whole",
        ),
        Index("activities_unit", "unit_id", "id"),
        Index("activities_unlinked", "unit_id", "id", postgresql_where=text("NOT linked")),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    template_id: UUID = Field(foreign_key="activity_templates.id", index=True)
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None = None
    target_group: str
    expected: float
    state: ActivityState = Field(sa_type=Enum(ActivityState, native_enum=False, length=32))
    linked: bool
    reason: str | None = None
    officials: int | None = None
    residents: int | None = None
    official_turns: int | None = None
    resident_turns: int | None = None
    one_sided: bool | None = None
    measured: float | None = None
    recorded_at: datetime | None = None
    recorded_by: UUID | None = None
    created_by: UUID
    created_at: datetime

    @property
    def participants(self) -> Sides:
        """Nobody before it is held."""
        return Sides(self.officials or 0, self.residents or 0)

    @property
    def turns(self) -> Sides:
        """None before it is held."""
        return Sides(self.official_turns or 0, self.resident_turns or 0)


class ActivityNeed(VisitsTable, table=True):
    __tablename__ = "activity_needs"
    __table_args__ = (CheckConstraint(enum_check("kind", NeedKind), name="activity_needs_kind"),)

    activity_id: UUID = Field(primary_key=True, foreign_key="activities.id")
    kind: NeedKind = Field(primary_key=True, sa_type=Enum(NeedKind, native_enum=False, length=32))
    ref: str = Field(primary_key=True)
    linked_at: datetime

"""The table of visits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, UniqueConstraint, text
from sqlmodel import Field

from services.visits.tables import VisitsTable
from services.visits.visits.rules import VisitState
from shared.types import enum_check

UNOPENED = "state = 'planned'"
UNRECORDED = "state IN ('planned', 'ready')"
"""Conditions of the partial indexes, which the job repeats to the letter so that PostgreSQL uses them."""


class Visit(VisitsTable, table=True):
    """Purpose and place are the plan's as they were when this visit was put on the calendar."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(enum_check("state", VisitState), name="visits_state"),
        UniqueConstraint("plan_id", "window_starts_at", name="visits_plan_start"),
        Index("visits_unit", "unit_id", "id"),
        Index("visits_assignee", "assignee_id", "id"),
        Index("visits_state_id", "state", "id"),
        Index("visits_to_open", "window_starts_at", postgresql_where=text(UNOPENED)),
        Index("visits_to_miss", "window_ends_at", postgresql_where=text(UNRECORDED)),
    )

    id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(foreign_key="visit_plans.id")
    unit_id: UUID
    assignee_id: UUID
    purpose: str
    place: str
    population: str | None = None
    state: VisitState = Field(sa_type=Enum(VisitState, native_enum=False, length=32))
    window_starts_at: datetime
    window_ends_at: datetime
    planned_at: datetime
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    recorded_by: UUID | None = None
    late: bool = False
    reason: str | None = None

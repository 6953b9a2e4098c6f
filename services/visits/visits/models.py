"""The table of visits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.tables import VisitsTable
from services.visits.visits.rules import VisitState
from shared.types import enum_check

UNOPENED = "state = 'planned'"
UNRECORDED = "state IN ('planned', 'ready')"
ON_CALENDAR = "state <> 'cancelled' OR recorded_at IS NOT NULL"
"""Conditions of the partial indexes, which the job repeats to the letter so that PostgreSQL uses them. What was taken off the
calendar may be put on it again; what somebody recorded as cancelled stays that."""


class Visit(VisitsTable, table=True):
    """Purpose and place are the plan's as they were when this visit was put on the calendar. Of a contact, whom and where it is
    stays in the contact."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(enum_check("state", VisitState), name="visits_state"),
        Index("visits_plan_start", "plan_id", "window_starts_at", unique=True, postgresql_where=text(ON_CALENDAR)),
        Index("visits_post", "post_id", postgresql_where=text(UNRECORDED)),
        Index("visits_contact", "contact_id"),
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
    post_id: UUID | None = Field(default=None, foreign_key="posts.id")
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
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

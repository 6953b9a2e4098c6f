"""The table of visits that residents ask for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.requests.rules import RequestState
from services.visits.tables import VisitsTable
from shared.types import enum_check

KNOWN = "requested_at IS NOT NULL"


class VisitRequest(VisitsTable, table=True):
    """By the case in which it was asked: nothing here points at who asked. Of what is said anonymously the times are hours.

    Begun by whichever fact is heard first: it is a request only once `requested_at` is known. `hand_overs` counts those of the
    case, so that the newest owner stands. `came_back_at`: when a case that had been withdrawn was reopened.
    """

    __tablename__ = "visit_requests"
    __table_args__ = (
        CheckConstraint(enum_check("state", RequestState), name="visit_requests_state"),
        CheckConstraint("(state = 'declined') = (declined_reason IS NOT NULL)", name="visit_requests_declined"),
        CheckConstraint("(requested_at IS NULL) = (due_at IS NULL)", name="visit_requests_due"),
        Index("visit_requests_unit", "unit_id", "case_id", postgresql_where=text(KNOWN)),
    )

    case_id: UUID = Field(primary_key=True)
    unit_id: UUID
    hand_overs: int = 0
    requested_at: datetime | None = None
    came_back_at: datetime | None = None
    due_at: datetime | None = None
    state: RequestState = Field(default=RequestState.open, sa_type=Enum(RequestState, native_enum=False, length=32))
    plan_id: UUID | None = Field(default=None, foreign_key="visit_plans.id", unique=True)
    declined_reason: str | None = None
    answered_at: datetime | None = None

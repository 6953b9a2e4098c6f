"""The tables of cases as visits knows them, and of which visit serves which."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.visits.tables import VisitsTable


class KnownCase(VisitsTable, table=True):
    """A projection of feedback's cases: ids and times and nothing else, each fact by itself, so that they may be heard in any
    order. A case that a visit names before it was heard of has its row already. `moves`: hand-overs heard of so far."""

    __tablename__ = "known_cases"

    case_id: UUID = Field(primary_key=True)
    unit_id: UUID | None = None
    moves: int = 0
    opened_at: datetime | None = None
    answered_at: datetime | None = None
    lapsed_at: datetime | None = None
    reopened_at: datetime | None = None
    withdrawn_at: datetime | None = None


class ServedCase(VisitsTable, table=True):
    """A case that a visit was made for, or that its record names (`named`)."""

    __tablename__ = "served_cases"

    visit_id: UUID = Field(primary_key=True, foreign_key="visits.id")
    case_id: UUID = Field(primary_key=True, foreign_key="known_cases.case_id", index=True)
    named: bool

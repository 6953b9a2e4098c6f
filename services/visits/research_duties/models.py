"""The table of what research units owe."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.visits.tables import VisitsTable


class ResearchDuty(VisitsTable, table=True):
    """What the leaders of a unit owe together in a year."""

    __tablename__ = "research_duties"

    unit_id: UUID = Field(primary_key=True)
    year: int = Field(primary_key=True)
    projects: int
    hours: int
    set_by: UUID
    set_at: datetime

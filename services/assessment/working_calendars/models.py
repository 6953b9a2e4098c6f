"""Working calendars: every version is a row of its own and is never changed, so what a case refers to stays as it was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.types import JsonObject


class WorkingCalendar(AssessmentTable, table=True):
    """One version of the calendar `code`. The JSON columns hold what was asked for."""

    __tablename__ = "working_calendars"
    __table_args__ = (UniqueConstraint("code", "version", name="working_calendars_code_version"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    weekly: JsonObject = Field(sa_type=JSONB)
    holidays: list[JsonObject] = Field(sa_type=JSONB)
    working_dates: list[JsonObject] = Field(sa_type=JSONB)
    registered_at: datetime = Field(sa_type=DateTime(timezone=True))

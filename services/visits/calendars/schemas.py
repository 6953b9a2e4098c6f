"""Calendars as they go out."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.types import Out


class CalendarOut(Out):
    id: UUID
    created_at: datetime
    revoked_at: datetime | None


class NewCalendar(CalendarOut):
    path: str = Field(description="To subscribe to, behind this server's address. Whoever has it reads it; it is shown only now.")

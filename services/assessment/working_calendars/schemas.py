"""Working calendars as they are asked for and shown."""

import datetime as dt
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.types import Code, In, Line, Out
from shared.working_time import MOST_DATES, TimeZone, Week, WorkingDate, WorkingDates, WorkingWeek, check_dates


class Holiday(In):
    date: dt.date
    name: Line


class WorkingCalendarIn(In):
    code: Code = Field(description="A code that is there already gets its next version.")
    name: Line
    time_zone: TimeZone = Field(description="A name of the IANA database, for example `Asia/Shanghai`.")
    weekly: WorkingWeek
    holidays: Annotated[tuple[Holiday, ...], Field(max_length=MOST_DATES)] = ()
    working_dates: WorkingDates = Field((), description="Dates with periods of their own, in place of their weekday's.")

    @model_validator(mode="after")
    def _names_each_date_once(self) -> Self:
        check_dates((holiday.date for holiday in self.holidays), self.working_dates)
        return self


class WorkingCalendarOut(Out):
    id: UUID
    code: str
    version: int
    name: str
    time_zone: str
    weekly: Week
    holidays: list[Holiday]
    working_dates: list[WorkingDate]
    registered_at: dt.datetime

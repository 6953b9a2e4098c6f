"""Reading working calendars."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from services.assessment.working_calendars.models import WorkingCalendar
from shared import working_time
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.policies import NO_CALENDAR
from shared.uow import UnitOfWork


async def get_working_calendar(uow: UnitOfWork, code: str, version: int | None = None) -> WorkingCalendar:
    """This version, or the newest. Raises `NotFound` (working-calendar-not-found)."""
    statement = select(WorkingCalendar).where(col(WorkingCalendar.code) == code)
    if version is not None:
        statement = statement.where(col(WorkingCalendar.version) == version)
    found = await uow.session.scalar(statement.order_by(col(WorkingCalendar.version).desc()).limit(1))
    if found is None:
        raise NotFound("working-calendar-not-found", NO_CALENDAR)
    return found


async def ready_calendar(uow: UnitOfWork, code: str | None) -> working_time.WorkingCalendar:
    """The newest version, ready for arithmetic; without a code every hour counts. Raises `NotFound`."""
    if code is None:
        return working_time.ROUND_THE_CLOCK
    found = await get_working_calendar(uow, code)
    hours = working_time.WorkingHours(
        time_zone=found.time_zone,
        weekly=working_time.Week.model_validate(found.weekly),
        holidays=tuple(date.fromisoformat(holiday["date"]) for holiday in found.holidays),
        working_dates=tuple(working_time.WorkingDate(date=day["date"], periods=day["periods"]) for day in found.working_dates),
    )
    return working_time.WorkingCalendar(hours)


async def list_working_calendars(
    uow: UnitOfWork, *, limit: int, cursor: str | None
) -> tuple[Sequence[WorkingCalendar], str | None]:
    """A page of every version of every calendar, oldest first, and the next cursor."""
    statement = select(WorkingCalendar).order_by(col(WorkingCalendar.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(WorkingCalendar.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda calendar: calendar.id)

"""What changes working calendars: only ever a new version."""

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.working_calendars.models import WorkingCalendar
from services.assessment.working_calendars.schemas import WorkingCalendarIn
from shared.events.assessment import WorkingCalendarRegistered
from shared.uow import UnitOfWork


async def register_working_calendar(uow: UnitOfWork, asked: WorkingCalendarIn) -> WorkingCalendar:
    """Keep the next version of the calendar; cases that were opened before keep theirs. Records `WorkingCalendarRegistered`."""
    version = await _next_version(uow, asked.code)
    calendar = WorkingCalendar(id=uow.new_id(), version=version, registered_at=uow.now(), **asked.model_dump(mode="json"))
    uow.session.add(calendar)
    await uow.session.flush()
    event = WorkingCalendarRegistered(
        working_calendar_id=calendar.id,
        calendar_code=calendar.code,
        version=version,
        time_zone_code=asked.time_zone,
        weekly=asked.weekly,
        holidays=tuple(holiday.date for holiday in asked.holidays),
        working_dates=asked.working_dates,
        registered_at=calendar.registered_at,
    )
    await uow.record(event)
    return calendar


async def _next_version(uow: UnitOfWork, code: str) -> int:
    """Versions of one code are given out one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"working calendar {code}", 0))))
    newest = await uow.session.scalar(select(func.max(col(WorkingCalendar.version))).where(col(WorkingCalendar.code) == code))
    return (newest or 0) + 1

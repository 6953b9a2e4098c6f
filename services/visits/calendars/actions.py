"""Opening one's visits to a calendar, and closing them to it again."""

import secrets
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.visits.calendars.models import Calendar
from services.visits.calendars.queries import hash_of
from services.visits.calendars.schemas import CalendarOut, NewCalendar
from services.visits.errors import calendar_not_found
from shared.auth import Principal
from shared.uow import UnitOfWork

TOKEN_BYTES = 32


async def open_calendar(uow: UnitOfWork, principal: Principal) -> NewCalendar:
    """A feed of the caller's visits. Its token is told once and kept as a hash."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    calendar = Calendar(id=uow.new_id(), account_id=principal.account, token_hash=hash_of(token), created_at=uow.now())
    uow.session.add(calendar)
    await uow.session.flush()
    return NewCalendar.model_validate({**calendar.model_dump(), "path": f"/v1/calendars/{token}.ics"})


async def revoke_calendar(uow: UnitOfWork, principal: Principal, calendar_id: UUID) -> CalendarOut:
    """From now on its token opens nothing; revoking it again changes nothing. Raises `NotFound` (calendar-not-found)."""
    mine = col(Calendar.id) == calendar_id, col(Calendar.account_id) == principal.account
    calendar = await uow.session.scalar(select(Calendar).where(*mine).with_for_update())
    if calendar is None:
        raise calendar_not_found()
    calendar.revoked_at = calendar.revoked_at or uow.now()
    await uow.session.flush()
    return CalendarOut.model_validate(calendar)

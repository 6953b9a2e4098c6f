"""Reading calendars: one's own list of them, and the feed itself, by its token."""

import hashlib

from sqlalchemy import select
from sqlmodel import col

from services.visits.calendars.models import Calendar
from services.visits.calendars.rules import AHEAD, BACK, Entry, write_calendar
from services.visits.calendars.schemas import CalendarOut
from services.visits.errors import calendar_not_found
from services.visits.visits.models import Visit
from services.visits.visits.rules import VisitState
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

MOST_VISITS = 2_000
UNMADE = (VisitState.planned, VisitState.ready, VisitState.missed)
"""What is made, refused or cancelled leaves the calendar; a missed visit may still be made up for."""


def hash_of(token: str) -> bytes:
    """A token has far more chance in it than anybody can try, so a plain hash keeps it."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


async def list_calendars(uow: UnitOfWork, principal: Principal, *, limit: int, cursor: str | None) -> Page[CalendarOut]:
    """The caller's own, oldest first. Raises `Invalid` (malformed-cursor)."""
    mine = select(Calendar).where(col(Calendar.account_id) == principal.account)
    after = decode_cursor(cursor)
    if after is not None:
        mine = mine.where(col(Calendar.id) > after)
    rows = (await uow.session.scalars(mine.order_by(col(Calendar.id)).limit(limit + 1))).all()
    page, following = cut(rows, limit, lambda calendar: calendar.id)
    return Page(items=[CalendarOut.model_validate(calendar) for calendar in page], next_cursor=following)


async def read_calendar(uow: UnitOfWork, token: str) -> bytes:
    """The feed: visits that are still to be made, from thirty days back to a hundred and eighty ahead, the next first.

    Raises `NotFound` (calendar-not-found), for a token that was revoked as for one that never was.
    """
    opens = select(col(Calendar.account_id)).where(col(Calendar.token_hash) == hash_of(token), col(Calendar.revoked_at).is_(None))
    account_id = await uow.session.scalar(opens)
    if account_id is None:
        raise calendar_not_found()
    now = uow.now()
    statement = (
        select(Visit)
        .where(
            col(Visit.assignee_id) == account_id,
            col(Visit.state).in_(UNMADE),
            col(Visit.window_ends_at) >= now - BACK,
            col(Visit.window_starts_at) <= now + AHEAD,
        )
        .order_by(col(Visit.window_starts_at), col(Visit.id))
        .limit(MOST_VISITS)
    )
    visits = (await uow.session.scalars(statement)).all()
    return write_calendar(
        Entry(visit.id, visit.purpose, visit.window_starts_at, visit.window_ends_at, visit.planned_at) for visit in visits
    )

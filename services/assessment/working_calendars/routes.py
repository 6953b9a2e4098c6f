"""`/v1/working-calendars`: when units work."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.assessment.working_calendars import actions, queries
from services.assessment.working_calendars.schemas import WorkingCalendarIn, WorkingCalendarOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

router = APIRouter(prefix="/v1/working-calendars", route_class=EdgeRoute, tags=["policies"])

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="This version; the newest when left out.")]


@router.post("", status_code=201)
async def register_working_calendar(body: WorkingCalendarIn, uow: Uow, principal: Administrator) -> WorkingCalendarOut:
    """Register a calendar, or the next version of one, for the cases that are opened from now on; older cases keep theirs.

    Cases hear of it over the bus, as a rule within a second.
    """
    return WorkingCalendarOut.model_validate(await actions.register_working_calendar(uow, body))


@router.get("")
async def list_working_calendars(
    uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[WorkingCalendarOut]:
    """Every version of every calendar, oldest first."""
    calendars, next_cursor = await queries.list_working_calendars(uow, limit=limit, cursor=cursor)
    return Page(items=[WorkingCalendarOut.model_validate(calendar) for calendar in calendars], next_cursor=next_cursor)


@router.get("/{code}")
async def get_working_calendar(code: Code, uow: Uow, principal: Known, version: Version = None) -> WorkingCalendarOut:
    """One version of a calendar."""
    return WorkingCalendarOut.model_validate(await queries.get_working_calendar(uow, code, version))

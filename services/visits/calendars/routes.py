"""Calendars over HTTP."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from services.visits.calendars import actions, queries
from services.visits.calendars.schemas import CalendarOut, NewCalendar
from shared.auth import Staff
from shared.http import EdgeRoute, Responses, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

NOTHING = NothingIn()
ICALENDAR = "text/calendar; charset=utf-8"
FEED: Responses = {
    200: {"description": "An iCalendar", "content": {"text/calendar": {"schema": {"type": "string"}}}},
    304: {"description": "It has not changed"},
}
PRIVATE = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}

router = APIRouter(prefix="/v1/calendars", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def open_calendar(uow: Uow, principal: Staff, body: NothingIn = NOTHING) -> NewCalendar:
    """A feed of your visits to subscribe to from a calendar, without a password. Keep its path to yourself."""
    return await actions.open_calendar(uow, principal)


@router.get("")
async def list_calendars(uow: Uow, principal: Staff, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[CalendarOut]:
    """Your calendars, oldest first, without their paths."""
    return await queries.list_calendars(uow, principal, limit=limit, cursor=cursor)


@router.post("/{calendar_id}/revoke")
async def revoke_calendar(uow: Uow, principal: Staff, calendar_id: UUID, body: NothingIn = NOTHING) -> CalendarOut:
    """Its path leads nowhere from now on."""
    return await actions.revoke_calendar(uow, principal, calendar_id)


@router.get("/{token}.ics", response_class=Response, responses=FEED)
async def read_calendar(uow: Uow, token: str, if_none_match: Annotated[str, Header(alias="If-None-Match")] = "") -> Response:
    """The visits that are still to be made, for a calendar program: when and what for, never where or whom."""
    feed = await queries.read_calendar(uow, token)
    tag = f'"{hashlib.sha256(feed).hexdigest()[:32]}"'
    if tag in if_none_match:
        return Response(status_code=304, headers={**PRIVATE, "ETag": tag})
    return Response(feed, media_type=ICALENDAR, headers={**PRIVATE, "ETag": tag})

"""Research duties over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.visits.research_duties import actions, queries
from services.visits.research_duties.rules import FIRST_YEAR, LAST_YEAR
from services.visits.research_duties.schemas import ResearchDutyIn, ResearchDutyOut
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/research-duties", route_class=EdgeRoute, tags=["research"])


@router.post("")
async def set_duty(uow: Uow, principal: Staff, body: ResearchDutyIn) -> ResearchDutyOut:
    """By a lead above the unit: what its leaders owe in a year. Said again, it is replaced until the year is over."""
    await actions.set_duty(uow, principal, body)
    return await queries.get_duty(uow, body.unit_id, body.year)


@router.get("")
async def list_duties(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID,
    year: Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)],
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ResearchDutyOut]:
    """What a unit and those below it owe and do, with the projects, field hours, visits and published results of each leader."""
    return await queries.list_duties(uow, principal, unit_id=unit_id, year=year, limit=limit, cursor=cursor)

"""`/v1/units/{id}/scorecard` and the public board."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.assessment.grading import queries
from services.assessment.grading.schemas import BoardItem, Scorecard, UnitRates
from shared.auth import Caller, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Level

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


@router.get("/units/{unit_id}/scorecard", tags=["units"])
async def get_scorecard(unit_id: UUID, uow: Uow, principal: Known) -> Scorecard:
    """Three rates, three times, and the grade with its explanation.

    Those who answer for the unit or oversee it see every figure; others see nothing that rests on fewer than five residents.
    """
    return await queries.get_scorecard(uow, principal, unit_id)


@router.get("/public/scoreboard", tags=["public"])
async def list_scoreboard(
    uow: Uow,
    principal: Caller,
    parent_id: Annotated[UUID | None, Query(description="Only the children of this unit.")] = None,
    level: Level | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[BoardItem]:
    """Every unit with its rates and its grade, in the order of registration. Nothing rests on fewer than five residents."""
    items, next_cursor = await queries.list_scoreboard(uow, parent_id=parent_id, level=level, limit=limit, cursor=cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get("/public/three-rates", tags=["public"])
async def get_three_rates(unit_id: UUID, uow: Uow, principal: Caller) -> UnitRates:
    """The three rates of one unit."""
    return await queries.get_three_rates(uow, unit_id)

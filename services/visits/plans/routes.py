"""Visit plans over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.plans import actions, queries
from services.visits.plans.schemas import NewPlan, PlanDetail, PlanOut
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/visit-plans", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def plan_visits(uow: Uow, principal: Staff, body: NewPlan) -> PlanDetail:
    """Plan a visit, or visits that come round; they are made ahead for 180 days."""
    plan = await actions.plan_visits(uow, principal, body)
    return await queries.show_plan(uow, plan)


@router.get("")
async def list_plans(
    uow: Uow, principal: Overseer, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PlanOut]:
    """Visit plans that you may see, oldest first."""
    return await queries.list_plans(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{plan_id}")
async def get_plan(uow: Uow, principal: Overseer, plan_id: UUID) -> PlanDetail:
    """One visit plan with its visits. For its assignee, its unit, and the units above."""
    return await queries.get_plan(uow, principal, plan_id)

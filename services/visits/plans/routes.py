"""Visit plans over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.visits.plans import queries
from services.visits.plans.actions import changing, planning
from services.visits.plans.models import VisitPlan
from services.visits.plans.rules import PlanState
from services.visits.plans.schemas import NewPlan, PlanChange, PlanDetail, PlanEnd, PlanOut, PlanSuspension
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow, Version, tag_version
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/visit-plans", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def plan_visits(uow: Uow, principal: Staff, body: NewPlan, response: Response) -> PlanDetail:
    """Plan a visit, or visits that come round; they are made ahead for 180 days."""
    return await _show(uow, await planning.plan_visits(uow, principal, body), response)


@router.get("")
async def list_plans(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    assignee_id: UUID | None = None,
    state: PlanState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PlanOut]:
    """Visit plans that you may see, oldest first."""
    return await queries.list_plans(
        uow, principal, unit_id=unit_id, assignee_id=assignee_id, state=state, limit=limit, cursor=cursor
    )


@router.get("/{plan_id}")
async def get_plan(uow: Uow, principal: Overseer, plan_id: UUID, response: Response) -> PlanDetail:
    """One visit plan with its visits and its `ETag`. For its assignee, its unit, and the units above."""
    plan = await queries.get_plan(uow, principal, plan_id)
    tag_version(response, plan.version)
    return plan


@router.patch("/{plan_id}")
async def change_plan(
    uow: Uow, principal: Staff, version: Version, plan_id: UUID, body: PlanChange, response: Response
) -> PlanDetail:
    """Change the visits to come; those whose window is open, and past ones, stay as they are. 412 when somebody changed the plan
    after you read it."""
    return await _show(uow, await changing.change_plan(uow, principal, plan_id, version, body), response)


@router.post("/{plan_id}/suspend")
async def suspend_plan(uow: Uow, principal: Staff, plan_id: UUID, body: PlanSuspension, response: Response) -> PlanDetail:
    """No visits for a while: with `until`, it goes on by itself."""
    return await _show(uow, await changing.suspend_plan(uow, principal, plan_id, body), response)


@router.post("/{plan_id}/resume")
async def resume_plan(uow: Uow, principal: Staff, plan_id: UUID, response: Response) -> PlanDetail:
    """Visits are made again, from now on."""
    return await _show(uow, await changing.resume_plan(uow, principal, plan_id), response)


@router.post("/{plan_id}/end")
async def end_plan(uow: Uow, principal: Staff, plan_id: UUID, body: PlanEnd, response: Response) -> PlanDetail:
    """No visits any more; those that are open may still be made."""
    return await _show(uow, await changing.end_plan(uow, principal, plan_id, body), response)


async def _show(uow: Uow, plan: VisitPlan, response: Response) -> PlanDetail:
    tag_version(response, plan.version)
    return await queries.show_plan(uow, plan)

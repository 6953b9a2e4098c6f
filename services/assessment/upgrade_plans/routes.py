"""`/v1/upgrade-plans`: from a grade to the next one, with evidence."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.upgrade_plans import actions, queries
from services.assessment.upgrade_plans.rules import PlanState
from services.assessment.upgrade_plans.schemas import DoneIn, PlanIn, PlanOut, PlanReturnIn, PublicPlan
from shared.auth import Caller, Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

Planner = Annotated[Principal, Depends(Require(Role.official, Role.lead))]
Above = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


@router.post("/upgrade-plans", status_code=201, tags=["upgrade plans"])
async def submit_upgrade_plan(body: PlanIn, uow: Uow, principal: Planner) -> PlanOut:
    """Say what your unit does about each gap of its grade: owed after an unqualified one, open to a qualified unit."""
    return await queries.show_plan(uow, await actions.submit_plan(uow, principal, body))


@router.get("/upgrade-plans", tags=["upgrade plans"])
async def list_upgrade_plans(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    state: PlanState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PlanOut]:
    """Plans, oldest first: all for inspectors, your units' for you."""
    filters = {name: given for name, given in {"unit_id": unit_id, "state": state}.items() if given is not None}
    return await queries.list_plans(uow, principal, filters, limit=limit, cursor=cursor)


@router.get("/upgrade-plans/{plan_id}", tags=["upgrade plans"])
async def get_upgrade_plan(plan_id: UUID, uow: Uow, principal: Overseer) -> PlanOut:
    """One plan, with its gaps and actions."""
    return await queries.show_plan(uow, await queries.find_plan(uow, principal, plan_id))


@router.post("/upgrade-plans/{plan_id}/accept", tags=["upgrade plans"])
async def accept_upgrade_plan(plan_id: UUID, body: NothingIn, uow: Uow, principal: Above) -> PlanOut:
    """Accept it for a unit above. From now on it is public, and what happens counts for the next grade."""
    return await queries.show_plan(uow, await actions.accept_plan(uow, principal, plan_id))


@router.post("/upgrade-plans/{plan_id}/return", tags=["upgrade plans"])
async def return_upgrade_plan(plan_id: UUID, body: PlanReturnIn, uow: Uow, principal: Above) -> PlanOut:
    """Ask for another one, with a reason."""
    return await queries.show_plan(uow, await actions.return_plan(uow, principal, plan_id, body.reason))


@router.post("/upgrade-plans/{plan_id}/actions/{action_id}/done", tags=["upgrade plans"])
async def show_action_done(plan_id: UUID, action_id: UUID, body: DoneIn, uow: Uow, principal: Planner) -> PlanOut:
    """Show that an action of your unit is done, by evidence."""
    plan = await actions.show_done(uow, principal, plan_id, action_id, body.evidence_ids)
    return await queries.show_plan(uow, plan)


@router.post("/upgrade-plans/{plan_id}/reassess", tags=["upgrade plans"])
async def reassess_unit(plan_id: UUID, body: NothingIn, uow: Uow, principal: Planner) -> PlanOut:
    """Have your unit graded anew, over what happened since the plan was accepted, once every action is done."""
    return await queries.show_plan(uow, await actions.reassess(uow, principal, plan_id))


@router.get("/public/units/{unit_id}/upgrade-plan", tags=["public"])
async def get_public_upgrade_plan(unit_id: UUID, uow: Uow, principal: Caller) -> PublicPlan:
    """What a unit does about its grade and by when, or that it owes a plan."""
    return await queries.get_public_plan(uow, unit_id)

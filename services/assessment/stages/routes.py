"""Stages of a campaign: what they ask, who stands where, and what a unit still lacks."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.stages import actions, queries
from services.assessment.stages.schemas import Place, StagesIn, StagesOut, UnitPlaceOut, UnitStageOut
from shared.auth import Administrator, Known, Overseer
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", route_class=EdgeRoute, tags=["campaigns"])


@router.post("/stages")
async def plan_stages(campaign_id: UUID, body: StagesIn, uow: Uow, principal: Administrator) -> StagesOut:
    """Give a campaign its stages, in place of those that it had, until it starts. Each unit goes on by itself, by evidence."""
    await actions.plan_stages(uow, campaign_id, body.stages)
    return await queries.show_stages(uow, campaign_id)


@router.get("/stages")
async def get_stages(campaign_id: UUID, uow: Uow, principal: Known) -> StagesOut:
    """The stages of a campaign, and how many units of which level stand in each."""
    return await queries.show_stages(uow, campaign_id)


@router.get("/units")
async def list_units_by_stage(
    campaign_id: UUID,
    uow: Uow,
    principal: Known,
    stage: Code | None = None,
    place: Place | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[UnitPlaceOut]:
    """Where each unit stands, in the order of their registration."""
    return await queries.list_units(uow, campaign_id, stage=stage, place=place, limit=limit, cursor=cursor)


@router.get("/units/{unit_id}/stage")
async def get_unit_stage(campaign_id: UUID, unit_id: UUID, uow: Uow, principal: Overseer) -> UnitStageOut:
    """For those who answer for a unit or oversee it: what it still lacks for its next stage, and on which evidence it came to
    this one. What is not known is missing, never zero."""
    return await queries.show_unit_stage(uow, principal, campaign_id, unit_id)

"""Who is left out of a campaign, and how much of the tree it covers: over HTTP, and for everybody to see."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.exclusions import actions, queries
from services.assessment.exclusions.schemas import CoverageOut, ExclusionIn, ExclusionOut, LiftIn
from shared.auth import Caller, Known, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", route_class=EdgeRoute, tags=["campaigns"])
public_router = APIRouter(prefix="/v1/public/campaigns/{campaign_id}", route_class=EdgeRoute, tags=["public"])


@router.post("/exclusions", status_code=201)
async def exclude_unit(campaign_id: UUID, body: ExclusionIn, uow: Uow, principal: Staff) -> ExclusionOut:
    """Leave a unit out, by an administrator or a lead of a unit above it. Everybody sees that, and why."""
    return await actions.exclude_unit(uow, principal, campaign_id, body)


@router.post("/exclusions/{exclusion_id}/lift")
async def lift_exclusion(campaign_id: UUID, exclusion_id: UUID, body: LiftIn, uow: Uow, principal: Staff) -> ExclusionOut:
    """Measure the unit again, by whoever may leave it out."""
    return await actions.lift_exclusion(uow, principal, campaign_id, exclusion_id, body.reason)


@router.get("/coverage")
async def get_coverage(campaign_id: UUID, uow: Uow, principal: Known) -> CoverageOut:
    """How many of the units below its root the campaign measures, by level."""
    return await queries.get_coverage(uow, campaign_id)


@public_router.get("/exclusions")
async def list_exclusions(
    campaign_id: UUID, uow: Uow, principal: Caller, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[ExclusionOut]:
    """Which units are or were left out of a campaign, since when, by which rule and for which reason, oldest first."""
    return await queries.list_exclusions(uow, campaign_id, limit=limit, cursor=cursor)


@public_router.get("/coverage")
async def get_public_coverage(campaign_id: UUID, uow: Uow, principal: Caller) -> CoverageOut:
    """How many of the units below its root the campaign measures, by level."""
    return await queries.get_coverage(uow, campaign_id)

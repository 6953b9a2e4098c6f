"""`/v1/campaigns`: who is measured by what, and when."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.campaigns import actions, queries
from services.assessment.campaigns.schemas import CampaignIn, CampaignOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/campaigns", route_class=EdgeRoute, tags=["campaigns"])


@router.post("", status_code=201)
async def schedule_campaign(body: CampaignIn, uow: Uow, principal: Administrator) -> CampaignOut:
    """Schedule a campaign over every unit, or over a whole subtree. Campaigns may overlap: the newest running one that does not
    leave a unit out grades it."""
    campaign = await actions.schedule_campaign(uow, **body.model_dump())
    return CampaignOut.of(campaign, uow.now())


@router.get("")
async def list_campaigns(uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[CampaignOut]:
    """Campaigns, oldest first."""
    campaigns, next_cursor = await queries.list_campaigns(uow, limit=limit, cursor=cursor)
    return Page(items=[CampaignOut.of(campaign, uow.now()) for campaign in campaigns], next_cursor=next_cursor)


@router.get("/{campaign_id}")
async def get_campaign(campaign_id: UUID, uow: Uow, principal: Known) -> CampaignOut:
    """One campaign, and whether it runs."""
    return CampaignOut.of(await queries.get_campaign(uow, campaign_id), uow.now())

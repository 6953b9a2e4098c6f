"""What changes campaigns."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.rules import check_span
from services.assessment.standards.queries import get_standard
from services.assessment.standards.rules import State, check_usable
from services.assessment.units.queries import get_unit
from shared.errors import Conflict
from shared.events.assessment import CampaignStartedV2
from shared.uow import UnitOfWork

BATCH = 100


async def schedule_campaign(
    uow: UnitOfWork, *, code: str, name: str, standard_id: UUID, unit_id: UUID | None, starts_at: datetime, ends_at: datetime
) -> Campaign:
    """Plan a campaign over a unit and all below it, or over every unit; one that starts in the past starts now. Records
    `CampaignStartedV2` then.

    Raises `Invalid` (campaign-ends-before-start), `NotFound` (standard-not-found, unit-not-found), `Conflict`
    (standard-not-active, campaign-code-taken).
    """
    check_span(starts_at, ends_at)
    check_usable(State((await get_standard(uow, standard_id)).state))
    if unit_id is not None:
        await get_unit(uow, unit_id)
    campaign = Campaign(
        id=uow.new_id(),
        code=code,
        name=name,
        standard_id=standard_id,
        unit_id=unit_id,
        starts_at=starts_at,
        ends_at=ends_at,
        told=starts_at <= uow.now(),
        created_at=uow.now(),
    )
    statement = insert(Campaign).values(campaign.model_dump()).on_conflict_do_nothing(index_elements=["code"])
    if await uow.session.scalar(statement.returning(col(Campaign.id))) is None:
        raise Conflict("campaign-code-taken", f"Another campaign has the code {code}: choose another one.")
    if campaign.told:
        await _tell(uow, campaign)
    return campaign


async def start_due_campaigns(uow: UnitOfWork) -> bool:
    """Record `CampaignStartedV2` for campaigns whose start has come. True when there may be more of them."""
    due = (
        select(Campaign)
        .where(col(Campaign.told).is_(False), col(Campaign.starts_at) <= uow.now())
        .order_by(col(Campaign.starts_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    campaigns = (await uow.session.scalars(due)).all()
    for campaign in campaigns:
        campaign.told = True
        await _tell(uow, campaign)
    return len(campaigns) == BATCH


async def _tell(uow: UnitOfWork, campaign: Campaign) -> None:
    await uow.record(
        CampaignStartedV2(
            campaign_id=campaign.id,
            standard_id=campaign.standard_id,
            unit_id=campaign.unit_id,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
        )
    )

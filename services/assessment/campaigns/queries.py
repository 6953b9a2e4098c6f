"""Reading campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.rules import measures
from services.assessment.standards.models import Standard
from services.assessment.units.models import Unit
from services.assessment.units.rules import codes_of
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Running:
    """A running campaign, its standard and the code of the unit that it starts from."""

    campaign: Campaign
    standard: Standard
    root_code: str


async def get_campaign(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """Raises `NotFound` (campaign-not-found)."""
    campaign = await uow.session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound("campaign-not-found", "No campaign has this id. List the campaigns with GET /v1/campaigns.")
    return campaign


async def list_campaigns(uow: UnitOfWork, *, limit: int, cursor: str | None) -> tuple[Sequence[Campaign], str | None]:
    """A page of campaigns, oldest first, and the next cursor."""
    statement = select(Campaign).order_by(col(Campaign.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Campaign.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda campaign: campaign.id)


async def campaigns_measuring(uow: UnitOfWork, units: Sequence[Unit]) -> dict[UUID, Running]:
    """For each of the units that a running campaign measures, the newest such campaign. One query for all of them."""
    paths = {unit.id: codes_of(unit.path) for unit in units}
    running = await _running_from(uow, {code for codes in paths.values() for code in codes})
    found = {}
    for unit in units:
        level = Level(unit.level)
        mine = (one for one in running if measures(one.root_code, one.standard.level, codes=paths[unit.id], level=level))
        newest = next(mine, None)
        if newest is not None:
            found[unit.id] = newest
    return found


async def _running_from(uow: UnitOfWork, root_codes: set[str]) -> list[Running]:
    """Running campaigns that start from one of these units, newest first."""
    now = uow.now()
    statement = (
        select(Campaign, Standard, col(Unit.code))
        .join(Standard, col(Standard.id) == col(Campaign.standard_id))
        .join(Unit, col(Unit.id) == col(Campaign.unit_id))
        .where(col(Unit.code).in_(root_codes), col(Campaign.starts_at) <= now, col(Campaign.ends_at) > now)
        .order_by(col(Campaign.starts_at).desc(), col(Campaign.id).desc())
    )
    rows = await uow.session.execute(statement)
    return [Running(campaign, standard, root_code) for campaign, standard, root_code in rows]

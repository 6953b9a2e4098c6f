"""Reading who is left out of a campaign, how much it covers, and who decides about that."""

from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.assessment.campaigns.models import STANDING, Campaign, Exclusion
from services.assessment.campaigns.queries import get_campaign
from services.assessment.exclusions.rules import Coverage, cover
from services.assessment.exclusions.schemas import CoverageOut, ExclusionOut
from services.assessment.standards.queries import get_standard
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork

COUNT_UNITS = text(f"""
    WITH left_out AS (
        SELECT coalesce(array_agg(code), '{{}}') AS codes,
            coalesce(array_agg(code) FILTER (WHERE with_subtree), '{{}}') AS trees
        FROM exclusions JOIN units ON units.id = exclusions.unit_id
        WHERE campaign_id = :campaign_id AND {STANDING}
    )
    SELECT level, count(*) AS units,
        count(*) FILTER (WHERE code = ANY (codes) OR string_to_array(path, '/') && trees) AS excluded
    FROM units, left_out
    WHERE CAST(:root AS text) IS NULL OR path = :root OR starts_with(path, :root || '/')
    GROUP BY level
""")

EXCLUDED = f"""EXISTS (
    SELECT FROM exclusions JOIN units AS upper ON upper.id = exclusions.unit_id
    WHERE exclusions.campaign_id = :campaign_id AND {STANDING}
        AND (exclusions.unit_id = units.id OR with_subtree AND upper.code = ANY (string_to_array(units.path, '/')))
)"""
"""Whether the campaign leaves the unit of the row out."""


async def list_exclusions(uow: UnitOfWork, campaign_id: UUID, *, limit: int, cursor: str | None) -> Page[ExclusionOut]:
    """Every exclusion from a campaign, also the lifted ones, oldest first. Raises `NotFound` (campaign-not-found)."""
    await get_campaign(uow, campaign_id)
    statement = (
        select(Exclusion, Unit)
        .join(Unit, col(Unit.id) == col(Exclusion.unit_id))
        .where(col(Exclusion.campaign_id) == campaign_id)
        .order_by(col(Exclusion.id))
        .limit(limit + 1)
    )
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Exclusion.id) > after)
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row[0].id)
    return Page(items=[ExclusionOut.of(exclusion, unit) for exclusion, unit in rows], next_cursor=following)


async def lock_exclusion(uow: UnitOfWork, campaign_id: UUID, exclusion_id: UUID) -> Exclusion:
    """Raises `NotFound` (exclusion-not-found)."""
    exclusion = await uow.session.get(Exclusion, exclusion_id, with_for_update=True)
    if exclusion is None or exclusion.campaign_id != campaign_id:
        raise NotFound("exclusion-not-found", "This campaign has no exclusion with this id. List them: they are public.")
    return exclusion


async def get_coverage(uow: UnitOfWork, campaign_id: UUID) -> CoverageOut:
    """Raises `NotFound` (campaign-not-found)."""
    campaign = await get_campaign(uow, campaign_id)
    return CoverageOut.of(campaign.id, await _by_level(uow, campaign))


async def _by_level(uow: UnitOfWork, campaign: Campaign) -> dict[Level, Coverage]:
    only_level = (await get_standard(uow, campaign.standard_id)).level
    root = await get_unit(uow, campaign.unit_id) if campaign.unit_id else None
    rows = await uow.session.execute(COUNT_UNITS, {"campaign_id": campaign.id, "root": root and root.path})
    return {Level(row.level): cover(Level(row.level), only_level, row.units, row.excluded) for row in rows}

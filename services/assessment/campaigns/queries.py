"""Reading campaigns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, ScalarSelect, Select, Text, and_, any_, bindparam, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.assessment.campaigns.models import Campaign, Exclusion
from services.assessment.campaigns.rules import Excluded, measures
from services.assessment.standards.models import Standard
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import codes_of
from shared.errors import Invalid, NotFound
from shared.pages import cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Running:
    """A running campaign, its standard, the code of the unit that it starts from (None: it covers every unit), and who of those
    that were asked for is left out."""

    campaign: Campaign
    standard: Standard
    root_code: str | None
    excluded: Excluded

    def measures(self, codes: Sequence[str], level: Level) -> bool:
        return measures(self.root_code, self.standard.level, self.excluded, codes=codes, level=level)


CODES = bindparam("codes", type_=ARRAY(Text))
"""Of units and of all above them."""


def _left_out(*, with_subtree: bool) -> ScalarSelect[list[str] | None]:
    """Of these units, those that the campaign of the row leaves out."""
    unit = aliased(Unit)
    return (
        select(func.array_agg(col(unit.code)))
        .join(Exclusion, col(Exclusion.unit_id) == col(unit.id))
        .where(col(Exclusion.campaign_id) == col(Campaign.id), col(Exclusion.lifted_at).is_(None))
        .where(col(Exclusion.with_subtree).is_(with_subtree), col(unit.code) == any_(CODES))
        .correlate(Campaign)
        .scalar_subquery()
    )


def _started_from(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Which campaigns start from one of the units of `CODES` or cover every unit, newest first."""
    return (
        select(Campaign, Standard, col(Unit.code), _left_out(with_subtree=False), _left_out(with_subtree=True))
        .join(Standard, col(Standard.id) == col(Campaign.standard_id))
        .outerjoin(Unit, col(Unit.id) == col(Campaign.unit_id))
        .where(or_(col(Campaign.unit_id).is_(None), col(Unit.code) == any_(CODES)))
        .where(which)
        .order_by(col(Campaign.starts_at).desc(), col(Campaign.id).desc())
    )


NOW: BindParameter[datetime] = bindparam("now")
RUNNING = _started_from(and_(col(Campaign.starts_at) <= NOW, col(Campaign.ends_at) > NOW))
BEGUN = _started_from(col(Campaign.starts_at) <= NOW)
ONE = _started_from(col(Campaign.id) == bindparam("campaign_id"))
"""Put together once: it is asked for with every scorecard."""


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
        newest = next((one for one in running if one.measures(paths[unit.id], Level(unit.level))), None)
        if newest is not None:
            found[unit.id] = newest
    return found


async def campaigns_begun(uow: UnitOfWork, unit: Unit) -> list[Running]:
    """Every campaign that has begun and measures the unit, or measured it, newest first."""
    codes = codes_of(unit.path)
    begun = await _started(uow, BEGUN, codes, now=uow.now())
    return [one for one in begun if one.measures(codes, Level(unit.level))]


async def covered_root(uow: UnitOfWork, campaign: Campaign, unit_id: UUID | None) -> UUID | None:
    """The unit from which on down something is asked of the campaign: the one that is named, else the one that it starts from,
    None for every unit. Raises `NotFound` (unit-not-found), `Invalid` (unit-not-covered)."""
    if unit_id is None:
        return campaign.unit_id
    unit = await get_unit(uow, unit_id)
    if not reaches_unit(uow, campaign, unit.id):
        raise Invalid("unit-not-covered", "`unit_id`: this campaign does not cover this unit.")
    return unit.id


def reaches_unit(uow: UnitOfWork, campaign: Campaign, unit_id: UUID) -> bool:
    """Whether the unit stands where the campaign runs: anywhere, when it covers every unit."""
    return campaign.unit_id is None or uow.units.covers(campaign.unit_id, unit_id)


async def measures_unit(uow: UnitOfWork, campaign: Campaign, unit: Unit) -> bool:
    """Whether the campaign, running or not, measures this unit."""
    codes = codes_of(unit.path)
    found = await _started(uow, ONE, codes, campaign_id=campaign.id)
    return any(one.measures(codes, Level(unit.level)) for one in found)


async def _running_from(uow: UnitOfWork, codes: Collection[str]) -> list[Running]:
    return await _started(uow, RUNNING, codes, now=uow.now())


async def _started(
    uow: UnitOfWork, statement: Select[*tuple[Any, ...]], codes: Collection[str], **asked: object
) -> list[Running]:
    rows = await uow.session.execute(statement, {"codes": [*codes], **asked})
    return [
        Running(campaign, standard, root_code, Excluded(frozenset(alone or ()), frozenset(trees or ())))
        for campaign, standard, root_code, alone, trees in rows
    ]


async def excluded_from(uow: UnitOfWork, campaign_id: UUID) -> Excluded:
    """Who is left out of the campaign now."""
    statement = select(col(Unit.code), col(Exclusion.with_subtree)).join(Exclusion, col(Exclusion.unit_id) == col(Unit.id))
    standing = statement.where(col(Exclusion.campaign_id) == campaign_id, col(Exclusion.lifted_at).is_(None))
    found = [(code, with_subtree) for code, with_subtree in await uow.session.execute(standing)]
    return Excluded(frozenset(code for code, tree in found if not tree), frozenset(code for code, tree in found if tree))

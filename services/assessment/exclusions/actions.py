"""Leaving units out of a campaign, and taking them in again."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import STANDING, Campaign, Exclusion
from services.assessment.campaigns.queries import get_campaign
from services.assessment.campaigns.rules import CampaignState, measures, state_at
from services.assessment.decisions.actions import record_decision
from services.assessment.exclusions.queries import lock_exclusion
from services.assessment.exclusions.rules import RULE
from services.assessment.exclusions.schemas import ExclusionIn, ExclusionOut
from services.assessment.scopes.queries import leads_above
from services.assessment.standards.queries import get_standard
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import codes_of
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, Invalid
from shared.events.assessment import ExclusionLifted, UnitExcluded
from shared.types import Level
from shared.uow import UnitOfWork


async def exclude_unit(uow: UnitOfWork, principal: Principal, campaign_id: UUID, wanted: ExclusionIn) -> ExclusionOut:
    """From now on the campaign does not measure the unit. Records `UnitExcluded`.

    Raises `NotFound` (campaign-not-found, unit-not-found), `Forbidden` (exclusion-from-above), `Conflict` (campaign-over,
    unit-excluded-already), `Invalid` (unit-outside-campaign).
    """
    campaign = await get_campaign(uow, campaign_id)
    unit = await get_unit(uow, wanted.unit_id)
    _check_above(uow, principal, unit)
    _check_not_over(uow, campaign)
    await _check_inside(uow, campaign, unit, with_subtree=wanted.with_subtree)
    exclusion = Exclusion(
        id=uow.new_id(),
        campaign_id=campaign.id,
        rule=RULE,
        excluded_by=principal.account,
        excluded_at=uow.now(),
        **wanted.model_dump(),
    )
    statement = insert(Exclusion).values(exclusion.model_dump())
    once = statement.on_conflict_do_nothing(index_elements=["campaign_id", "unit_id"], index_where=text(STANDING))
    if await uow.session.scalar(once.returning(col(Exclusion.id))) is None:
        raise Conflict("unit-excluded-already", "The campaign leaves this unit out already: lift that exclusion first.")
    told = exclusion.model_dump(include={"campaign_id", "unit_id", "with_subtree", "rule", "excluded_at"})
    await uow.record(UnitExcluded(exclusion_id=exclusion.id, reason=exclusion.reason_code, **told))
    await _note(uow, principal, exclusion, "exclusion.made", wanted.reason)
    return ExclusionOut.of(exclusion, unit)


async def lift_exclusion(
    uow: UnitOfWork, principal: Principal, campaign_id: UUID, exclusion_id: UUID, reason: str
) -> ExclusionOut:
    """From now on the campaign measures the unit again, with all that happened since it began. Records `ExclusionLifted`.

    Raises `NotFound` (campaign-not-found, exclusion-not-found), `Forbidden` (exclusion-from-above), `Conflict` (campaign-over,
    exclusion-lifted).
    """
    campaign = await get_campaign(uow, campaign_id)
    exclusion = await lock_exclusion(uow, campaign.id, exclusion_id)
    unit = await get_unit(uow, exclusion.unit_id)
    _check_above(uow, principal, unit)
    _check_not_over(uow, campaign)
    if exclusion.lifted_at is not None:
        raise Conflict("exclusion-lifted", "This exclusion was lifted before.")
    exclusion.lifted_by, exclusion.lifted_at, exclusion.lift_reason = principal.account, uow.now(), reason
    told = {"exclusion_id": exclusion.id, "campaign_id": campaign.id, "unit_id": unit.id}
    await uow.record(ExclusionLifted(lifted_at=exclusion.lifted_at, **told))
    await _note(uow, principal, exclusion, "exclusion.lifted", reason)
    return ExclusionOut.of(exclusion, unit)


async def _note(uow: UnitOfWork, actor: Principal, exclusion: Exclusion, kind: str, reason: str) -> None:
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="exclusion",
        subject_id=exclusion.id,
        unit_id=exclusion.unit_id,
        rule=exclusion.rule,
        reason=reason,
        public=True,
    )


def _check_above(uow: UnitOfWork, principal: Principal, unit: Unit) -> None:
    if not leads_above(uow, principal, unit.id):
        raise Forbidden(
            "exclusion-from-above", "Only a lead of a unit above this one, or an administrator, decides what leaves it out."
        )


def _check_not_over(uow: UnitOfWork, campaign: Campaign) -> None:
    if state_at(uow.now(), campaign.starts_at, campaign.ends_at) is CampaignState.ended:
        raise Conflict("campaign-over", "This campaign is over: whom it measured stays as it was.")


async def _check_inside(uow: UnitOfWork, campaign: Campaign, unit: Unit, *, with_subtree: bool) -> None:
    """With its subtree also a unit that the campaign does not measure itself."""
    standard = await get_standard(uow, campaign.standard_id)
    root = await get_unit(uow, campaign.unit_id) if campaign.unit_id else None
    level = None if with_subtree else standard.level
    if not measures(root.code if root else None, level, codes=codes_of(unit.path), level=Level(unit.level)):
        raise Invalid("unit-outside-campaign", "The campaign does not measure this unit: there is nothing to leave out.")

"""`/v1/outcomes`: what changed for people, by evidence and by their own word."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.assessment.outcomes import actions, queries
from services.assessment.outcomes.schemas import (
    MeasurementIn,
    NoticedIn,
    OutcomeDetail,
    OutcomeIn,
    OutcomeOut,
    OwnVoice,
    PublicOutcome,
)
from shared.auth import Caller, Overseer, Principal, Require, Resident, Role, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

NOTHING = NothingIn()


async def get_pepper(request: Request) -> bytes:
    pepper: str = request.app.state.settings.pepper.get_secret_value()
    return pepper.encode()


Pepper = Annotated[bytes, Depends(get_pepper)]
Leading = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/outcomes", route_class=EdgeRoute, tags=["outcomes"])
public = APIRouter(prefix="/v1/public/outcomes", route_class=EdgeRoute, tags=["public"])


@router.post("", status_code=201)
async def record_outcome(uow: Uow, principal: Staff, body: OutcomeIn) -> OutcomeDetail:
    """Say what is to change for whom, with the evidence of how it is now and at least one need that it answers to."""
    return await queries.show_outcome(uow, await actions.record_outcome(uow, principal, body))


@router.get("")
async def list_outcomes(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    campaign_id: UUID | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[OutcomeOut]:
    """Outcomes of your units, oldest first."""
    return await queries.list_outcomes(uow, principal, unit_id=unit_id, campaign_id=campaign_id, limit=limit, cursor=cursor)


@router.get("/{outcome_id}")
async def get_outcome(uow: Uow, principal: Overseer, outcome_id: UUID) -> OutcomeDetail:
    """One outcome with everything that was measured. For its unit and the units above."""
    return await queries.show_outcome(uow, await queries.find_outcome(uow, principal, outcome_id))


@router.post("/{outcome_id}/measurements", status_code=201)
async def measure_outcome(uow: Uow, principal: Staff, outcome_id: UUID, body: MeasurementIn) -> OutcomeDetail:
    """Write down what was measured, with evidence. Nothing is edited: a newer measurement corrects an older one."""
    return await queries.show_outcome(uow, await actions.measure_outcome(uow, principal, outcome_id, body))


@router.post("/{outcome_id}/publish")
async def publish_outcome(uow: Uow, principal: Leading, outcome_id: UUID, body: NothingIn = NOTHING) -> OutcomeDetail:
    """Let everybody see it. Until then no resident can confirm it, and nothing of it counts."""
    return await queries.show_outcome(uow, await actions.publish_outcome(uow, principal, outcome_id))


@router.post("/{outcome_id}/confirm")
async def confirm_outcome(uow: Uow, principal: Resident, pepper: Pepper, outcome_id: UUID, body: NoticedIn) -> OwnVoice:
    """Say whether you notice the change. Your last word counts, once, and nobody is told who you are."""
    return await actions.confirm_outcome(uow, principal, pepper, outcome_id, body.noticed)


@public.get("")
async def list_public_outcomes(
    uow: Uow,
    principal: Caller,
    unit_id: UUID | None = None,
    campaign_id: UUID | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PublicOutcome]:
    """What was to change, before and after, and whether residents notice it; oldest first."""
    return await queries.list_public_outcomes(uow, unit_id=unit_id, campaign_id=campaign_id, limit=limit, cursor=cursor)

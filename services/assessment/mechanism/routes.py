"""`/v1/units/{id}/mechanism`: what a unit keeps up whether or not there is a campaign."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.mechanism import queries
from services.assessment.mechanism.schemas import Cooling, Mechanism, PublicMechanism
from shared.auth import Caller, Principal, Require, Role
from shared.http import EdgeRoute, Uow

Staff = Annotated[Principal, Depends(Require(Role.official, Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


@router.get("/units/{unit_id}/mechanism", tags=["units"])
async def get_mechanism(unit_id: UUID, uow: Uow, principal: Staff) -> Mechanism:
    """Answers in time, visits on time and outcomes of the last 90 and 365 days, with one score: of the unit, and of it with all
    below. Beside it the grade that a campaign gave."""
    return await queries.get_mechanism(uow, unit_id)


@router.get("/public/units/{unit_id}/mechanism", tags=["public"])
async def get_public_mechanism(unit_id: UUID, uow: Uow, principal: Caller) -> PublicMechanism:
    """The same of the unit alone. For anybody."""
    return await queries.get_public_mechanism(uow, unit_id)


@router.get("/public/units/{unit_id}/cooling", tags=["public"])
async def get_cooling(unit_id: UUID, uow: Uow, principal: Caller) -> Cooling:
    """Whether the unit went on after the last campaign that measured it: its visits and the speed of its answers, afterwards
    against during it. For anybody."""
    return await queries.get_cooling(uow, unit_id)

"""Confirmations over HTTP. The code stands in bodies only, never in a URL."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.confirmations import actions, queries
from services.visits.confirmations.schemas import CodeOut, ConfirmationIn, ConfirmationOut, RatingsOut
from shared.auth import Overseer, Principal, Require, Role, get_caller
from shared.http import EdgeRoute, Uow

Upper = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

of_visits = APIRouter(prefix="/v1/visits", route_class=EdgeRoute, tags=["visits"])
router = APIRouter(prefix="/v1/visit-confirmations", route_class=EdgeRoute, tags=["visits"], dependencies=[Depends(get_caller)])


@of_visits.get("/ratings")
async def get_ratings(uow: Uow, principal: Overseer, unit_id: UUID) -> RatingsOut:
    """How helpful residents found the visits of a unit, by month. Nobody can tell which visit a rating was given for."""
    return await queries.get_ratings(uow, principal, unit_id)


@of_visits.post("/{visit_id}/confirmation-code")
async def issue_code(uow: Uow, principal: Upper, visit_id: UUID) -> CodeOut:
    """A code for the resident, to be sent or handed over by the office and never by the visitor. A new one voids the older."""
    return await actions.issue_code(uow, principal, visit_id)


@router.post("")
async def confirm_visit(uow: Uow, body: ConfirmationIn) -> ConfirmationOut:
    """Say by code, without an account, whether a visit took place: from 12 hours after it, for 60 days, once."""
    await actions.confirm_visit(uow, body)
    return ConfirmationOut(took_place=body.took_place)

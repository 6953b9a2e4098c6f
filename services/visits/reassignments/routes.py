"""Giving plans to somebody else over HTTP."""

from fastapi import APIRouter

from services.visits.reassignments import actions
from services.visits.reassignments.schemas import Reassignment, ReassignmentIn
from shared.auth import Staff
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/visit-plans", route_class=EdgeRoute, tags=["visits"])


@router.post("/reassign")
async def reassign(uow: Uow, principal: Staff, body: ReassignmentIn) -> Reassignment:
    """Give up to 1,000 plans at a time to somebody else, with their visits that can still be made. Look first with `preview`."""
    return await actions.reassign(uow, principal, body)

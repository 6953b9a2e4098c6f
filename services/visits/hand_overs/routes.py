"""Hand-overs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.hand_overs import actions, queries
from services.visits.hand_overs.schemas import HandOver, HandOverOut
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/posts", route_class=EdgeRoute, tags=["visits"])


@router.get("/{post_id}/hand-over")
async def foresee(uow: Uow, principal: Overseer, post_id: UUID) -> HandOverOut:
    """What would go with the post to its next holder. Nothing is done by this."""
    return await queries.foresee(uow, principal, post_id)


@router.post("/{post_id}/hand-over")
async def hand_over_post(uow: Uow, principal: Leader, post_id: UUID, body: HandOver) -> HandOverOut:
    """Give the post to somebody else, with its contacts, its plans, the visits still to be made, what was promised, and the
    findings still to be seen through."""
    return await actions.hand_over_post(uow, principal, post_id, body.holder_id)

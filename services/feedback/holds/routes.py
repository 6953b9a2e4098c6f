"""REST of holds. What is held, why, and what was decided is public."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.feedback.holds import actions, queries
from services.feedback.holds.schemas import HoldDecisionIn, HoldOut
from shared.auth import Principal, Require, Role
from shared.events.feedback import HoldDecision
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Upper = Annotated[Principal, Depends(Require(Role.lead, Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/holds", route_class=EdgeRoute, tags=["holds"])


@router.get("")
async def list_holds(uow: Uow, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[HoldOut]:
    """What is or was held from publication because unusually much came at once, with the reason; newest first."""
    return await queries.list_holds(uow, limit=limit, cursor=cursor)


@router.post("/{hold_id}/release")
async def release_hold(uow: Uow, principal: Upper, hold_id: UUID, body: HoldDecisionIn) -> HoldOut:
    """From above the held unit: publish it after all."""
    return await actions.decide_hold(uow, principal, hold_id, HoldDecision.released, body.reason)


@router.post("/{hold_id}/keep")
async def keep_hold(uow: Uow, principal: Upper, hold_id: UUID, body: HoldDecisionIn) -> HoldOut:
    """From above the held unit: go on holding it from publication."""
    return await actions.decide_hold(uow, principal, hold_id, HoldDecision.kept, body.reason)

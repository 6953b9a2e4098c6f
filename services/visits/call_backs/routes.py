"""Call-backs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.call_backs import actions, queries
from services.visits.call_backs.schemas import CallBackDetail, CallBackIn, CallBackOut, DisputeOut, ResultIn
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Inspecting = Annotated[Principal, Depends(Require(Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/call-backs", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def draw_call_back(uow: Uow, principal: Inspecting, body: CallBackIn) -> CallBackDetail:
    """Draw visits at random, whose residents are asked whether somebody came. With the seed anybody draws the same again."""
    return await queries.show_call_back(uow, principal, await actions.draw_call_back(uow, principal, body))


@router.get("")
async def list_call_backs(
    uow: Uow, principal: Overseer, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[CallBackOut]:
    """Call-backs of your units, oldest first."""
    return await queries.list_call_backs(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/disputes")
async def list_disputes(
    uow: Uow, principal: Inspecting, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[DisputeOut]:
    """Visits of which residents said by their code that nobody came. The unit and the visitor are not told."""
    return await queries.list_disputes(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{call_back_id}")
async def get_call_back(uow: Uow, principal: Overseer, call_back_id: UUID) -> CallBackDetail:
    """One call-back; the visits and the seed for inspectors and administrators alone."""
    return await queries.show_call_back(uow, principal, await queries.find_call_back(uow, principal, call_back_id))


@router.post("/{call_back_id}/results")
async def record_result(uow: Uow, principal: Inspecting, call_back_id: UUID, body: ResultIn) -> CallBackDetail:
    """Write down what the resident of a drawn visit said."""
    return await queries.show_call_back(uow, principal, await actions.record_result(uow, principal, call_back_id, body))

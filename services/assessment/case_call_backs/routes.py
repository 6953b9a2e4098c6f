"""`/v1/case-call-backs`: asking residents at random whether what was called resolved is. For inspectors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.case_call_backs import actions, queries
from services.assessment.case_call_backs.schemas import CallBackDetail, CallBackIn, CallBackOut, FoundIn
from shared.auth import Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Inspecting = Annotated[Principal, Depends(Require(Role.inspector, Role.admin))]

router = APIRouter(prefix="/v1/case-call-backs", route_class=EdgeRoute, tags=["alarms"])


@router.post("", status_code=201)
async def draw_case_call_back(uow: Uow, principal: Inspecting, body: CallBackIn) -> CallBackDetail:
    """Draw at random, once, among the cases that a unit answered in a month. With the seed anybody draws the same again."""
    return await queries.show_call_back(uow, await actions.draw_call_back(uow, principal, body))


@router.get("")
async def list_case_call_backs(
    uow: Uow, principal: Inspecting, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[CallBackOut]:
    """Call-backs about the units below yours, oldest first. What they add up to stands on each unit's scorecard."""
    return await queries.list_call_backs(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{call_back_id}")
async def get_case_call_back(uow: Uow, principal: Inspecting, call_back_id: UUID) -> CallBackDetail:
    """One call-back with the cases that were drawn."""
    return await queries.show_call_back(uow, await queries.find_call_back(uow, principal, call_back_id))


@router.post("/{call_back_id}/results")
async def record_case_found(uow: Uow, principal: Inspecting, call_back_id: UUID, body: FoundIn) -> CallBackDetail:
    """Write down what the resident of a drawn case said."""
    return await queries.show_call_back(uow, await actions.record_found(uow, principal, call_back_id, body))

"""Visits that residents ask for, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.visits.requests import actions, queries
from services.visits.requests.rules import RequestState
from services.visits.requests.schemas import RequestOut, RequestPlan, RequestRefusal
from shared.auth import Overseer, Principal, Require, Role, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Lead = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]
Overdue = Annotated[bool, Query(description="Only those that are owed and whose due date has passed.")]

router = APIRouter(prefix="/v1/visit-requests", route_class=EdgeRoute, tags=["visits"])


@router.get("")
async def list_visit_requests(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    state: RequestState | None = None,
    overdue: Overdue = False,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[RequestOut]:
    """Visits that residents asked your units for, each due fourteen days after that, or after its case was reopened."""
    return await queries.list_requests(uow, principal, unit_id=unit_id, state=state, overdue=overdue, limit=limit, cursor=cursor)


@router.get("/{case_id}")
async def get_visit_request(uow: Uow, principal: Overseer, case_id: UUID) -> RequestOut:
    """One request, by the case in which it was made. For the unit that owes the case, and the units above."""
    return await queries.get_request(uow, principal, case_id)


@router.post("/{case_id}/plan")
async def plan_requested_visit(uow: Uow, principal: Staff, case_id: UUID, body: RequestPlan) -> RequestOut:
    """Plan the visit. The request is `visited` once it was made, and open again if it is cancelled or missed."""
    request = await actions.plan_requested_visit(uow, principal, case_id, body)
    return queries.show_request(uow, request)


@router.post("/{case_id}/decline")
async def decline_visit_request(uow: Uow, principal: Lead, case_id: UUID, body: RequestRefusal) -> RequestOut:
    """A lead of the unit says why nobody comes. The case itself goes on."""
    request = await actions.decline_request(uow, principal, case_id, body.reason)
    return queries.show_request(uow, request)

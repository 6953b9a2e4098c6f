"""`/v1/priorities`, and how much of a unit's work went there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.assessment.indicators.rules import Period
from services.assessment.priorities import actions, queries
from services.assessment.priorities.rules import month_of
from services.assessment.priorities.schemas import (
    EffortOut,
    Month,
    PriorityEndIn,
    PriorityIn,
    PriorityOut,
    TagOut,
    WorkIn,
)
from shared.auth import Caller, Known, Overseer, Principal, Require, Role, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Day, Moment

Leading = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/priorities", route_class=EdgeRoute, tags=["priorities"])
efforts = APIRouter(prefix="/v1", route_class=EdgeRoute)


@router.post("", status_code=201)
async def register_priority(uow: Uow, principal: Leading, body: PriorityIn) -> PriorityOut:
    """Say what comes first. It is never changed: end it, and register the next version with the same code."""
    return PriorityOut.model_validate(await actions.register_priority(uow, principal, body))


@router.get("")
async def list_priorities(
    uow: Uow,
    principal: Known,
    unit_id: UUID | None = None,
    on: Annotated[Day | None, Query(description="Only those in effect on this day.")] = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PriorityOut]:
    """What units put first, in every version, in the order of registration."""
    return await queries.list_priorities(uow, unit_id=unit_id, on=on, limit=limit, cursor=cursor)


@router.post("/{priority_id}/end")
async def end_priority(uow: Uow, principal: Leading, priority_id: UUID, body: PriorityEndIn) -> PriorityOut:
    """Let it end. What was done for it stays so."""
    return PriorityOut.model_validate(await actions.end_priority(uow, principal, priority_id, body.until))


@router.post("/{priority_id}/tag")
async def tag_work(uow: Uow, principal: Staff, priority_id: UUID, body: WorkIn) -> TagOut:
    """Say that a case, a visit, an activity, an outcome or a campaign is for this priority, of its unit or of one above."""
    await actions.tag_work(uow, principal, priority_id, body)
    return TagOut(kind=body.kind, id=body.id, priority_id=priority_id)


@router.post("/{priority_id}/untag")
async def untag_work(uow: Uow, principal: Staff, priority_id: UUID, body: WorkIn) -> TagOut:
    """Take that back."""
    await actions.untag_work(uow, principal, priority_id, body)
    return TagOut(kind=body.kind, id=body.id, priority_id=None)


@efforts.get("/units/{unit_id}/effort", tags=["units"])
async def get_effort(
    unit_id: UUID, uow: Uow, principal: Overseer, since: Moment | None = None, until: Moment | None = None
) -> EffortOut:
    """How much of what the unit did was for which priority. For its unit and the units above."""
    return await queries.get_effort(uow, principal, unit_id, Period(since, until))


@efforts.get("/public/effort", tags=["public"])
async def get_public_effort(
    unit_id: UUID,
    uow: Uow,
    principal: Caller,
    month: Annotated[Month, Query(description="For example 2026-03; it must be over.")],
) -> EffortOut:
    """The same of a month, without what is so little that it tells of somebody."""
    return await queries.get_public_effort(uow, unit_id, Period(*month_of(month, uow.now())))

"""REST of cases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.feedback.cases.actions import acknowledging, judging, reopening
from services.feedback.cases.queries import listing, reading
from services.feedback.cases.rules import State
from services.feedback.cases.schemas import (
    CaseCounts,
    CaseItem,
    CaseOut,
    ConfirmationIn,
    NothingIn,
    ReopeningIn,
    TimelineEntry,
    WithdrawalIn,
)
from shared.auth import Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])

NOTHING = NothingIn()
NO_REASON = WithdrawalIn()
OfUnit = Annotated[UUID | None, Query(description="Only cases of this unit and the units below it.")]


@router.get("")
async def list_cases(
    uow: Uow,
    principal: Known,
    unit_id: OfUnit = None,
    state: State | None = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Page[CaseItem]:
    """The cases that you may see, newest first: your own, those of your unit's scope, those escalated to your unit."""
    return await listing.list_cases(uow, principal, unit_id=unit_id, state=state, limit=limit, cursor=cursor)


@router.get("/counts")
async def count_cases(uow: Uow, principal: Known, unit_id: OfUnit = None) -> CaseCounts:
    """How many cases you may see, in all and by state."""
    return await listing.count_cases(uow, principal, unit_id=unit_id)


@router.get("/{case_id}")
async def get_case(uow: Uow, principal: Known, case_id: UUID) -> CaseOut:
    """One case with its clocks, its escalations, and what you may do to it now."""
    return await reading.get_case(uow, principal, case_id)


@router.get("/{case_id}/timeline")
async def get_timeline(uow: Uow, principal: Known, case_id: UUID) -> list[TimelineEntry]:
    """What was done to the case, by which role, under which rule; oldest first."""
    return await reading.get_timeline(uow, principal, case_id)


@router.post("/{case_id}/acknowledge")
async def acknowledge_case(uow: Uow, principal: Known, case_id: UUID, body: NothingIn = NOTHING) -> CaseOut:
    """The unit says that it has the case."""
    return await acknowledging.acknowledge_case(uow, principal, case_id)


@router.post("/{case_id}/confirm")
async def confirm_case(uow: Uow, principal: Known, case_id: UUID, body: ConfirmationIn) -> CaseOut:
    """The speaker says whether anything changed; `resolved: false` gives the case back to the unit."""
    return await judging.confirm_case(uow, principal, case_id, body)


@router.post("/{case_id}/reopen")
async def reopen_case(uow: Uow, principal: Known, case_id: UUID, body: ReopeningIn) -> CaseOut:
    """The speaker opens a closed case again, within the window `reopenable_until`."""
    return await reopening.reopen_case(uow, principal, case_id, body.reason)


@router.post("/{case_id}/withdraw")
async def withdraw_case(uow: Uow, principal: Known, case_id: UUID, body: WithdrawalIn = NO_REASON) -> CaseOut:
    """The speaker takes the opinion back, until the case is closed; within `reopenable_until` it can be reopened."""
    return await reopening.withdraw_case(uow, principal, case_id, body.reason)

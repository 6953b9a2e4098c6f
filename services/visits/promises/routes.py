"""Promises over HTTP. They are made when a visit is recorded."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.promises import actions, queries
from services.visits.promises.rules import PromiseState
from services.visits.promises.schemas import PromiseOut, WithdrawalIn
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/promises", route_class=EdgeRoute, tags=["visits"])


@router.get("")
async def list_promises(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    visit_id: UUID | None = None,
    state: PromiseState | None = None,
    overdue: bool = False,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PromiseOut]:
    """Promises that you may see, oldest first."""
    return await queries.list_promises(
        uow, principal, unit_id=unit_id, visit_id=visit_id, state=state, overdue=overdue, limit=limit, cursor=cursor
    )


@router.get("/{promise_id}")
async def get_promise(uow: Uow, principal: Overseer, promise_id: UUID) -> PromiseOut:
    """One promise. For who owes it, its unit, and the units above."""
    return queries.show_promise(uow, await queries.find_promise(uow, principal, promise_id))


@router.post("/{promise_id}/keep")
async def keep_promise(uow: Uow, principal: Staff, promise_id: UUID) -> PromiseOut:
    """Say that it has been done."""
    return queries.show_promise(uow, await actions.keep_promise(uow, principal, promise_id))


@router.post("/{promise_id}/withdraw")
async def withdraw_promise(uow: Uow, principal: Staff, promise_id: UUID, body: WithdrawalIn) -> PromiseOut:
    """Say that it cannot be kept, and why."""
    return queries.show_promise(uow, await actions.withdraw_promise(uow, principal, promise_id, body.reason))

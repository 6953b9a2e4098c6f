"""Reading promises."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text
from sqlmodel import col

from services.visits.errors import promise_not_found
from services.visits.promises.models import OPEN, Promise
from services.visits.promises.rules import PromiseState, earliest_day, is_overdue
from services.visits.promises.schemas import PromiseOut
from services.visits.visitors.queries import in_scope
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def find_promise(uow: UnitOfWork, principal: Principal, promise_id: UUID, *, lock: bool = False) -> Promise:
    """Raises `NotFound` (promise-not-found)."""
    statement = select(Promise).where(col(Promise.id) == promise_id, await _visible(uow, principal))
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise promise_not_found()
    return found


async def list_promises(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    visit_id: UUID | None,
    state: PromiseState | None,
    overdue: bool,
    limit: int,
    cursor: str | None,
) -> Page[PromiseOut]:
    """Promises that the caller may see, oldest first."""
    statement = select(Promise).where(await _visible(uow, principal)).order_by(col(Promise.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Promise.unit_id) == unit_id)
    if visit_id is not None:
        statement = statement.where(col(Promise.visit_id) == visit_id)
    if state is not None:
        statement = statement.where(col(Promise.state) == state)
    if overdue:
        statement = statement.where(text(OPEN), col(Promise.due_on) < earliest_day(uow.now()))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Promise.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda promise: promise.id)
    return Page(items=[show_promise(uow, promise) for promise in rows], next_cursor=following)


async def promises_of_visit(uow: UnitOfWork, visit_id: UUID) -> list[PromiseOut]:
    """For somebody who may see the visit."""
    found = await uow.session.scalars(select(Promise).where(col(Promise.visit_id) == visit_id).order_by(col(Promise.id)))
    return [show_promise(uow, promise) for promise in found]


def show_promise(uow: UnitOfWork, promise: Promise) -> PromiseOut:
    overdue = promise.state is PromiseState.open and is_overdue(promise.due_on, uow.now())
    return PromiseOut.model_validate({**promise.model_dump(), "overdue": overdue})


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """Those of the caller's units, and those that the caller owes."""
    return or_(await in_scope(uow, principal, col(Promise.unit_id)), col(Promise.owner_id) == principal.account_id)

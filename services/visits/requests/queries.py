"""Reading what visits residents asked for."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, text
from sqlmodel import col

from services.visits.errors import request_not_found
from services.visits.requests.models import KNOWN, VisitRequest
from services.visits.requests.rules import OWED, RequestState, is_overdue
from services.visits.requests.schemas import RequestOut
from services.visits.visitors.queries import in_scope
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the requests of the caller's units."""
    return and_(text(KNOWN), await in_scope(uow, principal, col(VisitRequest.unit_id)))


async def get_request(uow: UnitOfWork, principal: Principal, case_id: UUID) -> RequestOut:
    """Raises `NotFound` (visit-request-not-found)."""
    statement = select(VisitRequest).where(col(VisitRequest.case_id) == case_id, await visible(uow, principal))
    request = await uow.session.scalar(statement)
    if request is None:
        raise request_not_found()
    return show_request(uow, request)


async def list_requests(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    state: RequestState | None,
    overdue: bool,
    limit: int,
    cursor: str | None,
) -> Page[RequestOut]:
    """Requests that the caller may see, in the order of their cases. Raises `Invalid` (malformed-cursor)."""
    statement = select(VisitRequest).where(await visible(uow, principal)).order_by(col(VisitRequest.case_id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(VisitRequest.unit_id) == unit_id)
    if state is not None:
        statement = statement.where(col(VisitRequest.state) == state)
    if overdue:
        statement = statement.where(col(VisitRequest.state).in_(OWED), col(VisitRequest.due_at) < uow.now())
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(VisitRequest.case_id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda request: request.case_id)
    return Page(items=[show_request(uow, request) for request in rows], next_cursor=following)


def show_request(uow: UnitOfWork, request: VisitRequest) -> RequestOut:
    """For somebody who may see it."""
    overdue = is_overdue(request.state, request.due_at, uow.now())
    return RequestOut.model_validate({**request.model_dump(), "overdue": overdue})

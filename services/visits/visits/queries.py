"""Reading visits."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from services.visits.contacts.queries import contacts_for_visits
from services.visits.errors import visit_not_found
from services.visits.findings.queries import findings_of_visit
from services.visits.promises.queries import promises_of_visit
from services.visits.visitors.queries import in_scope
from services.visits.visits.models import Visit
from services.visits.visits.rules import VisitState, needs_contact
from services.visits.visits.schemas import VisitDetail, VisitOut
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the visits of the caller's units, and those that the caller makes."""
    scope = await in_scope(uow, principal, col(Visit.unit_id))
    return or_(scope, col(Visit.assignee_id) == principal.account_id)


async def get_visit(uow: UnitOfWork, principal: Principal, visit_id: UUID) -> VisitDetail:
    """Raises `NotFound` (visit-not-found)."""
    statement = select(Visit).where(col(Visit.id) == visit_id, await visible(uow, principal))
    visit = await uow.session.scalar(statement)
    if visit is None:
        raise visit_not_found()
    return await show_visit(uow, principal, visit)


async def list_visits(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    state: VisitState | None,
    assignee: Literal["me"] | None,
    limit: int,
    cursor: str | None,
) -> Page[VisitOut]:
    """Visits that the caller may see, in the order in which they were planned."""
    statement = select(Visit).where(await visible(uow, principal)).order_by(col(Visit.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Visit.unit_id) == unit_id)
    if state is not None:
        statement = statement.where(col(Visit.state) == state)
    if assignee is not None:
        statement = statement.where(col(Visit.assignee_id) == principal.account_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Visit.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda visit: visit.id)
    return Page(items=await show_visits(uow, principal, rows), next_cursor=following)


async def show_visit(uow: UnitOfWork, principal: Principal, visit: Visit) -> VisitDetail:
    """For somebody who may see it."""
    [shown] = await show_visits(uow, principal, [visit])
    findings, promises = await findings_of_visit(uow, visit.id), await promises_of_visit(uow, visit.id)
    return VisitDetail(**dict(shown), answers=visit.answers, findings=findings, promises=promises)


async def show_visits(uow: UnitOfWork, principal: Principal, visits: Sequence[Visit]) -> list[VisitOut]:
    """For somebody who may see them: each with whom it is to, if the caller needs to know."""
    leads = principal.role in (Role.lead, Role.admin)
    needing = [
        visit for visit in visits if needs_contact(visit.state, leads=leads, goes=visit.assignee_id == principal.account_id)
    ]
    asked = {visit.contact_id for visit in needing if visit.contact_id is not None}
    contacts = await contacts_for_visits(uow, asked) if asked else {}
    shown = {visit.id: contacts.get(visit.contact_id) for visit in needing if visit.contact_id is not None}
    return [VisitOut.model_validate({**visit.model_dump(), "contact": shown.get(visit.id)}) for visit in visits]

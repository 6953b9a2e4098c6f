"""Reading visit templates."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from services.visits.errors import template_not_found
from services.visits.templates.models import VisitTemplate
from services.visits.templates.schemas import TemplateOut
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_template(uow: UnitOfWork, principal: Principal, template_id: UUID, version: int | None = None) -> TemplateOut:
    """The newest version, or the one named. Raises `NotFound` (visit-template-not-found)."""
    conditions = [col(VisitTemplate.id) == template_id, await _visible(uow, principal)]
    if version is not None:
        conditions.append(col(VisitTemplate.version) == version)
    found = await _newest(uow, *conditions)
    if found is None:
        raise template_not_found()
    return TemplateOut.of(found)


async def list_templates(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, code: str | None, limit: int, cursor: str | None
) -> Page[TemplateOut]:
    """The newest version of each, in the order in which they were first made."""
    statement = select(VisitTemplate).ext(distinct_on(col(VisitTemplate.id))).where(await _visible(uow, principal))
    if unit_id is not None:
        statement = statement.where(col(VisitTemplate.unit_id).in_(_above(uow, unit_id)))
    if code is not None:
        statement = statement.where(col(VisitTemplate.code) == code)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(VisitTemplate.id) > after)
    statement = statement.order_by(col(VisitTemplate.id), col(VisitTemplate.version).desc()).limit(limit + 1)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda template: template.id)
    return Page(items=[TemplateOut.of(template) for template in rows], next_cursor=following)


async def template_for(uow: UnitOfWork, unit_id: UUID, code: str, version: int | None = None) -> VisitTemplate:
    """What the unit asks under this code, by its own template or that of a unit above: the newest version, or the one named.

    Raises `NotFound` (visit-template-not-found).
    """
    conditions = [col(VisitTemplate.code) == code, col(VisitTemplate.unit_id).in_(_above(uow, unit_id))]
    if version is not None:
        conditions.append(col(VisitTemplate.version) == version)
    found = await _newest(uow, *conditions)
    if found is None:
        raise template_not_found()
    return found


async def _newest(uow: UnitOfWork, *conditions: ColumnElement[bool]) -> VisitTemplate | None:
    statement = select(VisitTemplate).where(*conditions).order_by(col(VisitTemplate.version).desc()).limit(1)
    return await uow.session.scalar(statement)


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """Of the caller's unit, of those above, which it uses too, and of those below."""
    if principal.role is Role.admin:
        return true()
    await uow.units.refresh()
    return col(VisitTemplate.unit_id).in_(line_of(uow, principal.unit_id))


def line_of(uow: UnitOfWork, unit_id: UUID | None) -> Sequence[UUID]:
    """The units above and below, with the unit itself."""
    return [*_above(uow, unit_id), *uow.units.subtree(unit_id)] if unit_id else []


def _above(uow: UnitOfWork, unit_id: UUID | None) -> Sequence[UUID]:
    return [unit.id for unit in uow.units.chain(unit_id)] if unit_id else []

"""Reading objections."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlmodel import col

from services.assessment.decisions.queries import sees_persons
from services.assessment.objections.models import Objection
from services.assessment.objections.schemas import ObjectionOut
from services.assessment.scopes.queries import in_scope
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the objections that the caller sees: all for those who assess, the own units' for the others."""
    return true() if sees_persons(principal) else in_scope(uow, principal, col(Objection.unit_id))


async def find_objection(uow: UnitOfWork, principal: Principal, objection_id: UUID) -> Objection:
    """Raises `NotFound` (objection-not-found)."""
    statement = select(Objection).where(col(Objection.id) == objection_id, visible(uow, principal))
    objection = await uow.session.scalar(statement)
    if objection is None:
        raise NotFound("objection-not-found", "There is no objection with this id that you may see.")
    return objection


def show_objection(uow: UnitOfWork, principal: Principal, objection: Objection) -> ObjectionOut:
    """For somebody who may see it."""
    return ObjectionOut.of(objection, uow.now(), named=sees_persons(principal))


async def list_objections(
    uow: UnitOfWork, principal: Principal, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[ObjectionOut]:
    """A page of the objections that the caller may see, oldest first. Raises `Invalid` (malformed-cursor)."""
    seen = visible(uow, principal)
    statement = select(Objection).where(seen).filter_by(**given).order_by(col(Objection.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Objection.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda objection: objection.id)
    return Page(items=[show_objection(uow, principal, each) for each in rows], next_cursor=following)

"""Who can be sent, and what a caller may see."""

import asyncio
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, false, literal, or_, select, true
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.visits.errors import unit_not_found
from services.visits.visitors.models import Visitor
from shared.auth import STAFF, Principal, Role
from shared.errors import Invalid, NotFound
from shared.units import LOOK_AGAIN, PATIENCE, KnownUnit
from shared.uow import UnitOfWork

IdColumn = Mapped[UUID] | Mapped[UUID | None]


async def require_visitor(
    uow: UnitOfWork, account_id: UUID, unit: KnownUnit, *, called: str = "assignee", patience: float = PATIENCE
) -> UUID:
    """The account, if it can go to `unit`: staff of it, or of a unit above or below it.

    Waits up to `patience` seconds for an account that is on its way. Raises `NotFound` and `Invalid` by what the caller `called`
    it (assignee-not-found, assignee-out-of-chain).
    """
    home = await home_of(uow, account_id, called=called, patience=patience)
    if not is_in_chain(uow, home, unit.id):
        raise Invalid(f"{called}-out-of-chain", f"{called}_id: choose somebody of this unit, or of a unit above or below it.")
    return account_id


async def home_of(uow: UnitOfWork, account_id: UUID, *, called: str = "assignee", patience: float = PATIENCE) -> KnownUnit | None:
    """The unit of somebody who can be sent. Waits and raises `NotFound` as `require_visitor`."""
    visitor = await _find_visitor(uow, account_id, patience)
    if visitor is None or visitor[0] not in STAFF:
        raise NotFound(f"{called}-not-found", f"{called}_id is not the account of an official, lead or administrator.")
    return await uow.units.find(visitor[1]) if visitor[1] else None


def is_in_chain(uow: UnitOfWork, home: KnownUnit | None, unit_id: UUID) -> bool:
    """Whether `unit_id` is `home`, or above or below it."""
    return home is not None and (uow.units.covers(home.id, unit_id) or uow.units.covers(unit_id, home.id))


async def _find_visitor(uow: UnitOfWork, account_id: UUID, patience: float) -> tuple[str, UUID | None] | None:
    statement = select(col(Visitor.role), col(Visitor.unit_id)).where(col(Visitor.account_id) == account_id)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        row = (await uow.session.execute(statement)).one_or_none()
        if row is not None:
            return row[0], row[1]
        if loop.time() >= deadline:
            return None
        await asyncio.sleep(LOOK_AGAIN)


async def require_own_unit(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> KnownUnit:
    """The unit, if it is in the caller's scope; waits for one that is on its way. Raises `NotFound` (unit-not-found)."""
    unit = await uow.units.require(unit_id)
    if principal.role is not Role.admin and unit.id not in units_of(uow, principal):
        raise unit_not_found()
    return unit


async def require_units(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> list[UUID]:
    """The unit and all below it, as far as they are in the caller's scope. Raises `NotFound` (unit-not-found)."""
    unit = await require_own_unit(uow, principal, unit_id)
    return [unit.id] if principal.role is Role.official else uow.units.subtree(unit.id)


def units_of(uow: UnitOfWork, principal: Principal) -> list[UUID]:
    """The units in a caller's scope: the own one for an official, with all below it for a lead or an inspector."""
    if principal.unit_id is None:
        return []
    if principal.role in (Role.lead, Role.inspector):
        return uow.units.subtree(principal.unit_id)
    return [principal.unit_id] if principal.role is Role.official else []


async def in_scope(uow: UnitOfWork, principal: Principal, *units: IdColumn) -> ColumnElement[bool]:
    """SQL for the rows of which one of the `units` columns is in the caller's scope; an administrator's scope is everything."""
    if principal.role is Role.admin:
        return true()
    await uow.units.refresh()
    seen = units_of(uow, principal)
    return or_(false(), *(unit == any_(literal(seen, ARRAY(Uuid()))) for unit in units))

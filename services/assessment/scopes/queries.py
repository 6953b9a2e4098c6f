"""What a caller answers for: the own unit for an official, with all below it for a lead or an inspector, and everything for an
administrator or an inspector without a unit."""

from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal, true
from sqlalchemy.orm import Mapped

from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.units import KnownUnit
from shared.uow import UnitOfWork


def oversees_all(principal: Principal) -> bool:
    return principal.role is Role.admin or (principal.role is Role.inspector and principal.unit_id is None)


def is_in_scope(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    if oversees_all(principal):
        return True
    if principal.role is Role.official:
        return principal.unit_id == unit_id
    return principal.role in (Role.lead, Role.inspector) and uow.units.covers(principal.unit_id, unit_id)


def is_above(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    """Whether the caller leads or inspects from a unit above this one, or oversees everything."""
    if oversees_all(principal):
        return True
    return principal.role in (Role.lead, Role.inspector) and is_below(uow, unit_id, principal.unit_id)


def leads_above(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    """Whether the caller decides about this unit as the lead of one above it, or as an administrator. Nobody does about the own
    unit."""
    if principal.unit_id == unit_id:
        return False
    return principal.role is Role.admin or (principal.role is Role.lead and is_below(uow, unit_id, principal.unit_id))


def is_below(uow: UnitOfWork, unit_id: UUID, upper_id: UUID | None) -> bool:
    return unit_id != upper_id and uow.units.covers(upper_id, unit_id)


async def require_own_unit(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> KnownUnit:
    """The unit, if it is in the caller's scope. Raises `NotFound` (unit-not-found)."""
    unit = await uow.units.require(unit_id)
    if not is_in_scope(uow, principal, unit_id):
        raise NotFound("unit-not-found", "No unit has this id. List the units with GET /v1/units.")
    return unit


def in_scope(uow: UnitOfWork, principal: Principal, unit: Mapped[UUID] | Mapped[UUID | None]) -> ColumnElement[bool]:
    """SQL for the rows whose `unit` is in the caller's scope."""
    if oversees_all(principal):
        return true()
    return among(unit, units_of(uow, principal))


def among(unit: Mapped[UUID] | Mapped[UUID | None], units: list[UUID]) -> ColumnElement[bool]:
    """SQL for the rows of these units."""
    return unit == any_(literal(units, ARRAY(Uuid())))


def units_of(uow: UnitOfWork, principal: Principal) -> list[UUID]:
    if principal.unit_id is None:
        return []
    if principal.role in (Role.lead, Role.inspector):
        return uow.units.subtree(principal.unit_id)
    return [principal.unit_id] if principal.role is Role.official else []

"""Reading the tree."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.units.models import Unit
from services.assessment.units.rules import codes_of
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork


async def get_unit(uow: UnitOfWork, unit_id: UUID) -> Unit:
    """Raises `NotFound` (unit-not-found). Never waits: units are registered here."""
    unit = await uow.session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("unit-not-found", "No unit has this id. List the units with GET /v1/units.")
    return unit


async def get_chain(uow: UnitOfWork, unit_id: UUID) -> list[Unit]:
    """The unit and those above it, nearest first. Raises `NotFound` (unit-not-found)."""
    unit = await get_unit(uow, unit_id)
    found = await uow.session.scalars(select(Unit).where(col(Unit.code).in_(codes_of(unit.path))))
    return sorted(found, key=lambda each: -len(each.path))


async def list_units(
    uow: UnitOfWork,
    *,
    parent_id: UUID | None = None,
    level: Level | None = None,
    code: str | None = None,
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[Unit], str | None]:
    """A page of units in the order of their registration, and the next cursor. `parent_id` keeps its children only."""
    statement = select(Unit).order_by(col(Unit.id)).limit(limit + 1)
    if parent_id is not None:
        statement = statement.where(col(Unit.parent_id) == parent_id)
    if level is not None:
        statement = statement.where(col(Unit.level) == level.value)
    if code is not None:
        statement = statement.where(col(Unit.code) == code)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Unit.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda unit: unit.id)

"""What changes the tree."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import check_level, path_of
from shared.errors import Conflict
from shared.events.assessment import UnitRegistered
from shared.types import Level
from shared.units import KnownUnit
from shared.uow import UnitOfWork


async def register_unit(uow: UnitOfWork, *, code: str, name: str, level: Level, parent_id: UUID | None) -> Unit:
    """Add a unit to the tree; every service knows it a moment later. Records `UnitRegistered`.

    Raises `NotFound` (unit-not-found) for the parent, `Invalid` (level-not-below-parent), `Conflict` (unit-code-taken).
    """
    parent = await get_unit(uow, parent_id) if parent_id else None
    if parent is not None:
        check_level(level, Level(parent.level))
    unit = Unit(
        id=uow.new_id(),
        code=code,
        name=name,
        level=level,
        parent_id=parent_id,
        path=path_of(code, parent.path if parent else None),
        version=1,
        registered_at=uow.now(),
    )
    await _insert(uow, unit)
    await _tell(uow, unit)
    return unit


async def _insert(uow: UnitOfWork, unit: Unit) -> None:
    """Two equal codes at once: the second waits for the first, then is refused."""
    statement = insert(Unit).values(unit.model_dump()).on_conflict_do_nothing(index_elements=["code"]).returning(col(Unit.id))
    if await uow.session.scalar(statement) is None:
        raise Conflict("unit-code-taken", f"Another unit has the code {unit.code}: find it with GET /v1/units?code={unit.code}.")


async def _tell(uow: UnitOfWork, unit: Unit) -> None:
    event = UnitRegistered(
        unit_id=unit.id,
        parent_id=unit.parent_id,
        code=unit.code,
        name=unit.name,
        level=Level(unit.level),
        path=unit.path,
        version=unit.version,
    )
    await uow.know_unit(KnownUnit.of(event))
    await uow.record(event)

"""`/v1/units`: the organisation tree."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.assessment.units import actions, queries
from services.assessment.units.schemas import UnitIn, UnitOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code, Level

router = APIRouter(prefix="/v1/units", route_class=EdgeRoute, tags=["units"])


@router.post("", status_code=201)
async def register_unit(body: UnitIn, uow: Uow, principal: Administrator) -> UnitOut:
    """Register a unit, below a unit of a higher level or as a root. 409 when the code is taken."""
    unit = await actions.register_unit(uow, code=body.code, name=body.name, level=body.level, parent_id=body.parent_id)
    return UnitOut.model_validate(unit)


@router.get("")
async def list_units(
    uow: Uow,
    principal: Known,
    parent_id: Annotated[UUID | None, Query(description="Only the children of this unit.")] = None,
    level: Level | None = None,
    code: Code | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[UnitOut]:
    """Units in the order of their registration."""
    units, next_cursor = await queries.list_units(uow, parent_id=parent_id, level=level, code=code, limit=limit, cursor=cursor)
    return Page(items=[UnitOut.model_validate(unit) for unit in units], next_cursor=next_cursor)


@router.get("/{unit_id}")
async def get_unit(unit_id: UUID, uow: Uow, principal: Known) -> UnitOut:
    """One unit."""
    return UnitOut.model_validate(await queries.get_unit(uow, unit_id))

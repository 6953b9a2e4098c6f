"""`/v1/standards`: by what units are graded."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.standards import actions, queries
from services.assessment.standards.schemas import StandardIn, StandardOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/standards", route_class=EdgeRoute, tags=["standards"])


@router.post("", status_code=201)
async def adopt_standard(body: StandardIn, uow: Uow, principal: Administrator) -> StandardOut:
    """Adopt a standard, or the next version of one; older versions stay as they are."""
    standard = await actions.adopt_standard(uow, code=body.code, name=body.name, level=body.level, scale=body.scale())
    return StandardOut.of(standard)


@router.get("")
async def list_standards(uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[StandardOut]:
    """Every version of every standard, oldest first."""
    standards, next_cursor = await queries.list_standards(uow, limit=limit, cursor=cursor)
    return Page(items=[StandardOut.of(standard) for standard in standards], next_cursor=next_cursor)


@router.get("/{standard_id}")
async def get_standard(standard_id: UUID, uow: Uow, principal: Known) -> StandardOut:
    """One version of a standard."""
    return StandardOut.of(await queries.get_standard(uow, standard_id))

"""Visits over HTTP."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from services.visits.visits import actions, queries
from services.visits.visits.rules import VisitState
from services.visits.visits.schemas import VisitDetail, VisitOut, VisitRecord
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/visits", route_class=EdgeRoute, tags=["visits"])


@router.get("")
async def list_visits(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    state: VisitState | None = None,
    assignee: Literal["me"] | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[VisitOut]:
    """Visits that you may see, in the order in which they were planned."""
    return await queries.list_visits(uow, principal, unit_id=unit_id, state=state, assignee=assignee, limit=limit, cursor=cursor)


@router.get("/{visit_id}")
async def get_visit(uow: Uow, principal: Overseer, visit_id: UUID) -> VisitDetail:
    """One visit with its findings. For its assignee, its unit, and the units above."""
    return await queries.get_visit(uow, principal, visit_id)


@router.post("/{visit_id}/record")
async def record_visit(uow: Uow, principal: Staff, visit_id: UUID, body: VisitRecord) -> VisitDetail:
    """Record what came of a visit, once. After its window it is `done_late`: honest, and counted apart."""
    visit = await actions.record_visit(uow, principal, visit_id, body)
    return await queries.show_visit(uow, principal, visit)

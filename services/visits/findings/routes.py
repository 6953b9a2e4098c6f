"""Findings over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.findings import queries
from services.visits.findings.schemas import FindingOut
from shared.auth import Overseer
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/findings", route_class=EdgeRoute, tags=["visits"])


@router.get("")
async def list_findings(
    uow: Uow,
    principal: Overseer,
    visit_id: UUID | None = None,
    unit_id: UUID | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[FindingOut]:
    """Findings that you may see, oldest first, each with how far its case has come."""
    return await queries.list_findings(uow, principal, visit_id=visit_id, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{finding_id}")
async def get_finding(uow: Uow, principal: Overseer, finding_id: UUID) -> FindingOut:
    """One finding. For its sponsor, the unit visited, the unit that owns its case, and the units above them."""
    return await queries.get_finding(uow, principal, finding_id)

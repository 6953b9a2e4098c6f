"""REST of escalations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.feedback.escalations import queries
from services.feedback.escalations.actions import acknowledging
from services.feedback.escalations.schemas import EscalationItem
from shared.auth import Known, Overseer
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

router = APIRouter(prefix="/v1/escalations", route_class=EdgeRoute, tags=["escalations"])

NOTHING = NothingIn()
ToUnit = Annotated[UUID | None, Query(description="The unit that was told; your own by default.")]
Acknowledged = Annotated[bool | None, Query(description="Only those that were, or were not, acknowledged.")]


@router.get("")
async def list_escalations(
    uow: Uow,
    principal: Overseer,
    unit_id: ToUnit = None,
    acknowledged: Acknowledged = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Page[EscalationItem]:
    """What was escalated to a unit, newest first: duties that units below did not do in time, and repeated reopening."""
    return await queries.list_escalations(uow, principal, unit_id=unit_id, acknowledged=acknowledged, limit=limit, cursor=cursor)


@router.post("/{escalation_id}/acknowledge")
async def acknowledge_escalation(uow: Uow, principal: Known, escalation_id: UUID, body: NothingIn = NOTHING) -> EscalationItem:
    """Your unit has seen it; the unit above it is told so much later, should the duty still not be done."""
    return await acknowledging.acknowledge_escalation(uow, principal, escalation_id)

"""REST of topic signals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.feedback.signals import queries
from services.feedback.signals.rules import Weeks
from services.feedback.signals.schemas import SignalsOut
from shared.auth import Overseer
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/signals", route_class=EdgeRoute, tags=["signals"])


@router.get("")
async def list_signals(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID,
    weeks: Annotated[Weeks, Query(description="4 or 13: the last whole weeks, against as many before them.")] = Weeks.month,
) -> SignalsOut:
    """What the unit and those below it hear more about than before, by category and by channel; never of so few that one knows
    who."""
    return await queries.list_signals(uow, principal, unit_id, weeks)

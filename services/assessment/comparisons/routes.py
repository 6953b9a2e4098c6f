"""`/v1/public/units/{id}/grade/peers`: where a unit stands among those that may fairly be compared with it."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.comparisons import queries
from services.assessment.comparisons.schemas import PlaceAmongPeers
from shared.auth import Caller
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/public/units", route_class=EdgeRoute, tags=["public"])


@router.get("/{unit_id}/grade/peers")
async def get_place(unit_id: UUID, uow: Uow, principal: Caller) -> PlaceAmongPeers:
    """The place of the unit's grade among those of its peers by the same version of the standard. For anybody: it rests on
    published grades alone. Among fewer than five there is none."""
    return await queries.get_place(uow, unit_id)

"""`/v1/units/{id}/profiles`: what units declare of themselves, and who is comparable."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.profiles import actions, queries
from services.assessment.profiles.schemas import PeerOut, ProfileIn, ProfileOut
from shared.auth import Caller, Known, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1", route_class=EdgeRoute)


@router.post("/units/{unit_id}/profiles", status_code=201, tags=["units"])
async def declare_profile(unit_id: UUID, body: ProfileIn, uow: Uow, principal: Leader) -> ProfileOut:
    """Declare how many people the unit serves, with how many, and where: by its own lead, or an administrator. Never edited."""
    return ProfileOut.model_validate(await actions.declare_profile(uow, principal, unit_id, body))


@router.get("/units/{unit_id}/profiles", tags=["units"])
async def list_profiles(
    unit_id: UUID, uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[ProfileOut]:
    """All that the unit has declared of itself, in that order."""
    profiles, next_cursor = await queries.list_profiles(uow, unit_id, limit=limit, cursor=cursor)
    return Page(items=[ProfileOut.model_validate(profile) for profile in profiles], next_cursor=next_cursor)


@router.get("/units/{unit_id}/peers", tags=["units"])
async def list_peers(
    unit_id: UUID, uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PeerOut]:
    """The other units of its level, terrain and size, with what they have declared: with whom it may fairly be compared."""
    peers, next_cursor = await queries.list_peers(uow, unit_id, limit=limit, cursor=cursor)
    return Page(items=peers, next_cursor=next_cursor)


@router.get("/public/units/{unit_id}/profile", tags=["public"])
async def get_profile(unit_id: UUID, uow: Uow, principal: Caller) -> ProfileOut:
    """What the unit declares of itself now. For anybody."""
    return ProfileOut.model_validate(await queries.get_profile(uow, unit_id))

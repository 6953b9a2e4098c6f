"""`/v1/policy-supplements`: what units ask of themselves beyond the policies; and what a case gets in the end."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.assessment.supplements import actions, queries
from services.assessment.supplements.schemas import EffectivePolicy, SupplementIn, SupplementOut
from shared.auth import Known, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.policies import Channel
from shared.types import Level, Moment

Leading = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/policy-supplements", route_class=EdgeRoute, tags=["policies"])
effective = APIRouter(prefix="/v1/policies/effective", route_class=EdgeRoute, tags=["policies"])


@router.post("", status_code=201)
async def register_supplement(body: SupplementIn, uow: Uow, principal: Leading) -> SupplementOut:
    """Ask more of a unit and of all units below it than they inherit, on a channel or on all, for the cases opened from
    `effective_from` on; older cases keep what they were opened under.

    Of each term the strictest counts: the shortest deadline and delay, the fewest reopenings, the longest window of residents'.
    422 for what is laxer than any policy that it would meet, or than a supplement of a unit above. A version is never changed:
    the next one takes its place, and one that `ends` leaves none.
    """
    return SupplementOut.of(await actions.register_supplement(uow, principal, body))


@router.get("")
async def list_supplements(
    uow: Uow, principal: Known, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[SupplementOut]:
    """Every version of every supplement, or of those of one unit, oldest first."""
    found = await queries.list_supplements(uow, unit_id=unit_id, limit=limit, cursor=cursor)
    return Page(items=[SupplementOut.of(supplement) for supplement in found[0]], next_cursor=found[1])


@router.get("/{supplement_id}")
async def get_supplement(uow: Uow, principal: Known, supplement_id: UUID) -> SupplementOut:
    """One version."""
    return SupplementOut.of(await queries.get_supplement(uow, supplement_id))


@effective.get("")
async def get_effective_policy(
    uow: Uow,
    principal: Known,
    unit_id: Annotated[UUID | None, Query(description="The unit that gets the case; then `level` is left out.")] = None,
    level: Annotated[Level | None, Query(description="The level of the unit that gets the case.")] = None,
    channel: Channel | None = None,
    at: Annotated[Moment | None, Query(description="When the case is opened; now when left out.")] = None,
) -> EffectivePolicy:
    """The policy that a case gets, and why: level and channel come before level, level before channel, channel before general.

    For a unit also the supplements of it and of those above it, and which of all these each term comes from.
    """
    return await queries.get_effective(uow, unit_id=unit_id, level=level, channel=channel, at=at or uow.now())

"""Activities over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.activities import actions, queries
from services.visits.activities.schemas import (
    ActivityCancellationIn,
    ActivityDetail,
    ActivityOut,
    ActivityRecord,
    ActivitySummary,
    NewActivity,
)
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.needs import Need
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/activities", route_class=EdgeRoute, tags=["activities"])


@router.post("", status_code=201)
async def plan_activity(uow: Uow, principal: Staff, body: NewActivity) -> ActivityDetail:
    """Plan an open day, a forum, a study or a service session by the newest version of its template."""
    return await queries.show_activity(uow, await actions.plan_activity(uow, principal, body))


@router.get("")
async def list_activities(
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    unlinked: bool | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ActivityOut]:
    """Activities that you may see, in the order in which they were planned."""
    return await queries.list_activities(uow, principal, unit_id=unit_id, unlinked=unlinked, limit=limit, cursor=cursor)


@router.get("/summary")
async def sum_activities(uow: Uow, principal: Overseer, unit_id: UUID) -> ActivitySummary:
    """How many activities a unit and those below it hold, how many answer to no need, and how many were one side's show."""
    return await queries.sum_activities(uow, principal, unit_id)


@router.get("/{activity_id}")
async def get_activity(uow: Uow, principal: Overseer, activity_id: UUID) -> ActivityDetail:
    """One activity with the needs that it answers to. For its unit and the units above."""
    return await queries.get_activity(uow, principal, activity_id)


@router.post("/{activity_id}/needs")
async def link_need(uow: Uow, principal: Staff, activity_id: UUID, body: Need) -> ActivityDetail:
    """Say what else it answers to; when that was said is shown."""
    return await queries.show_activity(uow, await actions.link_need(uow, principal, activity_id, body))


@router.post("/{activity_id}/record")
async def record_activity(uow: Uow, principal: Staff, activity_id: UUID, body: ActivityRecord) -> ActivityDetail:
    """Record once how many of each side came, and how often each spoke."""
    return await queries.show_activity(uow, await actions.record_activity(uow, principal, activity_id, body))


@router.post("/{activity_id}/cancel")
async def cancel_activity(uow: Uow, principal: Staff, activity_id: UUID, body: ActivityCancellationIn) -> ActivityDetail:
    """It is not held, for a reason."""
    return await queries.show_activity(uow, await actions.cancel_activity(uow, principal, activity_id, body.reason))

"""Synchronising a phone that was offline, over HTTP."""

from fastapi import APIRouter

from services.visits.sync import actions, queries
from services.visits.sync.schemas import ConflictOut, Sync, Synced
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/visits/sync", route_class=EdgeRoute, tags=["visits"])


@router.post("")
async def sync(uow: Uow, principal: Staff, body: Sync) -> Synced:
    """What you recorded offline, and what changed meanwhile. Each record is taken or refused for itself; one that is late or
    whose visit was given to somebody else meanwhile is taken, one whose visit was recorded by then is kept beside it."""
    taken = await actions.take_items(uow, principal, body.items)
    results = await queries.show_results(uow, principal, taken)
    changes = await queries.read_changes(uow, principal, body.cursor)
    return Synced(results=results, **dict(changes))


@router.get("/conflicts")
async def list_sync_conflicts(
    uow: Uow, principal: Overseer, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[ConflictOut]:
    """Records that came when their visit had been recorded before: your own, and those about your units; oldest first."""
    return await queries.list_conflicts(uow, principal, limit=limit, cursor=cursor)

"""Trying a standard over the past."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.dry_runs import actions, queries
from services.assessment.dry_runs.schemas import DryRunIn, DryRunOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/standards/{standard_id}/dry-runs", route_class=EdgeRoute, tags=["standards"])


@router.post("", status_code=201)
async def ask_for_dry_run(standard_id: UUID, body: DryRunIn, uow: Uow, principal: Administrator) -> DryRunOut:
    """Grade past evidence by this version, beside the active one. A job works it off: ask again until `finished_at` is there.

    Nothing is published by it, and scores that people gave in campaigns are not part of it.
    """
    return await actions.ask_for_dry_run(uow, standard_id, body)


@router.get("")
async def list_dry_runs(
    standard_id: UUID, uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[DryRunOut]:
    """The dry runs of a version, oldest first."""
    return await queries.list_dry_runs(uow, standard_id, limit=limit, cursor=cursor)


@router.get("/{run_id}")
async def get_dry_run(standard_id: UUID, run_id: UUID, uow: Uow, principal: Known) -> DryRunOut:
    """One dry run, as far as it has come."""
    return DryRunOut.of(await queries.get_dry_run(uow, standard_id, run_id))

"""Reading dry runs."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlmodel import col

from services.assessment.dry_runs.models import DryRun
from services.assessment.dry_runs.schemas import DryRunOut
from services.assessment.standards.queries import get_standard
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_dry_run(uow: UnitOfWork, standard_id: UUID, run_id: UUID) -> DryRun:
    """Raises `NotFound` (dry-run-not-found)."""
    run = await uow.session.get(DryRun, run_id)
    if run is None or run.standard_id != standard_id:
        raise NotFound("dry-run-not-found", "There is no such dry run: GET /v1/standards/{id}/dry-runs lists them.")
    return run


async def list_dry_runs(uow: UnitOfWork, standard_id: UUID, *, limit: int, cursor: str | None) -> Page[DryRunOut]:
    """A page of the dry runs of a version, oldest first. Raises `NotFound` (standard-not-found)."""
    await get_standard(uow, standard_id)
    statement = select(DryRun).where(col(DryRun.standard_id) == standard_id).order_by(col(DryRun.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(DryRun.id) > after)
    rows, next_cursor = cut((await uow.session.scalars(statement)).all(), limit, lambda run: run.id)
    return Page(items=[DryRunOut.of(run) for run in rows], next_cursor=next_cursor)


async def has_been_tried(uow: UnitOfWork, standard_id: UUID) -> bool:
    """Whether a dry run of this version has finished."""
    finished = exists().where(col(DryRun.standard_id) == standard_id, col(DryRun.finished_at).is_not(None))
    return bool(await uow.session.scalar(select(finished)))

"""Reading standards."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.standards.models import Standard
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.uow import UnitOfWork


async def get_standard(uow: UnitOfWork, standard_id: UUID) -> Standard:
    """Raises `NotFound` (standard-not-found)."""
    standard = await uow.session.get(Standard, standard_id)
    if standard is None:
        raise NotFound("standard-not-found", "No standard has this id. List the standards with GET /v1/standards.")
    return standard


async def list_standards(uow: UnitOfWork, *, limit: int, cursor: str | None) -> tuple[Sequence[Standard], str | None]:
    """A page of every version of every standard, oldest first, and the next cursor."""
    statement = select(Standard).order_by(col(Standard.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Standard.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda standard: standard.id)

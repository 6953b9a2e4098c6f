"""Reading standards."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.standards.models import Standard
from services.assessment.standards.rules import State
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.uow import UnitOfWork


async def get_standard(uow: UnitOfWork, standard_id: UUID) -> Standard:
    """Raises `NotFound` (standard-not-found)."""
    standard = await uow.session.get(Standard, standard_id)
    if standard is None:
        raise NotFound("standard-not-found", "No standard has this id. List the standards with GET /v1/standards.")
    return standard


async def active_version(uow: UnitOfWork, code: str, *, lock: bool = False) -> Standard | None:
    """The version of this standard that new campaigns may use."""
    statement = select(Standard).where(col(Standard.code) == code, col(Standard.state) == State.active)
    return (await uow.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def list_standards(
    uow: UnitOfWork, *, code: str | None = None, state: State | None = None, limit: int, cursor: str | None
) -> tuple[Sequence[Standard], str | None]:
    """A page of every version of every standard, oldest first, and the next cursor."""
    statement = select(Standard).order_by(col(Standard.id)).limit(limit + 1)
    if code is not None:
        statement = statement.where(col(Standard.code) == code)
    if state is not None:
        statement = statement.where(col(Standard.state) == state.value)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Standard.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda standard: standard.id)

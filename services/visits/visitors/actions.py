"""Keeping the projection of staff accounts."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.visits.visitors.models import Visitor
from shared.uow import UnitOfWork


async def project_visitor(uow: UnitOfWork, *, account_id: UUID, role: str, unit_id: UUID | None) -> None:
    """Keep what was told last about an account."""
    values = {"role": role, "unit_id": unit_id}
    statement = insert(Visitor).values(account_id=account_id, **values)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))

"""Reading what is merged."""

from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import VISIBLE, open_case, scope_of
from services.feedback.cases.rules import Party
from services.feedback.errors import not_yours_to_do
from services.feedback.merges.schemas import MergedOut
from shared.auth import Principal
from shared.uow import UnitOfWork


async def list_merged(uow: UnitOfWork, principal: Principal, case_id: UUID) -> list[MergedOut]:
    """Oldest first, those that the caller may see. Raises `NotFound` (case-not-found), `Forbidden` to the case's speaker."""
    if (await open_case(uow, principal, case_id)).party is Party.speaker:
        raise not_yours_to_do("list what is merged into")
    statement = select(Case).where(col(Case.merged_into) == case_id, text(VISIBLE)).order_by(col(Case.id))
    found = await uow.session.scalars(statement, (await scope_of(uow, principal)).values())
    return [MergedOut.model_validate(case) for case in found]

"""Reading a case that others may read."""

from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import SHARED
from services.feedback.cases.rules import State
from services.feedback.endorsements.models import Endorsement
from services.feedback.endorsements.rules import WITH_OUTCOME
from services.feedback.endorsements.schemas import SharedCaseOut
from services.feedback.errors import shared_case_not_found
from shared.uow import UnitOfWork


async def find_shared(uow: UnitOfWork, case_id: UUID, *, lock: bool = False) -> Case:
    """A case that its speaker shares and has not taken back. Raises `NotFound` (shared-case-not-found)."""
    statement = select(Case).where(col(Case.id) == case_id, col(Case.state) != State.withdrawn, text(SHARED))
    found = await uow.session.scalar(statement.with_for_update(key_share=True) if lock else statement)
    if found is None:
        raise shared_case_not_found()
    return found


async def get_shared_case(uow: UnitOfWork, case_id: UUID, pseudonym: bytes) -> SharedCaseOut:
    """As the account of this pseudonym sees it, also once it is closed. Raises `NotFound` (shared-case-not-found)."""
    case = await find_shared(uow, case_id)
    endorsed = await uow.session.get(Endorsement, (case_id, pseudonym)) is not None
    return show_shared(case, endorsed=endorsed)


def show_shared(case: Case, *, endorsed: bool) -> SharedCaseOut:
    outcome = case.outcome if case.state in WITH_OUTCOME else None
    return SharedCaseOut.model_validate(
        {**case.model_dump(), "opened_on": case.opened_at.date(), "endorsed": endorsed, "outcome": outcome}
    )

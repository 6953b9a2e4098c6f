"""Having the same concern as somebody else."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.cases.models import Case
from services.feedback.cases.rules import CLOSED
from services.feedback.endorsements.models import Endorsement
from services.feedback.endorsements.queries import find_shared, show_shared
from services.feedback.endorsements.rules import pseudonym
from services.feedback.endorsements.schemas import SharedCaseOut
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.clock import hour_of
from shared.errors import Conflict
from shared.events.feedback import CaseEndorsed
from shared.uow import UnitOfWork


async def endorse_case(uow: UnitOfWork, principal: Principal, pepper: bytes, case_id: UUID) -> SharedCaseOut:
    """A resident has the same concern; a second time changes nothing. What is kept and told has no finer time than the hour.

    Events: CaseEndorsed. Raises `NotFound` (shared-case-not-found), `Forbidden` to its speaker, `Conflict` (case-closed).
    """
    case = await find_shared(uow, case_id, lock=True)
    if case.owner_id == principal.account:
        raise not_yours_to_do("endorse")
    if case.state in CLOSED:
        raise Conflict("case-closed", "This case is closed and takes no endorsement: submit an opinion of your own.")
    row = {"case_id": case_id, "pseudonym": pseudonym(pepper, case_id, principal.account)}
    added = insert(Endorsement).values(row).on_conflict_do_nothing().returning(col(Endorsement.case_id))
    if await uow.session.scalar(added) is not None:
        await _count(uow, case, 1)
    return show_shared(case, endorsed=True)


async def unendorse_case(uow: UnitOfWork, principal: Principal, pepper: bytes, case_id: UUID) -> SharedCaseOut:
    """A resident takes an endorsement back, also once the case is closed; where there is none nothing changes.

    Events: CaseEndorsed. Raises `NotFound` (shared-case-not-found), `Forbidden` to its speaker.
    """
    case = await find_shared(uow, case_id, lock=True)
    if case.owner_id == principal.account:
        raise not_yours_to_do("endorse")
    mine = col(Endorsement.pseudonym) == pseudonym(pepper, case_id, principal.account)
    taken = delete(Endorsement).where(col(Endorsement.case_id) == case_id, mine).returning(col(Endorsement.case_id))
    if await uow.session.scalar(taken) is not None:
        await _count(uow, case, -1)
    return show_shared(case, endorsed=False)


async def _count(uow: UnitOfWork, case: Case, change: int) -> None:
    """The case is locked, so the count is exact and the events of one case leave in order."""
    case.endorsement_count += change
    event = CaseEndorsed(
        case_id=case.id, unit_id=case.unit_id, endorsements=case.endorsement_count, changed_at=hour_of(uow.now())
    )
    await uow.record(event, coarse=True)
